"""How orders are done at a venue, in few lines: by itself, by this process, or not at all."""

from __future__ import annotations

from collections.abc import Mapping

from atms.execution.emulation import hows

_NAMES = {
    "market": "market", "limit": "limit", "stop": "stops", "stop_limit": "stop limits",
    "trail": "trailing stops", "trail_limit": "trailing stop limits", "on_close": "on close",
    "oco": "OCO", "bracket": "brackets", "valid": "valid until",
}  # fmt: skip
_BY = {
    hows.LEGS: "legs sent when the entry fills",
    hows.CANCEL: "the other is taken back when one fills",
    hows.AMEND: "the venue's stop is moved",
    hows.PROCESS: "watched here",
}
_CONSENT = "NEEDS_CONSENT"


def lines_of(found: Mapping[str, str]) -> list[str]:
    """Return how orders are done, in lines; nothing for an account of which nobody told."""
    native = [_NAMES[key] for key, how in found.items() if how == hows.NATIVE]
    lines = [f"done by the venue: {', '.join(native)}"] if native else []
    here: dict[str, list[str]] = {}
    for key, how in found.items():
        if how in _BY:
            by = "taken back at its time" if key == "valid" else _BY[how]
            here.setdefault(by, []).append(_NAMES[key])
    if here:
        parts = [f"{', '.join(names)} ({by})" for by, names in here.items()]
        lines.append(f"done here, while this process lives: {'; '.join(parts)}")
    asks = [_NAMES[key] for key, how in found.items() if how == _CONSENT and key != "bracket"]
    if asks:
        lines.append(
            f"refused without execution.emulated_protection: {', '.join(asks)}; and OCO and "
            "brackets with one of these"
        )
    lacks = [_NAMES[key] for key, how in found.items() if how == "UNSUPPORTED"]
    if lacks:
        lines.append(f"refused, the venue has none: {', '.join(lacks)}")
    return lines

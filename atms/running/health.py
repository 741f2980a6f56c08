"""Is a live run well? Judged from its last beat alone, by whoever has read it.

READY means that orders can be made and that news arrives: the run is begun, its strategy passes,
its accounts are open with their streams up, its feeds are live. What is worth a look and keeps
nobody from trading is a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

HUNG = 10.0  # seconds without a beat, or without a pass of the strategy
BEHIND = 60.0  # seconds for which a ledger may fail before it is worth a look

Status = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Health:
    """How a run is.

    Attributes:
        ready: whether it can trade now.
        why: what keeps it from that, a line each.
        notes: what is worth a look.
    """

    ready: bool
    why: tuple[str, ...]
    notes: tuple[str, ...]


def judge(status: Status, silence: float) -> Health:
    """Return how a run is.

    Args:
        status: its last beat; empty before the first.
        silence: seconds since then.
    """
    why = tuple(_hindrances(status, silence))
    return Health(ready=not why, why=why, notes=tuple(_notes(status)))


def _hindrances(status: Status, silence: float) -> Iterator[str]:
    if not status:
        yield "it has not begun"
        return
    if status.get("state") != "running":
        yield f"it is {status.get('state', 'in an unknown state')}"
    if silence > HUNG:
        yield f"no heartbeat for {silence:.0f} s"
        return  # nothing of what follows is known any more
    hung = _seconds(status, "strategy_silent", 0.0)  # a beat that is late says nothing of it
    if status.get("state") == "running" and hung is not None and hung > HUNG:
        yield f"the strategy has not returned for {hung:.0f} s"
    for name, account in _accounts(status):
        if account.get("failed"):
            yield f"account {name}: {account['failed']}"
        elif not account.get("ready"):
            trouble = account.get("trouble")
            yield f"account {name} is not ready" + (f": {trouble}" if trouble else "")
        link = str(account.get("link") or "up")
        if link.startswith("down"):
            yield f"account {name}: its stream is {link.replace(' ', ': ', 1)}"
    for feed in status.get("feeds") or ():
        if feed["status"] != "LIVE":
            yield f"feed {feed['name']} is {feed['status'] or 'not connected'}"


def _notes(status: Status) -> Iterator[str]:
    for name, account in _accounts(status):
        for instrument, reason in (account.get("halted") or {}).items():
            named = instrument.startswith(f"{name}:")
            where = instrument if named else f"account {name}: {instrument}"
            yield f"{where} is halted: {reason}"
        if account.get("doubted"):
            yield f"account {name}: nobody knows whether {account['doubted']} order(s) stand"
    ledger = status.get("ledger")
    if ledger and (ledger.get("failing_seconds") or 0) > BEHIND:
        yield (
            f"the ledger is {ledger['lag']} entries behind, for {ledger['failing_seconds']:.0f} s: "
            f"{ledger['error']}"
        )
    recorder = status.get("recorder")
    if recorder and recorder.get("lost"):
        yield f"{recorder['lost']} entries of inputs.jsonl are missing: {recorder['error'] or '-'}"


def told(run: str, status: Status, silence: float) -> dict[str, Any]:
    """Return what the health endpoint answers: plain values, ages in seconds up to now."""
    health = judge(status, silence)
    return {
        "run": run,
        "ready": health.ready,
        "why": list(health.why),
        "notes": list(health.notes),
        "state": status.get("state"),
        "beat_age": round(silence, 1),
        "strategy_age": _seconds(status, "strategy_silent", silence),
        "bar_age": _seconds(status, "bar_age", silence),
        "last_bar": status.get("last_bar"),
        "feeds": [
            {"name": feed["name"], "status": feed["status"],
             "stream_age": _seconds(feed, "stream_silent", silence)}
            for feed in status.get("feeds") or ()
        ],
        "accounts": {
            name: {"ready": account.get("ready"), "link": account.get("link"),
                   "journal": account.get("journal"), "halted": account.get("halted")}
            for name, account in _accounts(status)
        },
        "ledger": status.get("ledger"),
        "risk": status.get("risk"),
    }  # fmt: skip


def _accounts(status: Status) -> Iterator[tuple[str, Status]]:
    yield from (status.get("accounts") or {}).items()


def _seconds(values: Status, name: str, since: float) -> float | None:
    """Return an age that was told *since* seconds ago."""
    age = values.get(name)
    return None if age is None else round(float(age) + since, 1)

"""Whether the engine runs compiled."""

from __future__ import annotations

from atms.doctor.check import Check
from atms.engine.extension import compiled


def extension() -> Check:
    """Say which modules of the engine run compiled; without them all is slower, and the same."""
    names = compiled()
    if names:
        short = ", ".join(name.removeprefix("atms.engine.") for name in names)
        return Check("engine", "ok", f"compiled: {short}")
    hint = "with a C compiler and Python's headers, install atms again to make it faster"
    return Check("engine", "info", "not compiled: the same results, slower", hint)

"""What the figures depend on, in words that say nothing of whose machine it is."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib import metadata

from atms.engine import compiled


@dataclass(frozen=True)
class Machine:
    """Versions and cores.

    Attributes:
        python: its version.
        versions: package -> version.
        cores: that this process may use.
        compiled: the engine's modules that run compiled.
    """

    python: str
    versions: dict[str, str]
    cores: int
    compiled: tuple[str, ...]

    def __str__(self) -> str:
        packages = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        names = ", ".join(name.removeprefix("atms.engine.") for name in self.compiled)
        state = f"compiled: {names}" if names else "not compiled"
        return f"Python {self.python}, {packages}, {self.cores} cores; engine {state}"


def this_machine() -> Machine:
    """Return what the figures of this process depend on."""
    names = ("atms", "backtrader", "numpy", "pandas")
    return Machine(
        python=f"{platform.python_version()} ({platform.machine()})",
        versions={name: metadata.version(name) for name in names},
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _all_cores(),
        compiled=compiled(),
    )


def _all_cores() -> int:
    return os.cpu_count() or 1

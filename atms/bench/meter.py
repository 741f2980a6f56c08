"""CPU time and peak memory of what runs between two moments of this process."""

from __future__ import annotations

import gc
import multiprocessing
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

_PATIENCE = 60.0  # seconds in which child processes must have ended


@dataclass
class Meter:
    """Measures a ``with`` block; of several one after the other, the sum and the highest peak.

    Attributes:
        user, system: CPU seconds, of this process and the children that ended.
        memory: how many bytes the process grew at its highest; children are not counted.
    """

    user: float = 0.0
    system: float = 0.0
    memory: int = 0

    def __enter__(self) -> Self:
        gc.collect()
        self._resident = _start_peak()
        self._user, self._system = _cpu()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        user, system = _cpu()
        self.memory = max(self.memory, _peak() - self._resident)
        if _wait_for_children():
            user, system = _cpu()
        self.user += user - self._user
        self.system += system - self._system


def _cpu() -> tuple[float, float]:
    each = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime for one in each), sum(one.ru_stime for one in each)


def _wait_for_children() -> bool:
    """Wait for processes that are ending: their time counts once they have; return if any were."""
    gc.collect()  # a pool's workers end when it is collected
    deadline = time.monotonic() + _PATIENCE
    waited = bool(multiprocessing.active_children())
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.01)
    return waited


def _start_peak() -> int:
    """Begin anew to look for the peak where the system can; return the bytes in use now."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")
    now = int(psutil.Process().memory_info().rss)
    return now if sys.platform == "linux" else max(now, _peak())


def _peak() -> int:
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024

"""Which process is meant: a number is given again, a number with its start is not."""

from __future__ import annotations

import psutil

_SAME_START = 1.5  # seconds; the boot time that a start is counted from is told in whole ones


def started(process: psutil.Process) -> float:
    """Return when a process began, in seconds since the machine's start: no clock changes it."""
    return float(process.create_time() - psutil.boot_time())


def is_same(process: psutil.Process, since: float) -> bool:
    """Return whether a process is the one of its number that began at *since*."""
    return abs(started(process) - since) < _SAME_START

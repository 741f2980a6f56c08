"""Ends and removes a test session's PostgreSQL servers when the session ends, however it ends.

``python guard.py FOLDER`` waits until its standard input closes: the test process holds the other
end, and the system closes it even where that process is killed. Then every server below FOLDER is
ended, and FOLDER removed. It imports nothing of ours, so that it is there at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

_PROGRAMS = ("postgres", "initdb")
_SECONDS = 20.0
_HANDS = 16
_PATIENCE = 2.0
_LAST_LOOK = 0.1
_LOOK_EVERY = 0.005


def end_servers(folder: Path) -> None:
    """End every PostgreSQL process whose command line names *folder* or a folder in it."""
    deadline = time.monotonic() + _SECONDS
    means = signal.SIGQUIT  # its immediate shutdown: it ends its parts, and frees its memory
    while (found := _processes(folder)) and time.monotonic() < deadline:
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(means)
        _wait(found)
        means = signal.SIGKILL  # a stopped process does not hear the other one
    for pid_file in folder.rglob("postmaster.pid"):
        _free_memory(pid_file)


def remove(folder: Path) -> None:
    """End the servers in *folder* and remove it.

    Many files at a time: a cluster has 1200 of them, on some disks a millisecond each.
    """
    end_servers(folder)
    files = [Path(top, name) for top, _, names in os.walk(folder) for name in names]
    with ThreadPoolExecutor(_HANDS) as pool:
        for _ in pool.map(lambda file: file.unlink(missing_ok=True), files):
            pass
    shutil.rmtree(folder)


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process still runs; one that nobody waited for does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while any(map(is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY)


def _processes(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or [""]
        if Path(command[0]).name in _PROGRAMS and any(
            Path(part).is_relative_to(folder) for part in command[1:]
        ):
            found.append(process)
    return found


def _free_memory(pid_file: Path) -> None:
    """Free the shared memory of a server that was killed; the system would keep it for good."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        segment = int(pid_file.read_text().splitlines()[6].split()[1])
        ctypes.CDLL(None).shmctl(segment, 0, None)  # 0 is IPC_RMID
        pid_file.unlink()


def main() -> int:
    """Wait, end, remove; return 1 if something is left."""
    folder = Path(sys.argv[1])
    sys.stdin.buffer.read()
    deadline = time.monotonic() + _SECONDS
    while folder.exists() and time.monotonic() < deadline:
        with contextlib.suppress(OSError):  # a process was still writing there
            remove(folder)
    time.sleep(_LAST_LOOK)  # one that was just being launched
    end_servers(folder)
    return int(folder.exists() or bool(_processes(folder)))


if __name__ == "__main__":
    os.chdir("/")
    sys.exit(main())

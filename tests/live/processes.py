"""Processes of ``python -m atms``, each ended by its pid."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.live import warm

SECONDS = 60.0  # what takes longer has hung
_LOOK_EVERY = 0.01


def until(what: Callable[[], object], told: Callable[[], str], within: float = SECONDS) -> None:
    """Wait until *what* is true.

    Raises:
        AssertionError: it did not come true; *told* says what was waited for.
    """
    deadline = time.monotonic() + within
    while not what():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within:g} s: {told()}")
        time.sleep(_LOOK_EVERY)


class Process:
    """A running ``python -m atms``."""

    def __init__(self, pid: int, output: Path) -> None:
        self.pid = pid
        self._output = output

    @property
    def code(self) -> int | None:
        """How it ended, negative for a signal; None: it runs."""
        path = Path(f"{self._output}.code")
        return int(path.read_text()) if path.exists() else None

    @property
    def out(self) -> str:
        """What it printed on standard output."""
        return Path(f"{self._output}.out").read_text()

    @property
    def err(self) -> str:
        """What it printed on standard error."""
        path = Path(f"{self._output}.err")
        return path.read_text() if path.exists() else ""  # it has not begun yet

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing if it has ended."""
        if self.code is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill -9, and wait for its end."""
        self.send(signal.SIGKILL)
        self.wait()

    def wait(self, within: float = SECONDS) -> int:
        """Wait for its end; return its exit code."""
        until(lambda: self.code is not None, lambda: f"it runs on\n{self.err}", within)
        assert self.code is not None
        return self.code

    def until(self, what: Callable[[], object], told: str, within: float = SECONDS) -> None:
        """Wait until *what* is true, while it runs."""

        def there() -> object:
            found = what()
            assert found or self.code is None, f"{told}: it ended with {self.code}\n{self.err}"
            return found

        until(there, lambda: f"{told}\n{self.err}", within)


class Starter:
    """Starts ``python -m atms`` in no time, in the folder and the environment of the test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[Process] = []
        self._warm = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", warm.__name__],
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # forking goes ill with threads
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def start(self, *args: str, env: dict[str, str] | None = None, cold: bool = False) -> Process:
        """Start it; *cold* as a service manager would, everything to be imported."""
        output = self._folder / f"atms-{len(self._started)}"
        told = {"args": args, "cwd": str(Path.cwd()), "env": {**os.environ, **(env or {})},
                "output": str(output), "cold": cold}  # fmt: skip
        assert self._warm.stdin is not None and self._warm.stdout is not None
        self._warm.stdin.write(json.dumps(told).encode() + b"\n")
        self._warm.stdin.flush()
        assert select.select([self._warm.stdout], [], [], SECONDS)[0], "nothing was started"
        self._started.append(Process(int(self._warm.stdout.readline()), output))
        return self._started[-1]

    def run(self, *args: str, env: dict[str, str] | None = None) -> Process:
        """Run it to its end."""
        process = self.start(*args, env=env)
        process.wait()
        return process

    def end_all(self) -> None:
        """Kill what runs still."""
        for process in self._started:
            if process.code is None:
                process.send(signal.SIGCONT)
                process.kill()

    def close(self) -> None:
        """End everything."""
        try:
            self.end_all()
        finally:
            assert self._warm.stdin is not None and self._warm.stdout is not None
            self._warm.stdin.close()
            self._warm.wait(timeout=SECONDS)
            self._warm.stdout.close()

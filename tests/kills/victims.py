"""Processes of atms to be killed, and where in their work they were."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kills import warm

_LOOK_EVERY = 0.0002
_SECONDS = 120  # what takes longer has hung
Frames = tuple[str, ...]  # module.function, the innermost first


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        code: its exit code, negative for a signal.
        out, err: what it printed.
        failed_in: where the database failed it; nothing if it did not.
    """

    code: int
    out: str
    err: str
    failed_in: Frames


class Victim:
    """A running ``python -m atms``."""

    def __init__(self, warm_process: subprocess.Popen[str], output: Path, trace: Path) -> None:
        self._output, self._trace = output, trace
        assert warm_process.stdout is not None
        self._answers = warm_process.stdout
        self.pid = self._answer()["pid"]
        self.started = time.monotonic()
        self._seen = 0

    def has_ended(self) -> bool:
        """Return whether it is over, without waiting."""
        return bool(select.select([self._answers], [], [], 0)[0])

    def wait_until(self, seconds: float) -> None:
        """Wait until it is *seconds* old, or over."""
        left = self.started + seconds - time.monotonic()
        select.select([self._answers], [], [], max(0.0, left))

    def where(self) -> Frames:
        """Return where it is at this moment; nothing if it is over."""
        if self.has_ended():
            return ()
        os.kill(self.pid, signal.SIGUSR1)
        deadline = time.monotonic() + _SECONDS
        while not self.has_ended():
            lines = self._lines()
            if len(lines) > self._seen:
                self._seen = len(lines)
                return tuple(lines[-1].split())
            assert time.monotonic() < deadline, f"{self.pid} does not say where it is"
            time.sleep(_LOOK_EVERY)
        return ()

    def kill(self) -> None:
        """Kill -9."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> Ended:
        """Wait for its end."""
        code = self._answer()["code"]
        failed = [line for line in self._lines() if line.startswith("failed ")]
        return Ended(
            code,
            Path(f"{self._output}.out").read_text(),
            Path(f"{self._output}.err").read_text(),
            tuple(failed[-1].split()[1:]) if failed else (),
        )

    def _lines(self) -> list[str]:
        """Return the whole lines of the trace."""
        text = self._trace.read_text() if self._trace.exists() else ""
        return text.split("\n")[:-1]

    def _answer(self) -> Any:
        if not select.select([self._answers], [], [], _SECONDS)[0]:
            os.kill(self.pid, signal.SIGKILL)
            raise AssertionError("atms has hung")
        return json.loads(self._answers.readline())


class Starter:
    """Starts ``python -m atms`` in no time, in the folder and the environment of the test."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, 0
        self._warm = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", warm.__name__],
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # forking goes ill with threads
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, *args: str, rows: int | None = None) -> Victim:
        """Start it; *rows* of a file make a chunk. The one before must have ended."""
        self._number += 1
        output = self._folder / f"atms-{self._number}"
        trace = self._folder / f"atms-{self._number}.trace"
        told = {"args": args, "cwd": str(Path.cwd()), "env": dict(os.environ), "rows": rows,
                "output": str(output), "trace": str(trace)}  # fmt: skip
        assert self._warm.stdin is not None
        self._warm.stdin.write(json.dumps(told) + "\n")
        return Victim(self._warm, output, trace)

    def run(self, *args: str, rows: int | None = None) -> Ended:
        """Run it to its end."""
        return self.start(*args, rows=rows).wait()

    def close(self) -> None:
        """End it."""
        assert self._warm.stdin is not None
        self._warm.stdin.close()
        self._warm.wait(timeout=_SECONDS)
        assert self._warm.stdout is not None
        self._warm.stdout.close()

"""Which part of atms a run spends its time in, by samples of its stack."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import backtrader as bt

from atms.errors import RunError

_EVERY = 0.002  # CPU seconds between two samples
_ATMS = str(Path(__file__).parent.parent)
# The first that a file's path begins with; a library's time is that of who called it.
_PARTS = (
    (f"{_ATMS}/bench/work", "strategy"),
    (f"{_ATMS}/engine/loading", "feeds"),
    (f"{_ATMS}/feeds", "feeds"),
    (f"{_ATMS}/engine/once", "indicators"),
    (f"{_ATMS}/engine/broker", "orders"),
    (f"{_ATMS}/engine/watching", "telling and watching"),
    (f"{_ATMS}/engine/resampling", "resampling"),
    (f"{_ATMS}/engine/event", "event mode"),
    (f"{_ATMS}/engine/lines", "reading lines"),
    (f"{_ATMS}/engine", "loop"),
    (str(Path(bt.__file__).parent), "Backtrader's own code"),
    (f"{_ATMS}/artefacts", "files"),
    (f"{_ATMS}/ledger", "ledger"),
    (f"{_ATMS}/bench", "making bars"),
    (_ATMS, "recorders and result"),
)
OTHER = "other"


class Shares:
    """Samples the stack of what runs in a ``with`` block; a later block adds to an earlier one.

    What is compiled has no stack: its time is that of the Python code that it returns to.

    Raises:
        RunError: the system has no timer of a process's CPU time.
    """

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def __enter__(self) -> Self:
        if not hasattr(signal, "setitimer"):
            raise RunError("a profile needs a system with setitimer; this one has none")
        self._before = signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, self._before)

    def found(self) -> dict[str, float]:
        """Return part -> its share of the samples, the largest first."""
        total = self._seen.total()
        return {part: count / total for part, count in self._seen.most_common()}

    def _sample(self, number: int, frame: FrameType | None) -> None:
        self._seen[_part_of(frame)] += 1


def _part_of(frame: Any) -> str:
    while frame is not None:
        file = frame.f_code.co_filename
        for begins, part in _PARTS:
            if file.startswith(begins):
                return part
        frame = frame.f_back
    return OTHER

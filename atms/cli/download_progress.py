"""How far a download has come: a bar in a terminal, a line for each tenth elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from types import TracebackType

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from atms.cli.screen import errors, say
from atms.downloading.stretches import Stretch

_TENTHS = 10
Told = Callable[[datetime, int], None]


class Shown:
    """``with Shown() as shown``: shows one series after the other on standard error.

    Args:
        quiet: show nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar: Progress | None = None
        if sys.stderr.isatty() and not quiet:
            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
                TextColumn("{task.fields[what]}"), TimeRemainingColumn(),
                console=errors(), transient=True, redirect_stdout=False,
            )  # fmt: skip

    def __enter__(self) -> Shown:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def note(self, text: str, style: str = "yellow") -> None:
        """Show a line; in a terminal above the bar."""
        if self._bar is not None:
            self._bar.console.print(Text(text, style=style))
        elif not self._quiet:
            say(text, style)

    def begin(self, name: str, unit: str, stretch: Stretch) -> Told:
        """Return what takes up to when a series is there, and how many of a unit that are."""
        length = (stretch.end - stretch.start).total_seconds()

        def share(at: datetime) -> float:
            done = (at - stretch.start).total_seconds() / length if length else 1.0
            return min(max(done, 0.0), 1.0)

        return self._in_bar(name, unit, share) if self._bar else self._in_lines(name, unit, share)

    def _in_bar(self, name: str, unit: str, share: Callable[[datetime], float]) -> Told:
        bar = self._bar
        assert bar is not None
        for task in bar.task_ids:
            bar.remove_task(task)
        task = bar.add_task(name, total=1.0, what="")

        def told(at: datetime, number: int) -> None:
            bar.update(task, completed=share(at), what=f"{number:,} {unit}, {at:%Y-%m-%d}")

        return told

    def _in_lines(self, name: str, unit: str, share: Callable[[datetime], float]) -> Told:
        tenths = 0

        def told(at: datetime, number: int) -> None:
            nonlocal tenths
            reached = int(share(at) * _TENTHS)
            if number and tenths < reached < _TENTHS:
                tenths = reached
                self.note(
                    f"{name}: {reached * 10} %, {number:,} {unit}, up to {at:%Y-%m-%d}", "dim"
                )

        return told

"""A progress bar that looks at the run from another thread, so that it costs the loop nothing."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from atms.cli.screen import errors
from atms.engine import StockCerebro

_LOOK_EVERY = 0.1
_SHOW_AFTER = 0.5


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Return bars a second."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} bars/s" if speed else "", style="dim")


class ProgressBar:
    """Shows bars, bars a second and the time left; silent when standard error is no terminal."""

    @contextlib.contextmanager
    def watch(self, cerebro: StockCerebro, bars: int) -> Iterator[None]:
        """Show the bar for the length of a with block; not for the first half second."""
        if not sys.stderr.isatty() or not bars:
            yield
            return
        done = threading.Event()
        thread = threading.Thread(target=self._look, args=(cerebro, bars, done), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _look(self, cerebro: StockCerebro, bars: int, done: threading.Event) -> None:
        if done.wait(_SHOW_AFTER):
            return
        with Progress(
            TextColumn("backtest"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} bars"),
            _Speed(),
            TimeRemainingColumn(),
            console=errors(),
            transient=True,
            redirect_stdout=False,
        ) as progress:
            task = progress.add_task("bars", total=bars)
            while not done.wait(_LOOK_EVERY):
                running = getattr(cerebro, "runningstrats", None)
                if running:
                    seen = len(running[0])
                    progress.update(task, completed=min(seen, bars), total=max(bars, seen))

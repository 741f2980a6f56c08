"""Backtrader's Cerebro, with a moment before the first bar, and a plot that needs no display."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import backtrader as bt

from atms.engine.explaining import Explanation, Part


class StockCerebro(bt.Cerebro):
    """``bt.Cerebro`` and its own loops, with two things more.

    Attributes:
        before_bars: called with the list of started strategies when feeds are loaded and
            indicators are declared, before any indicator is computed or bar delivered.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before_bars: list[Callable[[list[bt.Strategy]], None]] = []

    def explain(self) -> Explanation:
        """Return that nothing ran fast in the last run."""
        return Explanation((Part("loop", "", False, "Backtrader's own was chosen"),), 0, 0)

    def _runonce(self, runstrats: list[bt.Strategy]) -> None:
        self._announce(runstrats)
        super()._runonce(runstrats)

    def _runnext(self, runstrats: list[bt.Strategy]) -> None:
        self._announce(runstrats)
        super()._runnext(runstrats)

    def _announce(self, runstrats: list[bt.Strategy]) -> None:
        for call in self.before_bars:
            call(runstrats)

    def plot(self, *args: Any, **kwargs: Any) -> Any:
        """Plot as Backtrader does; without a display, draw to figures and show no window."""
        if headless():
            use_headless_backend()
        return super().plot(*args, **kwargs)


def headless() -> bool:
    """Return whether there is no display to open a window on."""
    if sys.platform == "darwin":
        return "SSH_CONNECTION" in os.environ
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def use_headless_backend() -> None:
    """Let Backtrader's plotting draw without a display.

    ``backtrader.plot`` selects TkAgg when it is imported, whatever MPLBACKEND says, and
    matplotlib refuses that without a display. So it is imported first, and Agg chosen after.
    """
    import backtrader.plot  # noqa: F401
    import matplotlib

    chosen = matplotlib.get_backend(auto_select=False)
    if chosen is None or chosen.lower() == "tkagg":
        matplotlib.use("Agg")

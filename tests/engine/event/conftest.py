"""What the tests of event mode share."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.engine.event import run_next
from atms.engine.explaining import Part


class Ours(bt.Cerebro):
    """Backtrader's Cerebro with our loop over bars that come one by one."""

    told: list[Part]

    def _runnext(self, runstrats: list[Any]) -> None:
        type(self).told = run_next(self, runstrats).parts

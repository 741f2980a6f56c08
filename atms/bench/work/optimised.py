"""Pairs of averages tried with ``optstrategy`` in two processes."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.bench.bars import walk
from atms.bench.work.cross import Cross

SETTINGS: dict[str, Any] = {"stdstats": False, "maxcpus": 2}


class Outcome(bt.Analyzer):
    """Says at the end how a trial came out."""

    def stop(self) -> None:
        """Note the account's end and the number of orders."""
        broker = self.strategy.broker
        self.rets = {
            "value": broker.getvalue(),
            "cash": broker.getcash(),
            "orders": len(broker.orders),
        }

    def get_analysis(self) -> dict[str, float]:
        """Return how it came out."""
        return dict(self.rets)


def prepare(cerebro: bt.Cerebro, bars: int, trials: int) -> None:
    """Add the feed, as many pairs as *trials* (a multiple of four), and the account."""
    cerebro.adddata(bt.feeds.PandasData(dataname=walk(bars)))
    cerebro.optstrategy(
        Cross, fast=[5, 10, 15, 20], slow=[30 + 2 * number for number in range(trials // 4)]
    )
    cerebro.addanalyzer(Outcome)
    cerebro.broker.setcash(1_000_000.0)
    cerebro.broker.setcommission(commission=0.001)

"""A share of the account by what the strategy's last trades won and lost."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from atms.sizers.checks import above_zero, whole
from atms.sizers.entry import Entry, _EntrySizer

log = logging.getLogger(__name__)


class KellySizer(_EntrySizer):
    """An entry is worth a fraction of the Kelly share of equity, between floor and cap.

    The Kelly share is :func:`kelly_share` of the strategy's own last ``window`` closed trades, on
    all its datas, after fees. Before ``min_trades`` the floor is taken, and the log says so once.
    A live run that was started again counts anew.

    Params:
        fraction: of the Kelly share: 0.5 is half Kelly.
        window: trades that are looked back on.
        min_trades: trades that it takes; at most ``window``.
        floor: the least percent of equity; above 0, because without a trade nothing is learnt.
        cap: the most percent of equity.
        against, step, minimum: as of all sizers.
    """

    name = "kelly"
    params = dict(fraction=0.5, window=50, min_trades=20, floor=1.0, cap=25.0)

    def __init__(self) -> None:
        super().__init__()
        above_zero(self, "fraction", "floor", "cap")
        whole(self, "min_trades", 1)
        whole(self, "window", 1)
        p = self.p
        if p.min_trades > p.window:
            raise ValueError(
                f"sizer kelly: min_trades ({p.min_trades}) is above window ({p.window}): there "
                "would never be enough"
            )
        if p.floor > p.cap:
            raise ValueError(f"sizer kelly: floor ({p.floor}) is above cap ({p.cap})")
        self._said_floor = False

    def _units(self, entry: Entry) -> float:
        return self._worth(entry, entry.equity * self._percent(entry) / 100)

    def _percent(self, entry: Entry) -> float:
        profits = closed_profits(self.strategy, int(self.p.window))
        if len(profits) < self.p.min_trades:
            if not self._said_floor:
                self._said_floor = True
                log.warning(
                    "%s: %d of %d closed trades: the floor of %g percent is taken until then",
                    entry.where, len(profits), self.p.min_trades, self.p.floor,
                )  # fmt: skip
            return float(self.p.floor)
        entry.finite(sum(profits), "the profit of closed trades", "see which price is missing")
        share = 100 * self.p.fraction * kelly_share(profits)
        return float(min(max(share, self.p.floor), self.p.cap))


def closed_profits(strategy: Any, count: int) -> list[float]:
    """Return the profits of a strategy's last *count* closed trades, oldest first, after fees."""
    tails = [
        trade
        for by_id in strategy._trades.values()
        for trades in by_id.values()
        for trade in trades[-count - 1 :]  # the last may be open still
        if trade.isclosed
    ]
    tails.sort(key=lambda trade: trade.dtclose)
    return [float(trade.pnlcomm) for trade in tails[-count:]]


def kelly_share(profits: list[float]) -> float:
    """Return the share of an account that grows it fastest: W - (1 - W) / R.

    W is the share of trades that won, R the mean win over the mean loss; a trade that won nothing
    lost. W where nothing was lost, and minus infinity where nothing was won. The bet is taken for
    all of a position's value, so that what loses less than all of it is sized small.

    Source: J. L. Kelly, A New Interpretation of Information Rate, Bell System Technical Journal
    35(4), 1956; for wins and losses of different sizes, p - q / b: Edward O. Thorp, The Kelly
    Criterion in Blackjack, Sports Betting and the Stock Market, 2006.

    Args:
        profits: of at least one trade, in money.
    """
    made = np.array(profits)
    wins, losses = made[made > 0], made[made <= 0]
    if not len(wins):
        return -np.inf
    if not len(losses) or losses.mean() == 0:
        return len(wins) / len(made)
    share = len(wins) / len(made)
    return float(share - (1 - share) / (wins.mean() / -losses.mean()))

"""A strategy on venues that do everything wrong, killed and started again: all is right after."""

from __future__ import annotations

import random
from dataclasses import fields
from typing import Any

import backtrader as bt
import pytest

from atms.execution.driver.inline import InlineHost
from atms.sandbox.simulation.venue.faults import Faults
from tests.execution.live_bench import MINUTE, START, Bench, Told

# What belongs to bars, what one process cannot mend by itself, and what ends a feed for good.
_NOT_DRAWN = frozenset({
    "auth_failed", "counter_rolls_back", "amend_doubles", "leg_refused", "oco_breaks", "late_bar",
    "drop_bar", "duplicate_bar", "reorder_bars", "revised_bar", "feed_silent", "venue_down",
})  # fmt: skip
_FINAL = ("Completed", "Canceled", "Expired", "Margin", "Rejected")
_RANK = {"Submitted": 0, "Accepted": 1, "Partial": 2, **dict.fromkeys(_FINAL, 3)}


class Killed(BaseException):
    """The process is dead."""


class Restless(Told):
    """Orders at random, takes back at random, and is killed at random."""

    params = (("chance", None), ("orders", 0), ("kills", 0.0))

    def next(self) -> None:
        chance: random.Random = self.p.chance
        if not self.data.live or len(self.statuses) > self.p.orders:
            return
        if chance.random() < self.p.kills:
            raise Killed
        size, price = chance.randint(1, 5), self.data.close[0]
        resting = {"price": price + chance.choice((-2, -1, 1, 2)), "exectype": bt.Order.Limit}
        for order in self.broker.get_orders_open():
            if chance.random() < 0.3:
                self.cancel(order)
        if chance.random() < 0.7:
            make = self.sell if self.position.size > 4 else self.buy
            make(size=size, **(resting if chance.random() < 0.5 else {}))


def drawn(chance: random.Random) -> Faults:
    rates = {}
    for each in fields(Faults):
        if each.name not in _NOT_DRAWN and chance.random() < 0.4:
            rates[each.name] = chance.choice((0.02, 0.1, 0.3))
    rates["rate_limited"] = min(rates.get("rate_limited", 0.0), 0.02)
    return Faults(**rates)


def live(bench: Bench, chance: random.Random, bars: int, **params: Any) -> Any:
    """Run one life; return None if it was killed."""
    host = InlineHost(bench.loop, shared=True)
    made: list[Any] = []

    def setup(cerebro: bt.Cerebro) -> None:
        made.append(cerebro)
        cerebro.strats.clear()
        cerebro.addstrategy(Restless, chance=chance, **params)

    try:
        return bench.run(Restless, bars=bars, patience=3600, host=host, closes=False, setup=setup)
    except Killed:
        for desk in made[0].broker.desks:
            desk._account.abandon(Killed())
        bench.venue.sever()
        host.close()
        return None


def check_statuses(strategy: Any) -> None:
    for told in strategy.statuses.values():
        ranks = [_RANK[one] for one in told]
        assert ranks == sorted(ranks), told
        assert sum(one in _FINAL for one in told) <= 1, told
        assert told.count("Submitted") <= 1, told
        assert told.count("Accepted") <= 1, told


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("profile", ["binance", "oanda", "ibkr", "chain"])
def test_position_trades_cash_and_orders_are_right_after_everything_went_wrong(
    profile: str, seed: int
) -> None:
    chance = random.Random(f"{profile} {seed}")
    closes = [100.0 + chance.randint(-4, 4) for _ in range(200)]
    bench = Bench(closes, profile, keeps=True)
    bench.venue.chance.faults = drawn(chance)
    for _ in range(3):
        live(bench, chance, 40, orders=40, kills=0.05)
        bench.done = max(bench.done, (bench.loop.now() - START) // MINUTE + 1)
    bench.venue.chance.faults = Faults()
    ran = live(bench, chance, len(closes) - bench.done, orders=10)
    strategy, venue = ran.strategy, bench.venue
    check_statuses(strategy)
    held = float(venue.holdings.qty(bench.instrument))
    if profile == "binance":
        held = float(venue.holdings.balances.get("AAA", 0))
    assert strategy.position.size == held
    assert ran.broker.getcash() == pytest.approx(float(venue.holdings.balances["USD"]), abs=1e-6)
    trades = [one for kept in strategy._trades.values() for one in kept[0]]
    assert sum(one.size for one in trades) == pytest.approx(held)
    open_here = {order.info.key for order in ran.broker.get_orders_open()}
    assert open_here == {order.key for order in venue.open_orders()} or profile == "chain"

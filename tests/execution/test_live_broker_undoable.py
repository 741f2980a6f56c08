"""A venue whose fills may be undone: strategies' positions follow all else that changes at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atms.sandbox.simulation.venue.booking import move
from tests.execution.live_bench import Bench, Told, does, profile

CHAIN = profile("chain")
FINAL = 8  # bars in which a fill becomes final, with all that is under way


class Sees(Told):
    """Notes its position at each bar."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[float] = []

    def next(self) -> None:
        self.held.append(self.position.size)


def buy(one: Any) -> Any:
    return one.buy(size=3)


def split(bench: Bench) -> None:
    """Let there be one unit more."""
    base = bench.venue.instruments[bench.instrument].base
    move(bench.venue, base, Decimal(1), "split", bench.instrument)


def test_units_that_come_by_no_fill_are_held_at_once() -> None:
    bench = Bench([100] * 4, CHAIN)
    bench.happens(1, 5, lambda: split(bench))
    ran = bench.run(does(base=Sees))
    assert ran.strategy.held[-1] == ran.strategy.position.size == 1


def test_units_that_come_while_a_fill_may_be_undone_are_told_without_it() -> None:
    bench = Bench([100] * FINAL, CHAIN)
    bench.happens(1, 40, lambda: split(bench))  # the order is in a block, and not final
    ran = bench.run(does(buy, base=Sees))
    seen = list(dict.fromkeys(ran.strategy.held))
    assert seen == [0, 1, 4]
    trades = [one for kept in ran.strategy._trades.values() for one in kept[0]]
    assert sum(one.size for one in trades) == 4

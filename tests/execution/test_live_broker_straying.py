"""A strategy hears that what a bracket opened when it was over has been closed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atms.sandbox.simulation.venue.booking import book
from tests.execution.live_bench import SPOT, Bench, Told, does


def bracket(one: Any) -> Any:
    return one.buy_bracket(size=2, price=95.0, limitprice=110.0, stopprice=90.0)


def cancels_entry(one: Any) -> Any:
    return one.cancel(one.made[0][0])


def test_what_fills_late_is_closed_and_both_are_the_strategys_orders() -> None:
    bench = Bench([100] * 7, SPOT)

    def fills_late() -> None:
        (entry,) = bench.venue.orders.values()
        book(bench.venue, entry, "net", Decimal(2), Decimal(95), maker=True)

    bench.happens(2, 20, fills_late)
    ran = bench.run(does(bracket, cancels_entry))
    strategy = ran.strategy
    made = [strategy.statuses[order.ref] for order in strategy.made[0]]
    assert [told[-1] for told in made] == ["Canceled"] * 3
    late, close = list(strategy.statuses)[3:]
    assert strategy.statuses[late] == ["Completed"]  # it adjusts the entry
    assert strategy.statuses[close] == ["Accepted", "Completed"]
    order = next(one for one in strategy.broker.orders if one.ref == close)
    assert (order.info.adopted, order.owner, order.executed.size) == (True, strategy, -2)
    assert order.parent.ref == strategy.made[0][0].ref
    assert strategy.position.size == 0
    assert strategy.trades[-1].pnl == 10
    assert any(word[0] == "unprotected" for word in strategy.heard if isinstance(word, tuple))
    assert bench.venue.holdings.balances.get("AAA", Decimal(0)) == 0


class Cancels(Told):
    """Takes back whatever it is given."""

    def notify_order(self, order: Any) -> None:
        super().notify_order(order)
        if order.info.adopted:
            self.cancel(order)


def test_the_order_that_closes_cannot_be_taken_back() -> None:
    bench = Bench([100] * 7, SPOT)

    def fills_late() -> None:
        (entry,) = bench.venue.orders.values()
        book(bench.venue, entry, "net", Decimal(2), Decimal(95), maker=True)

    bench.happens(2, 20, fills_late)
    strategy = bench.run(does(bracket, cancels_entry, base=Cancels)).strategy
    assert strategy.position.size == 0

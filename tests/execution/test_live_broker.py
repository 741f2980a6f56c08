"""The whole of it once: feeds, account and orders under a strategy that knows of nothing live."""

from __future__ import annotations

from tests.execution.live_bench import SPOT, Bench, does


def test_a_strategy_hears_feeds_accounts_orders_and_trades_in_their_order() -> None:
    strategy = Bench([100, 101, 102], SPOT).run(does(lambda one: one.buy(size=2))).strategy
    assert strategy.heard == [
        ("link", "up"), ("ready", ""), "CONNECTED", "DELAYED", "LIVE",
        ("Submitted", 0, 4), ("Accepted", 0, 4), ("Completed", 2.0, 4), ("trade", 2.0, False),
    ]  # fmt: skip
    assert (strategy.position.size, strategy.position.price) == (2, 100)

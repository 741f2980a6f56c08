from __future__ import annotations

from tests.execution.live_bench import Bench, does


def test_a_market_order_is_bought_and_told() -> None:
    strategy = Bench([100, 101, 102, 103]).run(does(lambda one: one.buy(size=2))).strategy
    print(strategy.heard)
    assert strategy.position.size == 2

from __future__ import annotations

import random
from decimal import Decimal

from atms.execution.broker.trade_sizes import TradeSizes


def test_floats_that_leave_dust_add_up_to_nothing() -> None:
    sizes, total = TradeSizes(), 0.0
    for units in ("0.1", "0.2", "-0.3"):
        total += sizes.add("a", Decimal(units))
    assert total == 0.0
    assert 0.1 + 0.2 - 0.3 != 0.0


def test_sums_are_exact_floats_after_every_of_thousands_of_parts() -> None:
    chance = random.Random(5)
    sizes, total, exact = TradeSizes(), 0.0, Decimal(0)
    for _ in range(20_000):
        units = Decimal(chance.randint(-(10**6), 10**7)).scaleb(-8)
        total += sizes.add("a", units)
        exact += units
        assert total == float(exact)
    assert total + sizes.add("a", -exact) == 0.0


def test_sums_of_very_different_parts_are_nothing_when_nothing_is_left() -> None:
    chance = random.Random(6)
    sizes, total, exact = TradeSizes(), 0.0, Decimal(0)
    for _ in range(20_000):
        units = Decimal(chance.randint(-(10**9), 10**9)).scaleb(-chance.choice((3, 5, 8)))
        total += sizes.add("a", units)
        exact += units
        assert abs(total - float(exact)) < 1e-8
    assert total + sizes.add("a", -exact) == 0.0


def test_trades_are_kept_apart() -> None:
    sizes = TradeSizes()
    sizes.add("a", Decimal("0.1"))
    assert sizes.add("b", Decimal("0.2")) == 0.2

"""What is held, exact, and what it is worth, in one currency."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from atms.errors import RunError
from atms.execution.broker.holdings import Holding, VenueCommission
from atms.execution.broker.portfolio import Portfolio, positions_of
from atms.execution.core.events import Held, TellBooks
from atms.execution.core.records import Booked
from atms.stores.facts import Fee
from atms.stores.market import Instrument

AT = datetime(2026, 3, 2, tzinfo=UTC)


class Data:
    """A data whose last close is given."""

    def __init__(self, close: float | None = None) -> None:
        self.close = [close]

    def __len__(self) -> int:
        return self.close[0] is not None


def instrument(base: str, quote: str, **more: Any) -> Instrument:
    return Instrument(
        id=f"one:{base}{quote}", base=base, quote=quote, settle=quote, qty_step=Decimal("1e-8"),
        min_qty=Decimal("1e-8"), price_steps=((Decimal(0), Decimal("0.01")),), **more,
    )  # fmt: skip


def holding(**more: Any) -> Holding:
    return Holding(instrument("AAA", "USD", **more), Data(110.0), "one")


def held(name: str, qty: str, price: str | None, bucket: str = "net") -> Held:
    cost = None if price is None else Decimal(price)
    return Held(instrument=f"one:{name}", bucket=bucket, qty=Decimal(qty), price=cost)


def books(*positions: Held, **balances: str) -> TellBooks:
    return TellBooks(
        positions=positions,
        balances=tuple((asset, Decimal(total)) for asset, total in balances.items()),
    )


# ---- one instrument -----------------------------------------------------------------------------


def test_thousands_of_fills_leave_no_dust() -> None:
    one, chance = holding(), random.Random(4)
    for _ in range(5_000):
        one.move(Decimal(chance.randint(-(10**9), 10**9)).scaleb(-8), 100.0)
        assert one.position.size == float(one.qty)
    one.move(-one.qty, 100.0)
    assert (one.position.size, one.position.price) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("moves", "size", "price"),
    [
        ([(2, 100), (2, 110)], 4, 105), ([(2, 100), (-1, 110)], 1, 100),
        ([(2, 100), (-3, 110)], -1, 110), ([(-2, 100), (-2, 90)], -4, 95),
        ([(-2, 100), (3, 90)], 1, 90), ([(2, 100), (-2, 110), (1, 120)], 1, 120),
    ],
)  # fmt: skip
def test_a_position_averages_closes_and_turns(
    moves: list[tuple[int, int]], size: int, price: int
) -> None:
    one = holding()
    for qty, at in moves:
        one.move(Decimal(qty), float(at))
    assert (one.position.size, one.position.price) == (size, price)


def test_a_move_tells_what_it_opened_and_closed() -> None:
    one = holding()
    assert one.move(Decimal(2), 100.0) == (2, 0, 0.0)
    assert one.move(Decimal(-3), 110.0) == (-1, -2, 100.0)
    assert (one.position.upopened, one.position.upclosed) == (-1.0, -2.0)


def test_units_are_worth_their_price_and_a_margin_position_its_open_profit() -> None:
    spot = holding(multiplier=Decimal(10))
    margin = holding(multiplier=Decimal(10), cash="margin")
    for one in (spot, margin):
        one.booked, one.cost = Decimal(-2), Decimal(100)
    assert spot.worth() == -2 * 110 * 10
    assert margin.worth() == -2 * 10 * 10


def test_a_margin_position_of_an_unknown_price_has_no_profit() -> None:
    one = holding(cash="margin")
    one.booked, one.cost = Decimal(2), None
    assert one.worth() == 0


def test_commission_infos_know_the_multiplier_and_charge_nothing() -> None:
    info = VenueCommission(mult=50.0)
    assert info.profitandloss(2, 100, 110) == 1000
    assert info.getvaluesize(2, 100) == info.getoperationcost(-2, 100) == 10_000
    assert info.getsize(100, 12_000) == 2
    assert info.getcommission(2, 100) == 0


# ---- several ------------------------------------------------------------------------------------


def portfolio(base: str, *pairs: tuple[str, str, float | None], **more: Any) -> Portfolio:
    made = Portfolio(base)
    for left, right, close in pairs:
        made.add(instrument(left, right, **more), Data(close), "one")
    return made


def test_lots_are_one_position_at_their_average() -> None:
    word = books(held("AAAUSD", "2", "100", "a"), held("AAAUSD", "1", "130", "b"))
    assert list(positions_of(word)) == [("one:AAAUSD", 3, 110)]


def test_lots_of_which_one_has_no_price_have_none() -> None:
    word = books(held("AAAUSD", "2", "100", "a"), held("AAAUSD", "1", None, "b"))
    assert list(positions_of(word)) == [("one:AAAUSD", 3, None)]


def test_cash_is_what_instruments_are_paid_in_and_nothing_else() -> None:
    made = portfolio("USD", ("AAA", "USD", 10.0))
    made.take("one", books(USD="50", AAA="7", POINT="100"))
    assert made.cash() == 50


def test_a_currency_that_is_a_position_too_counts_once() -> None:
    made = portfolio("USD", ("BTC", "USD", 100.0), ("ETH", "BTC", 0.1))
    made.take("one", books(held("BTCUSD", "2", "90"), held("ETHBTC", "3", "0.1"), BTC="2", USD="5"))
    assert made.cash() == 205
    assert made.worth() == pytest.approx(3 * 0.1 * 100)


def test_accounts_add_up() -> None:
    made = portfolio("USD", ("AAA", "USD", 10.0))
    made.take("one", books(USD="50"))
    made.take("two", books(USD="30"))
    made.take("one", books(USD="40"))
    assert made.cash() == 70


def test_a_rate_is_unknown_until_its_feed_has_a_bar() -> None:
    made = portfolio("USD", ("AAA", "EUR", 10.0), ("EUR", "USD", None))
    made.check_rates()
    assert not made.has_rates
    made.holdings["one:EURUSD"].data.close[0] = 1.1
    assert made.has_rates
    assert made.rate("EUR") == 1.1


def test_a_currency_that_nothing_tells_the_rate_of_is_an_error() -> None:
    with pytest.raises(RunError, match="no rate from EUR to USD"):
        portfolio("USD", ("AAA", "EUR", 10.0)).check_rates()


def fill(*fees: Fee, qty: int = 2) -> Booked:
    return Booked(
        exec="1", version=1, key=None, names=(), instrument="one:AAAUSD", bucket="net", side=1,
        qty=Decimal(qty), price=Decimal(100), at=AT, fees=fees, final=True,
    )  # fmt: skip


def test_fees_are_told_in_the_instruments_currency() -> None:
    made = portfolio("USD", ("AAA", "USD", 100.0), ("POINT", "USD", 5.0))
    one = made.holdings["one:AAAUSD"]
    in_quote = Fee(asset="USD", amount=Decimal("0.2"))
    in_points = Fee(asset="POINT", amount=Decimal("0.1"))
    in_nothing_known = Fee(asset="SHELL", amount=Decimal(9))
    units, paid = made.fee(fill(in_quote, in_points, in_nothing_known), one)
    assert (units, paid) == (0, pytest.approx(0.2 + 0.5))


def test_a_fee_in_what_was_bought_is_units_and_money() -> None:
    made = portfolio("USD", ("AAA", "USD", 100.0))
    units, paid = made.fee(
        fill(Fee(asset="AAA", amount=Decimal("0.002"))), made.holdings["one:AAAUSD"]
    )
    assert (units, paid) == (Decimal("0.002"), pytest.approx(0.2))


def test_a_rebate_is_below_nothing() -> None:
    made = portfolio("USD", ("AAA", "USD", 100.0))
    rebate = Fee(asset="USD", amount=Decimal("-0.1"))
    assert made.fee(fill(rebate), made.holdings["one:AAAUSD"]) == (0, -0.1)

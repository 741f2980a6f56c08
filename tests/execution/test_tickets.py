"""Backtrader's orders as tickets: sizes, prices and lifetimes in an instrument's steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import backtrader as bt
import pytest
from backtrader.order import BuyOrder, SellOrder

from atms.execution.broker.tickets import Refusal, on_step, ticket_of
from atms.sandbox.simulation.venue import PROFILES
from atms.stores.capabilities import Capabilities
from atms.stores.market import Instrument
from atms.stores.requests import Kind, Ticket
from tests.execution.test_live_broker_as_backtest import Listed

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
INSTRUMENT = Instrument(
    id="sim:AAAUSD", base="AAA", quote="USD", settle="USD", qty_step=Decimal("0.1"),
    min_qty=Decimal("0.1"), price_steps=((Decimal(0), Decimal("0.01")), (Decimal(100), Decimal(1))),
    max_qty=Decimal(1000), max_market_qty=Decimal(500), min_notional=Decimal(5),
)  # fmt: skip
VENUE: Capabilities = (
    PROFILES["ibkr"]
    .connect(
        PROFILES["ibkr"].venue(clock=lambda: NOW, source=None)  # type: ignore[arg-type]
    )
    .capabilities
)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def data() -> Any:
    cerebro = bt.Cerebro(stdstats=False)
    rows = [(bt.date2num(NOW.replace(tzinfo=None)), 50.0, 50.0, 50.0, 50.0)]
    data = Listed(bars=rows)
    cerebro.adddata(data)
    cerebro.addstrategy(bt.Strategy)
    cerebro.run(runonce=False, preload=False)
    return data


def made(data: Any, size: float, kind: type[Any] = BuyOrder, **asked: Any) -> Ticket | Refusal:
    venue = asked.pop("venue", VENUE)
    instrument = asked.pop("instrument", INSTRUMENT)
    return ticket_of(kind(data=data, size=size, **asked), instrument, venue, now=NOW)


def ticket(data: Any, size: float, kind: type[Any] = BuyOrder, **asked: Any) -> Ticket:
    found = made(data, size, kind, **asked)
    assert isinstance(found, Ticket), found
    return found


def refusal(data: Any, size: float, **asked: Any) -> Refusal:
    found = made(data, size, **asked)
    assert isinstance(found, Refusal), found
    return found


@pytest.mark.parametrize(
    ("size", "qty"),
    [
        (2, "2"), (0.25, "0.2"), (0.1 + 0.2, "0.3"), (0.3 * 3, "0.9"), (0.29 * 100, "29"),
        (1.99, "1.9"), (299.99999999999994, "300"),
    ],
)  # fmt: skip
def test_a_size_is_rounded_down_but_not_by_a_floats_noise(data: Any, size: float, qty: str) -> None:
    assert ticket(data, size).qty == Decimal(qty)


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (1e-9, "size 1e-9 is under the minimum of 0.1"),
        (0.0999, "size 0.0999 is under the minimum of 0.1"),
        (0, "size 0.0 is under the minimum of 0.1"),
        (501, "size 501.0 is over the maximum of 500"),
        (1e300, "size 1e+300 is over the maximum of 500"),
        (float("nan"), "size nan is no number"),
        (float("inf"), "size inf is no number"),
    ],
)
def test_a_size_that_is_none_is_refused(data: Any, size: float, why: str) -> None:
    found = refusal(data, size)
    assert (found.code, found.why) == ("FILTER", why)


def test_a_huge_size_without_a_maximum_is_the_venues_to_refuse(data: Any) -> None:
    free = replace(INSTRUMENT, max_qty=None, max_market_qty=None)
    assert ticket(data, 1e300, instrument=free).qty == Decimal("1e300")


def test_a_limit_order_may_be_larger_than_a_market_order(data: Any) -> None:
    assert ticket(data, 900, price=50.0, exectype=bt.Order.Limit).qty == 900


@pytest.mark.parametrize(
    ("kind", "price", "limit"),
    [
        (BuyOrder, 50.017, "50.01"), (SellOrder, 50.011, "50.02"),
        (BuyOrder, 0.1 + 0.2, "0.30"), (SellOrder, 0.1 + 0.2, "0.30"),
        (BuyOrder, 100.7, "100"), (SellOrder, 100.2, "101"),
    ],
)  # fmt: skip
def test_a_limit_is_never_worse_than_what_was_asked(
    data: Any, kind: type[Any], price: float, limit: str
) -> None:
    assert ticket(data, 90, kind, price=price, exectype=bt.Order.Limit).limit == Decimal(limit)


def test_a_trigger_goes_to_the_nearest_tick(data: Any) -> None:
    found = ticket(data, 1, SellOrder, price=50.017, exectype=bt.Order.Stop)
    assert (found.kind, found.trigger, found.limit) == (Kind.STOP, Decimal("50.02"), None)


def test_a_stop_limit_has_both(data: Any) -> None:
    found = ticket(data, 1, price=52.0, pricelimit=53.0, exectype=bt.Order.StopLimit)
    assert (found.trigger, found.limit) == (52, 53)


@pytest.mark.parametrize("price", [float("nan"), float("inf"), -5.0, 0.001])
@pytest.mark.parametrize("exectype", [bt.Order.Limit, bt.Order.Stop])
def test_a_price_that_is_none_is_refused(data: Any, price: float, exectype: int) -> None:
    assert refusal(data, 1, price=price, exectype=exectype).code == "FILTER"


def test_a_trailing_stop_follows_by_an_amount_or_a_share(data: Any) -> None:
    by = ticket(data, 1, SellOrder, trailamount=1.5, exectype=bt.Order.StopTrail)
    assert (by.trail, by.trail_is_fraction, by.trigger) == (Decimal("1.5"), False, Decimal("48.5"))
    share = ticket(data, 1, SellOrder, trailpercent=0.02, exectype=bt.Order.StopTrail)
    assert (share.trail, share.trail_is_fraction) == (Decimal("0.02"), True)
    assert share.trigger == 49


def test_a_trailing_stop_that_follows_by_nothing_is_refused(data: Any) -> None:
    assert refusal(data, 1, exectype=bt.Order.StopTrail).code == "FILTER"


def test_a_value_under_the_minimum_is_refused(data: Any) -> None:
    low = {"price": 4.0, "exectype": bt.Order.Limit}
    assert refusal(data, 1, **low).why == "a value of 4.00 is under the minimum of 5"
    assert ticket(data, 2, **low).qty == 2
    with_multiplier = replace(INSTRUMENT, multiplier=Decimal(10))
    assert ticket(data, 1, instrument=with_multiplier, **low).qty == 1


def test_what_the_venue_has_not_is_asked_for_all_the_same(data: Any) -> None:
    # Whether it can be emulated is the core's to say.
    bare = replace(VENUE, kinds=frozenset({Kind.MARKET}), tifs=frozenset({"gtc"}))
    asked = {"price": 50.0, "exectype": bt.Order.Stop, "valid": timedelta(hours=1)}
    found = ticket(data, 1, venue=bare, **asked)
    assert (found.kind, found.tif) == (Kind.STOP, "gtd")


def test_a_lifetime_becomes_a_time(data: Any) -> None:
    until = NOW.replace(tzinfo=None) + timedelta(hours=2)
    found = ticket(data, 1, price=50.0, exectype=bt.Order.Limit, valid=until)
    assert (found.tif, found.expires) == ("gtd", NOW + timedelta(hours=2))
    later = ticket(data, 1, price=50.0, exectype=bt.Order.Limit, valid=timedelta(hours=2))
    assert later.expires == found.expires


def test_a_day_order_is_the_venues_own_where_that_is_all_it_has(data: Any) -> None:
    days = replace(VENUE, tifs=frozenset({"gtc", "day"}))
    asked = {"price": 50.0, "exectype": bt.Order.Limit, "venue": days}
    assert ticket(data, 1, valid=bt.Order.DAY, **asked).tif == "day"
    assert ticket(data, 1, valid=timedelta(hours=1), **asked).tif == "gtd"


def test_a_lifetime_that_is_over_is_refused(data: Any) -> None:
    found = refusal(data, 1, valid=NOW.replace(tzinfo=None) - timedelta(seconds=1))
    assert found.why == "valid until 2026-03-02 11:59:59, which is over"


def test_steps_that_are_no_power_of_ten_are_kept() -> None:
    assert on_step(Decimal("1.1"), Decimal("0.25"), ROUND_FLOOR) == 1
    assert on_step(Decimal("1.2499999999999999"), Decimal("0.25"), ROUND_FLOOR) == Decimal("1.25")

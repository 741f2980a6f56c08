"""Futures of any exchange: positions, margin, funding, liquidation, and what waits for a price."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from atms.errors import ConfigError
from atms.sandbox.venue.config import MarketConfig
from atms.sandbox.venue.futures.conditional import Conditionals
from atms.sandbox.venue.futures.config import FuturesConfig
from atms.sandbox.venue.futures.contracts import brackets
from atms.sandbox.venue.futures.orders import Ask, Conditional, Order
from atms.sandbox.venue.futures.risk import EIGHT_HOURS
from atms.sandbox.venue.futures.venue import FuturesVenue
from atms.sandbox.venue.refusals import Why

D = Decimal
CONFIG = FuturesConfig(
    markets=(MarketConfig(depth=D(500)),), balances={"USDT": D(1_000)}, leverage=D(10),
    commission=D("0.001"), maker=D(0),
)  # fmt: skip


class Refused(Exception):  # noqa: N818
    pass


class Venue(FuturesVenue):
    """A venue whose refusals are the reasons themselves."""

    def refuse(self, why: Why) -> Exception:
        return Refused(why.name)

    def ask(self, side: str, qty: object, price: object = None, **more: Any) -> Ask:
        return Ask(
            symbol=self.contract("BTCUSDT"), side=side, client_id=str(len(self.desk.orders)),
            type=more.pop("type", "MARKET" if price is None else "LIMIT"), qty=D(str(qty)),
            price=None if price is None else D(str(price)), **more,
        )  # fmt: skip

    def send(self, *args: Any, **more: Any) -> Order:
        return self.exchange.place(self.ask(*args, **more))  # type: ignore[return-value]


def venue(**more: Any) -> Venue:
    made = Venue(replace(CONFIG, **more))
    made.markets["BTCUSDT"].print(100, 1)
    return made


def cash(made: Venue) -> Decimal:
    return made.account.free["USDT"]


# ---- positions -----------------------------------------------------------------------------
def test_a_position_has_the_average_price_and_what_closes_it_moves_cash() -> None:
    made = venue(commission=D(0))
    market = made.markets["BTCUSDT"]
    made.send("BUY", 1, 100)
    market.print(100, 1)
    made.send("BUY", 3, 96)
    market.print(96, 3)
    held = made.account.positions["BTCUSDT"]
    assert (held.qty, held.entry, cash(made)) == (4, 97, 1_000)  # (100 + 3 * 96) / 4
    made.send("SELL", 6, 99)
    market.print(99, 6)
    # four were closed with 2 each, two were sold anew
    assert (held.qty, held.entry, held.realised, cash(made)) == (-2, 99, 8, 1_008)
    assert [(row.kind, row.amount) for row in made.desk.cash] == [
        ("TRADE", 0), ("TRADE", 0), ("TRADE", 8),
    ]  # fmt: skip


def test_who_takes_pays_more_than_who_makes() -> None:
    made = venue(maker=D("0.0002"))
    made.send("BUY", 1)  # 0.1 of 100
    made.send("BUY", 1, 90)
    made.markets["BTCUSDT"].print(90, 1)  # 0.018 of 90
    assert cash(made) == D("999.882")


# ---- margin --------------------------------------------------------------------------------
def test_an_order_takes_margin_for_the_units_that_open() -> None:
    made = venue(commission=D(0))
    made.send("BUY", 50)  # 500 of 1,000
    made.send("BUY", 40, 90)  # 360
    assert made.account.available("USDT", made.desk.all_open()) == 140
    with pytest.raises(Refused, match="INSUFFICIENT"):
        made.send("BUY", 16, 90)  # 144
    made.send("BUY", 15, 90)  # 135
    made.send("SELL", 50, 110)  # closes, and takes none
    with pytest.raises(Refused, match="INSUFFICIENT"):
        made.send("SELL", 51, 110)  # one more opens: 11, and 5 are left


def test_no_more_may_be_held_than_the_bracket_of_the_leverage_has() -> None:
    class Small(Venue):
        brackets = brackets([(20, 300, "0.01"), (10, 1_000, "0.02"), (5, 5_000, "0.05")])

    made = Small(CONFIG)
    made.markets["BTCUSDT"].print(100, 1)
    made.send("BUY", 10)  # 1,000: as much as ten times may
    with pytest.raises(Refused, match="LEVERAGE"):
        made.send("BUY", "0.1")
    # of 1,000 two hundredths stay, less what the first 300 have less: 20 - 3
    assert made.account.maintenance("BTCUSDT") == 17
    with pytest.raises(ConfigError, match="from 1 to 20"):
        Small(replace(CONFIG, leverage=D(21)))


def test_what_reduces_needs_a_position_and_never_turns_it() -> None:
    made = venue()
    with pytest.raises(Refused, match="REDUCE_ONLY"):
        made.send("SELL", 1, reduces=True)
    made.send("BUY", 2)
    resting = made.send("SELL", 2, 110, reduces=True)
    taking = made.send("SELL", 5, reduces=True, tif="IOC")
    assert (taking.executed, taking.status, taking.ended) == (2, "EXPIRED", "reduce_only")
    assert (resting.status, resting.ended) == ("CANCELED", "reduce_only")
    assert made.account.held() == []
    made.send("BUY", 1)
    made.send("SELL", "0.001", 110, reduces=True)  # though it is worth less than 5


# ---- what waits for a price ----------------------------------------------------------------
def test_a_stop_takes_no_margin_until_it_fires_and_is_called_off_without() -> None:
    made = venue()
    stop = made.send("BUY", 200, type="STOP_LOSS", stop=D(105))
    assert made.account.available("USDT", made.desk.all_open()) == 1_000
    made.markets["BTCUSDT"].print(105, 1)
    assert (stop.status, stop.ended, stop.executed) == ("CANCELED", "margin", 0)
    other = made.send("BUY", 2, type="STOP_LOSS", stop=D(106))
    made.markets["BTCUSDT"].print(106, 1)
    assert (other.status, other.executed) == ("FILLED", 2)


def test_a_conditional_order_makes_an_order_of_its_own() -> None:
    made = venue()
    made.send("BUY", 2)
    service = Conditionals(made.exchange, Refused)

    def waits(qty: int, trigger: int) -> Conditional:
        ask = replace(made.ask("SELL", qty, reduces=True), client_id="")
        return service.place(
            lambda number: Conditional(
                id=number, client_id=f"c-{trigger}", ask=ask, trigger=D(trigger), rises=False,
                time=1,
            )
        )  # fmt: skip

    with pytest.raises(Refused, match="WOULD_TRIGGER"):
        waits(1, 101)
    first, second, third = waits(2, 95), waits(1, 94), waits(1, 93)
    service.cancel(third)
    told: list[tuple[str, str]] = []
    made.desk.conditional_watchers.append(lambda one: told.append((one.client_id, one.status)))
    made.markets["BTCUSDT"].print(94, 9)
    assert told == [
        ("c-95", "TRIGGERING"), ("c-95", "TRIGGERED"), ("c-95", "FINISHED"),
        ("c-94", "TRIGGERING"), ("c-94", "REJECTED"),
    ]  # fmt: skip
    assert first.order is not None
    assert (first.order.executed, first.order.client_id) == (2, "")
    assert (second.order, second.reason) == (None, "REDUCE_ONLY")
    assert made.desk.waiting() == []


# ---- what the venue does by itself ---------------------------------------------------------
def test_longs_pay_shorts_at_the_mark_price_every_eight_hours() -> None:
    made = venue(commission=D(0), funding_rate=D("0.001"))
    market = made.markets["BTCUSDT"]
    made.send("SELL", 3)
    made.risk.set_mark("BTCUSDT", D(90))
    begins = (market.time // EIGHT_HOURS + 1) * EIGHT_HOURS
    market.print(100, 1, time=begins)
    assert cash(made) == D("1000.27")  # 3 * 90 * 0.001
    market.print(100, 1, time=begins + EIGHT_HOURS - 1)
    (row,) = [one for one in made.desk.cash if one.kind == "FUNDING"]
    assert (row.amount, row.qty, row.price, row.symbol) == (D("0.27"), -3, 90, "BTCUSDT")
    market.print(100, 1, time=begins + EIGHT_HOURS)
    assert cash(made) == D("1000.54")


def test_too_little_margin_ends_orders_closes_positions_and_owes_nothing() -> None:
    made = venue(commission=D(0), liquidation_fee=D("0.01"))
    made.send("BUY", 50)
    stands = made.send("BUY", 1, 70)
    made.risk.set_mark("BTCUSDT", D("80.41"))  # 20.5 are left, and 50 * 80.41 / 200 = 20.1 stay
    assert made.account.held() == ["BTCUSDT"]
    made.risk.set_mark("BTCUSDT", D("79"))
    assert made.account.held() == []
    assert (stands.status, stands.ended) == ("CANCELED", "liquidation")
    fill = made.desk.fills["BTCUSDT"][-1]
    assert (fill.order.cause, fill.price, fill.fee) == ("liquidation", 79, D("39.5"))  # type: ignore[attr-defined]
    # 50 * 21 = 1,050 are lost and 39.5 is the fee: the fund pays what the 1,000 did not
    assert (cash(made), made.desk.cash[-1].kind) == (0, "INSURANCE")
    assert made.desk.cash[-1].amount == D("89.5")


def test_a_winning_position_may_be_taken_for_anothers_liquidation() -> None:
    made = venue(commission=D(0))
    made.send("BUY", 5)
    made.risk.set_mark("BTCUSDT", D(110))
    order = made.risk.deleverage("BTCUSDT", D(2))
    assert (order.cause, made.account.positions["BTCUSDT"].qty, cash(made)) == ("adl", 3, 1_020)

"""Positions and profits from rows."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.execution.core.books import Books
from atms.execution.core.events import TellBooks
from atms.execution.core.positions import Entry, Position, Track
from atms.execution.core.records import Booked, Opened
from atms.stores.facts import BucketFact
from tests.execution.core_world import BTC, World

D = Decimal


def test_what_adds_averages_what_closes_earns_and_what_turns_begins_anew() -> None:
    held = Position()
    assert held.add(D(2), D(100)) == held.add(D(2), D(110)) == 0
    assert (held.qty, held.price) == (4, 105)
    assert held.add(D(-1), D(106)) == 1
    assert held.add(D(-5), D(107)) == 6  # 3 close at 2 more, 2 are short from 107
    assert (held.qty, held.price) == (-2, 107)
    assert held.add(D(2), D(100)) == 14
    assert (held.qty, held.price) == (0, 0)


def test_units_whose_price_nobody_knows_close_without_profit() -> None:
    held = Position()
    held.add(D(5), None)
    assert held.add(D(-2), D(100)) == 0
    assert held.add(D(-4), D(100)) == 0
    assert (held.qty, held.price) == (-1, 100)
    assert held.add(D(1), D(90)) == 10


def test_what_a_fee_takes_leaves_the_price_of_the_rest() -> None:
    held = Position()
    held.add(D(10), D(100))
    held.shift(D("-0.01"))
    assert (held.qty, held.price) == (D("9.99"), 100)
    held.shift(D("-9.99"))
    assert (held.qty, held.price) == (0, 0)


def test_a_split_keeps_what_all_units_cost() -> None:
    held = Position()
    held.add(D(10), D(100))
    held.split(D(30))
    assert (held.qty, held.price) == (40, 25)
    held.split(D(-40))
    assert (held.qty, held.price) == (0, 0)


# ---- rows, whenever they come ------------------------------------------------------------------
AT = datetime(2026, 1, 1, tzinfo=UTC)


def row(number: int, side: int = 1, qty: int = 1, **others: Any) -> Booked:
    """Return a fill of a second of its own, at its number as its price."""
    values: dict[str, Any] = {
        "exec": f"e{number}", "version": 1, "key": None, "names": (), "instrument": "i",
        "bucket": "net", "side": side, "qty": D(qty), "price": D(100 + number % 7),
        "at": AT + timedelta(seconds=number), "fees": (), "final": True, "settle": "USD",
        **others,
    }  # fmt: skip
    return Booked(**values)


def test_rows_give_the_same_whatever_the_order_in_which_they_come_and_go() -> None:
    dice = random.Random(3)
    rows = [row(n, dice.choice((1, -1)), dice.randint(1, 5)) for n in range(1000)]
    straight, shuffled = Books(), Books()
    for one in rows:
        straight.book(one)
    for one in sorted(rows, key=lambda _: dice.random()):
        shuffled.book(one)
        if dice.random() < 0.3:
            shuffled.positions()  # it has been counted in between
    for one in dice.sample(rows, 200):
        straight.reverse(one.exec)
    for one in rows:
        if one.exec not in straight.rows:
            shuffled.reverse(one.exec)
            shuffled.balances()
    assert straight.positions() == shuffled.positions() != {}
    assert straight.balances() == shuffled.balances()
    anew = Books()
    for one in rows:
        if one.exec in straight.rows:
            anew.book(one)
    assert anew.positions() == straight.positions()
    assert abs(anew.balances()["USD"] - straight.balances()["USD"]) < D("1e-18")


def test_numbers_of_one_moment_stand_in_their_order() -> None:
    books = Books()
    for number, (side, price) in {9: (1, 100), 10: (-1, 110), 11: (1, 90)}.items():
        books.book(row(0, side, exec=str(number), price=D(price), at=AT))
    assert books.balances()["USD"] == 10
    assert books.positions()["i", "net"].price == 90


def test_an_opening_comes_before_all_rows_and_what_is_adopted_later_in_its_time() -> None:
    books = Books()
    books.book(row(5, -1, 2, price=D(110)))
    opened = Opened(instrument="i", bucket="net", qty=D(3), price=D(100), at=row(7).at)
    books.open(opened, first=True)
    assert (books.qty("i"), books.balances()["USD"]) == (1, 20)
    adopted = replace(opened, qty=D(4), price=D(50), at=AT + timedelta(seconds=9), why="adopted")
    books.open(adopted, first=False)
    assert (books.positions()["i", "net"].qty, books.positions()["i", "net"].price) == (5, 60)


def test_what_is_held_is_a_copy() -> None:
    books = Books()
    books.book(row(1))
    before = books.positions()
    books.book(row(2))
    assert before["i", "net"].qty == 1
    assert books.qty("i") == 2


# ---- many rows ---------------------------------------------------------------------------------
def seconds_a_step(rows: int) -> float:
    """Return what a fill and its telling cost in an account of so many rows, at the least."""
    world = World()
    for number in range(rows):
        world.core.state.apply(row(number, 1 - 2 * (number % 2), 3, instrument=BTC, settle=""))
    world.open(BucketFact(at=world.now, instrument=BTC, bucket="net", qty=D(0), price=None))
    best = 1.0
    for number in range(30):
        fill = world.filled(None, f"new{number}", 1, at=AT + timedelta(days=9, seconds=number))
        began = time.perf_counter()
        world.hear(fill)
        best = min(best, time.perf_counter() - began)
        assert len(world.lately(TellBooks)) == 1
    return best


def test_a_step_costs_the_same_in_an_account_of_a_hundred_thousand_rows() -> None:
    few, many = seconds_a_step(100), seconds_a_step(100_000)
    assert many < 5 * few, (few, many)


def test_a_row_that_is_a_little_late_has_only_those_after_it_counted_again() -> None:
    track = Track()
    for number in range(50_000):
        track.put(Entry(AT + timedelta(seconds=number), f"e{number}", qty=D(1), price=D(100)))

    def counted() -> float:
        began = time.perf_counter()
        track.position()
        return time.perf_counter() - began

    whole, late = counted(), []
    for number in range(5):
        at = AT + timedelta(seconds=49_000)
        track.put(Entry(at, f"late{number}", qty=D(1), price=D(100)))
        late.append(counted())
    assert track.position().qty == 50_005
    assert 5 * min(late) < whole

"""What accounts said before they were ready, taken apart."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from atms.execution.broker.opening import opening_of
from atms.execution.core.events import Held, TellAccount, TellBooks, TellFill, TellOpen, TellOrder
from atms.execution.core.records import Booked

ROW = Booked(
    exec="1", version=1, key="k", names=(), instrument="one:AAA", bucket="net", side=1,
    qty=Decimal(1), price=Decimal(100), at=datetime(2026, 3, 2, tzinfo=UTC), fees=(), final=True,
)  # fmt: skip
READY, LINK, OPEN = TellAccount(what="ready"), TellAccount(what="link"), TellOpen(orders=())


def books(qty: int) -> TellBooks:
    held = Held(instrument="one:AAA", bucket="net", qty=Decimal(qty), price=Decimal(100))
    return TellBooks(positions=(held,), balances=())


def order(status: Any) -> TellOrder:
    return TellOrder(key="k", tag=None, status=status, fills=(ROW,))


def test_the_last_books_before_it_is_ready_count() -> None:
    found = opening_of([books(1), books(2), OPEN, READY, books(3)])
    assert found.books == books(2)
    assert found.rest == [OPEN, READY, books(3)]


def test_fills_from_before_it_is_ready_are_in_the_books_and_not_told() -> None:
    fill = TellFill(row=ROW, sign=1, why="late")
    found = opening_of([fill, order("partial"), books(1), READY, fill])
    assert found.rest == [READY, fill]
    assert found.ended == []


def test_orders_that_ended_meanwhile_are_known() -> None:
    found = opening_of([order("completed"), order("canceled"), books(1), READY, order("expired")])
    assert [one.status for one in found.ended] == ["completed", "canceled"]
    assert found.rest == [READY, order("expired")]


def test_words_to_the_operator_are_kept_in_their_order() -> None:
    assert opening_of([LINK, books(1), READY, LINK]).rest == [LINK, READY, LINK]

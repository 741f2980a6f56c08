"""Positions and profits from rows."""

from __future__ import annotations

from decimal import Decimal

from atms.execution.books import Position

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

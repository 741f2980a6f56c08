"""The gate's answers, each worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from atms.risk import Day, Gate, Limits, Loss, Refusal, exact
from tests.risk.asking import ask, at, code, exposure, gate, group, wanted


def test_without_limits_everything_passes() -> None:
    free = Gate(Limits())
    for _ in range(5):
        free.refused()
    free.mark(at(0), Decimal(100))
    free.mark(at(1), Decimal(-100))
    assert free.check(ask("1e9", last=None), exposure("5", "7")) is None
    assert not free.halted


# ---- max_order_notional -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("order", "value"),
    [
        ({"qty": "2"}, "200"),  # at the last price, 100
        ({"qty": "-2"}, "200"),
        ({"qty": "2", "limit": "90"}, "180"),  # never pays more
        ({"qty": "2", "limit": "110"}, "220"),
        ({"qty": "-2", "limit": "90"}, "200"),  # sells at 100 right away
        ({"qty": "-2", "limit": "110"}, "220"),
        ({"qty": "2", "trigger": "110", "stops": True}, "220"),
        ({"qty": "2", "trigger": "90", "stops": True}, "200"),  # was passed: fills where it is
        ({"qty": "-2", "trigger": "90", "stops": True}, "180"),
        ({"qty": "2", "trigger": "110", "limit": "112", "stops": True}, "224"),
        ({"qty": "-2", "trigger": "90", "limit": "89", "stops": True}, "180"),
        ({"qty": "-2", "trigger": "90", "limit": "95", "stops": True}, "190"),
        ({"qty": "2", "stops": True}, "200"),  # a trailing one names no price
    ],
)
def test_an_order_is_worth_its_size_at_the_highest_price_it_is_likely_to_fill_at(
    order: dict[str, Any], value: str
) -> None:
    made = ask(wanted(**order))
    assert gate(max_order_notional=value).check(made, exposure()) is None
    refusal = gate(max_order_notional=str(Decimal(value) - Decimal("1e-12"))).check(
        made, exposure()
    )
    assert refusal is not None
    assert (refusal.code, refusal.value) == ("MAX_ORDER_NOTIONAL", Decimal(value))
    assert refusal.limit == Decimal(value) - Decimal("1e-12")


def test_a_contracts_multiplier_counts() -> None:
    made = ask("3", multiplier=Decimal(50))
    assert gate(max_order_notional="15000").check(made, exposure()) is None
    assert code(gate(max_order_notional="14999.99").check(made, exposure())) == "MAX_ORDER_NOTIONAL"


def test_what_closes_a_position_may_be_of_any_value() -> None:
    held = gate(max_order_notional="100")
    assert held.check(ask("-50"), exposure("50")) is None
    assert held.check(ask("50"), exposure("-50")) is None
    assert code(held.check(ask("-51"), exposure("50"))) == "MAX_ORDER_NOTIONAL"  # it turns it


def test_of_a_bracket_only_what_opens_is_held_to_a_value() -> None:
    held = gate(max_order_notional="100")
    legs = [wanted("-1", trigger="90", stops=True), wanted("-1", limit="150")]
    assert held.check(ask("1", *legs), exposure()) is None
    assert code(held.check(ask("1", wanted("-2", limit="150")), exposure())) == "MAX_ORDER_NOTIONAL"
    assert code(held.check(ask("1", wanted("2", trigger="110")), exposure())) is not None


@pytest.mark.parametrize("order", [wanted("1"), wanted("1", stops=True)])
def test_an_entry_of_unknown_price_is_refused(order: Any) -> None:
    refusal = gate(max_order_notional="100").check(ask(order, last=None), exposure())
    assert refusal is not None
    assert (refusal.code, refusal.value) == ("NO_PRICE", None)
    assert str(refusal).startswith("NO_PRICE: X has no price yet")


@pytest.mark.parametrize("price", ["NaN", "Infinity"])
def test_a_price_that_is_no_number_is_unknown(price: str) -> None:
    order = wanted("1", limit=price)
    assert code(gate(max_order_notional="100").check(ask(order), exposure())) == "NO_PRICE"


def test_an_unknown_price_matters_to_what_opens_and_to_values_alone() -> None:
    assert gate(max_order_notional="100").check(ask("-1", last=None), exposure("1")) is None
    assert gate(max_position="1").check(ask("1", last=None), exposure()) is None
    named = ask(wanted("1", limit="100"), last=None)
    assert gate(max_order_notional="100").check(named, exposure()) is None


# ---- max_position -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("qty", "position", "working", "comes_to"),
    [
        ("1", "0", [], "1"),
        ("-1", "0", [], "1"),  # short
        ("1", "0.5", [], "1.5"),
        ("1", "0", ["1"], "2"),  # both may fill
        ("1", "0", ["-1"], "1"),  # the sale may not fill
        ("-1", "0", ["1", "-0.5"], "1.5"),
        ("2", "-1", [], "1"),  # turns a short
        ("-2", "1", ["-1"], "2"),
        ("1", "0", ["0.25", "0.25", "0.5"], "2"),
    ],
)
def test_position_open_orders_and_this_one_together_stay_inside(
    qty: str, position: str, working: list[str], comes_to: str
) -> None:
    made, standing = ask(qty), exposure(position, *working)
    assert gate(max_position=comes_to).check(made, standing) is None
    less = Decimal(comes_to) - Decimal("1e-9")
    refusal = gate(max_position=str(less)).check(made, standing)
    assert refusal is not None
    assert (refusal.code, refusal.limit, refusal.value) == ("MAX_POSITION", less, Decimal(comes_to))


def test_a_refused_position_says_its_numbers() -> None:
    refusal = gate(max_position="2").check(ask("1.50"), exposure("1", "0.5", "-3"))
    assert str(refusal) == (
        "MAX_POSITION: X could come to 3 long, above 2: it is at 1, and open orders add up to 0.5"
    )


def test_the_legs_of_a_bracket_do_not_add() -> None:
    bracket = ask("1", wanted("-1", trigger="90", stops=True), wanted("-1", limit="110"))
    assert gate(max_position="1").check(bracket, exposure()) is None
    assert code(gate(max_position="1").check(bracket, exposure("0.1"))) == "MAX_POSITION"


def test_an_open_bracket_reaches_as_far_as_its_entry() -> None:
    held = gate(max_position="2")
    waiting, filled = group("1", then="-1 -1"), group(then="-1 -1")
    assert held.check(ask("1"), exposure("0", waiting)) is None
    assert code(held.check(ask("1.1"), exposure("0", waiting))) == "MAX_POSITION"
    assert held.check(ask("-2"), exposure("0", waiting)) is None  # its legs only close it again
    assert held.check(ask("1"), exposure("1", filled)) is None
    assert held.check(ask("-2"), exposure("1", filled)) is None  # 1 - 1 by a leg - 2
    assert code(held.check(ask("-2.1"), exposure("1", filled))) == "MAX_POSITION"


def test_a_leg_larger_than_its_entry_counts_by_what_it_turns() -> None:
    bracket = ask("1", wanted("-3", trigger="90", stops=True))
    assert gate(max_position="2").check(bracket, exposure()) is None
    assert code(gate(max_position="1.9").check(bracket, exposure())) == "MAX_POSITION"


def test_of_oco_orders_one_fills() -> None:
    held = gate(max_position="1")
    assert held.check(ask("1"), exposure("0", group("-1 1"))) is not None
    assert held.check(ask("-1", "1", link="oco"), exposure()) is None
    assert held.check(ask("-1", link="single", instead=group("-1 1")), exposure()) is None
    assert code(held.check(ask("-2", instead=group("-1")), exposure())) == "MAX_POSITION"


def test_a_limit_may_be_an_instruments_own() -> None:
    mine = Gate(Limits(max_position={"X": Decimal(1)}))
    assert mine.limits.position("Y") is None
    assert code(mine.check(ask("2"), exposure())) == "MAX_POSITION"
    assert Gate(Limits(max_position={"Y": Decimal(1)})).check(ask("2"), exposure()) is None


# ---- what reduces -------------------------------------------------------------------------------
def test_a_position_may_be_closed_beside_the_stop_that_still_stands() -> None:
    assert gate(max_position="1").check(ask("-1"), exposure("1", "-1")) is None


def test_a_position_is_not_closed_a_third_time() -> None:
    held = gate(max_position="1")
    assert code(held.check(ask("-1"), exposure("1", "-1", "-1"))) == "MAX_POSITION"


def test_an_order_that_is_being_cancelled_holds_no_close_back_and_every_entry() -> None:
    held = gate(max_position="1")
    leaving = [group("-1", leaving=True), group("-1", leaving=True)]
    assert held.check(ask("-1"), exposure("1", *leaving)) is None
    assert code(held.check(ask("1"), exposure("0", group("1", leaving=True)))) == "MAX_POSITION"


def test_a_position_beyond_the_limit_may_be_closed_with_its_stop_standing() -> None:
    held = gate(max_position="1")
    assert held.check(ask("-5"), exposure("5", "-5")) is None
    assert code(held.check(ask("0.1"), exposure("5"))) == "MAX_POSITION"
    assert held.check(ask("-6"), exposure("5")) is None  # turned, to the limit
    assert code(held.check(ask("-6.1"), exposure("5"))) == "MAX_POSITION"


# ---- what the venue itself holds to reducing ----------------------------------------------------
def test_what_the_venue_holds_to_reducing_passes_whatever_its_size_and_what_was_lost() -> None:
    held = gate(max_position="1", max_order_notional="1", max_rejects=1, max_daily_loss="1")
    stopped(held)
    only = ask(wanted("-9", reduces=True))
    assert held.check(only, exposure("1")) is None
    assert held.check(only, exposure("1", "-1", group(reducing="-9"))) is None
    assert held.check(only, exposure("3", "-1")) is None  # beyond the limit already
    assert held.check(only, exposure()) is None


def test_all_that_reduce_do_together_what_the_position_holds() -> None:
    """What they close, an order that opens can open once more, on the other side."""
    held = gate(max_position="4")
    two = [group(reducing="-5"), group(reducing="-5")]
    assert held.check(ask("-4"), exposure("4", *two)) is None
    refusal = held.check(ask("-4.5"), exposure("4", *two))
    assert refusal is not None
    assert (refusal.code, refusal.limit, refusal.value) == ("MAX_POSITION", 4, Decimal("4.5"))
    assert str(refusal).endswith(
        "X could come to 4.5 short, above 4: it is at 4, and open orders add up to 4"
    )
    assert held.check(ask("-5"), exposure("4", group(reducing="-3"))) is None  # 4 - 3 - 5
    assert code(held.check(ask("-5.5"), exposure("4", group(reducing="-3")))) == "MAX_POSITION"


def test_what_reduces_is_refused_where_open_orders_would_then_go_too_far() -> None:
    held = gate(max_position="4")
    only = ask(wanted("-4", reduces=True))
    assert held.check(only, exposure("4", "-4")) is None
    assert code(held.check(only, exposure("4", "-8"))) == "MAX_POSITION"
    assert held.check(only, exposure("4", group("-8", leaving=True))) is None


def test_what_reduces_on_one_side_does_nothing_on_the_other() -> None:
    held = gate(max_position="4")
    assert held.check(ask("4"), exposure("0", group(reducing="5"))) is None
    assert held.check(ask("1"), exposure("3", group(reducing="-3"))) is None
    assert code(held.check(ask("2"), exposure("3", group(reducing="-3")))) == "MAX_POSITION"


def test_of_orders_that_reduce_together_one_fills() -> None:
    held = gate(max_position="4")
    assert held.check(ask("-6"), exposure("4", group(reducing="-2 -2"))) is None
    both = exposure("4", group(reducing="-2"), group(reducing="-2"))
    assert code(held.check(ask("-6"), both)) == "MAX_POSITION"


def test_a_bracket_whose_legs_reduce_reaches_as_far_as_its_entry() -> None:
    legs = [wanted("-1", trigger="90", stops=True, reduces=True), wanted("-1", reduces=True)]
    held = gate(max_position="1")
    assert held.check(ask("1", *legs), exposure()) is None
    assert code(held.check(ask("1", *legs), exposure("0.5"))) == "MAX_POSITION"


def test_one_that_joins_what_reduces_takes_its_place() -> None:
    held = gate(max_position="4")
    joins = ask(wanted("-4", reduces=True), instead=group(reducing="-4"))
    assert held.check(joins, exposure("4", "-4")) is None


# ---- max_orders_per_minute ----------------------------------------------------------------------
def passed(of: Gate, made: Any) -> None:
    assert of.check(made, exposure()) is None
    of.passed(made)


def test_a_minute_slides() -> None:
    held = gate(max_orders_per_minute=2)
    passed(held, ask("1", seconds=0))
    passed(held, ask("1", seconds=30))
    refusal = held.check(ask("1", seconds=59.999), exposure())
    assert refusal is not None
    assert (refusal.code, refusal.limit, refusal.value) == ("MAX_ORDERS_PER_MINUTE", 2, 3)
    passed(held, ask("1", seconds=60))  # the first is a minute old
    assert code(held.check(ask("1", seconds=89.9), exposure())) == "MAX_ORDERS_PER_MINUTE"
    passed(held, ask("1", seconds=90))


def test_what_was_refused_takes_no_place_in_the_minute() -> None:
    held = gate(max_orders_per_minute=1)
    passed(held, ask("1", seconds=0))
    for second in range(1, 60):
        assert held.check(ask("1", seconds=second), exposure()) is not None
    passed(held, ask("1", seconds=60))


def test_every_order_of_a_bracket_counts() -> None:
    bracket = ask("1", "-1", "-1")
    assert code(gate(max_orders_per_minute=2).check(bracket, exposure())) == "MAX_ORDERS_PER_MINUTE"
    held = gate(max_orders_per_minute=3)
    passed(held, bracket)
    assert held.check(ask("1", seconds=1), exposure()) is not None


def test_a_close_is_held_back_by_the_rate_and_a_stop_is_not() -> None:
    held = gate(max_orders_per_minute=1)
    passed(held, ask("1"))
    assert code(held.check(ask("-1", seconds=1), exposure("1"))) == "MAX_ORDERS_PER_MINUTE"
    protects = ask(wanted("-1", trigger="90", stops=True), seconds=1)
    assert held.check(protects, exposure("1")) is None
    opens = ask(wanted("1", trigger="110", stops=True), seconds=1)
    assert code(held.check(opens, exposure("1"))) == "MAX_ORDERS_PER_MINUTE"
    turns = ask(wanted("-2", trigger="90", stops=True), seconds=1)
    assert code(held.check(turns, exposure("1"))) == "MAX_ORDERS_PER_MINUTE"


def test_what_protects_counts_for_those_that_come_after_it() -> None:
    held = gate(max_orders_per_minute=1)
    held.passed(ask(wanted("-1", trigger="90", stops=True)))
    assert code(held.check(ask("1", seconds=1), exposure())) == "MAX_ORDERS_PER_MINUTE"


# ---- max_rejects --------------------------------------------------------------------------------
def test_refusals_in_a_row_halt_what_opens() -> None:
    held = gate(max_rejects=3)
    for _ in range(2):
        held.refused()
    assert held.check(ask("1"), exposure()) is None
    held.refused()
    refusal = held.check(ask("1"), exposure())
    assert refusal is not None
    assert (refusal.code, refusal.limit, refusal.value) == ("MAX_REJECTS", 3, 3)
    assert held.check(ask("-1"), exposure("1")) is None


def test_an_order_that_is_taken_ends_the_row_and_not_the_halt() -> None:
    held = gate(max_rejects=2)
    held.refused()
    held.accepted()
    held.refused()
    assert not held.halted
    held.refused()
    held.accepted()  # of what closes a position
    held.refused()
    assert code(held.check(ask("1"), exposure())) == "MAX_REJECTS"


def test_a_halt_ends_when_the_operator_says_so() -> None:
    held = gate(max_rejects=1)
    held.refused()
    held.reset()
    assert held.check(ask("1"), exposure()) is None


def test_the_gates_own_refusals_count_and_those_that_repeat_a_stop_do_not() -> None:
    held = gate(max_rejects=2)
    for name in ("MAX_DAILY_LOSS", "MAX_REJECTS"):
        held.refused(Refusal(code=name, why=""))  # type: ignore[arg-type]
    held.refused(Refusal(code="MAX_POSITION", why=""))
    assert not held.halted
    held.refused(Refusal(code="MAX_ORDERS_PER_MINUTE", why=""))
    assert held.halted


# ---- max_daily_loss -----------------------------------------------------------------------------
def stopped(held: Gate) -> None:
    """Let a day open with 1,000 and lose 100."""
    held.mark(at(0), Decimal(1000))
    held.mark(at(60), Decimal(900))


@pytest.mark.parametrize(("limit", "most"), [("100", 100), ("10%", 100), ("99.99", None)])
def test_the_loss_of_the_day_may_reach_its_limit(limit: str, most: int | None) -> None:
    held = gate(max_daily_loss=limit)
    stopped(held)
    refusal = held.check(ask("1", seconds=61), exposure())
    assert (refusal is None) is (most == 100)
    held.mark(at(61), Decimal("899.99"))
    refusal = held.check(ask("1", seconds=61), exposure())
    assert refusal is not None
    assert (refusal.code, refusal.value) == ("MAX_DAILY_LOSS", Decimal("100.01"))
    assert refusal.limit == Decimal("99.99" if most is None else 100)


def test_beyond_the_days_loss_positions_may_only_be_reduced() -> None:
    held = gate(max_daily_loss="50")
    stopped(held)
    for qty, passes in (("-1", True), ("-0.5", True), ("-1.1", False), ("1", False)):
        assert (held.check(ask(qty, seconds=61), exposure("1")) is None) is passes
    bracket = ask("1", "-1", seconds=61)
    assert code(held.check(bracket, exposure())) == "MAX_DAILY_LOSS"


def test_closing_twice_is_no_reducing() -> None:
    held = gate(max_daily_loss="50")
    stopped(held)
    assert held.check(ask("-1", seconds=61), exposure("1", "-1")) is None  # its stop stands
    assert code(held.check(ask("-1", seconds=61), exposure("1", "-1", "-1"))) == "MAX_DAILY_LOSS"


def test_a_loss_that_was_won_back_stops_the_rest_of_the_day_all_the_same() -> None:
    held = gate(max_daily_loss="50")
    stopped(held)
    held.mark(at(120), Decimal(1000))
    assert code(held.check(ask("1", seconds=121), exposure())) == "MAX_DAILY_LOSS"
    assert held.check(ask("1", seconds=86_400), exposure()) is None  # the next day, unmarked yet
    held.mark(at(86_400), Decimal(1000))
    assert held.check(ask("1", seconds=86_401), exposure()) is None


def test_a_day_opens_with_the_last_equity_before_it() -> None:
    held = gate(max_daily_loss="50")
    held.mark(at(0), Decimal(1000))
    held.mark(at(86_399), Decimal(960))
    held.mark(at(3 * 86_400), Decimal(915))  # over the gap: 45
    assert held.check(ask("1", seconds=3 * 86_400), exposure()) is None
    held.mark(at(3 * 86_400 + 1), Decimal(909))
    assert code(held.check(ask("1", seconds=3 * 86_400 + 1), exposure())) == "MAX_DAILY_LOSS"


def test_the_day_is_that_of_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    held = gate(max_daily_loss="50")
    held.mark(datetime(2024, 3, 1, 20, tzinfo=UTC), Decimal(1000))
    held.mark(datetime(2024, 3, 2, 8, tzinfo=tokyo), Decimal(940))  # 23:00 of the first
    assert held.day is not None
    assert (held.day.date, held.day.stopped) == (date(2024, 3, 1), True)
    held.mark(datetime(2024, 3, 2, 9, tzinfo=tokyo), Decimal(940))
    assert (held.day.date, held.day.stopped) == (date(2024, 3, 2), False)


def test_cash_that_is_paid_out_is_no_loss_and_cash_paid_in_no_profit() -> None:
    held = gate(max_daily_loss="50")
    held.mark(at(0), Decimal(1000))
    held.moved(Decimal(-500))
    held.mark(at(1), Decimal(500))
    assert held.check(ask("1", seconds=2), exposure()) is None
    held.moved(Decimal(1000))
    held.mark(at(3), Decimal(1440))
    assert code(held.check(ask("1", seconds=4), exposure())) == "MAX_DAILY_LOSS"


def test_cash_that_moves_before_midnight_is_no_loss_of_the_next_day() -> None:
    held = gate(max_daily_loss="50")
    held.mark(at(0), Decimal(1000))
    held.moved(Decimal(-500))
    held.mark(at(86_400), Decimal(500))
    assert held.check(ask("1", seconds=86_401), exposure()) is None


def test_a_restart_forgives_no_loss() -> None:
    before = gate(max_daily_loss="50")
    stopped(before)
    after = Gate(before.limits, before.day)
    after.mark(at(120), Decimal(990))
    assert code(after.check(ask("1", seconds=121), exposure())) == "MAX_DAILY_LOSS"
    assert after.day == Day(
        date=date(2024, 3, 1), opening=Decimal(1000), latest=Decimal(990), stopped=True
    )


# ---- small parts --------------------------------------------------------------------------------
def test_a_check_changes_nothing() -> None:
    held = gate(max_orders_per_minute=1, max_rejects=1, max_position="1")
    for _ in range(3):
        assert held.check(ask("1"), exposure()) is None
        assert held.check(ask("2"), exposure()) is not None
    assert not held.halted


@pytest.mark.parametrize(
    ("value", "read"),
    [(0.1 + 0.2, "0.3"), (1.0, "1"), (1e-8, "1e-8"), (123456.789, "123456.789"), (-0.7, "-0.7")],
)
def test_a_float_is_the_decimal_that_it_stands_for(value: float, read: str) -> None:
    assert exact(value) == Decimal(read)


@pytest.mark.parametrize("text", ["500", "0.25", "5%", "0.5%", "100%"])
def test_a_loss_is_written_as_it_is_read(text: str) -> None:
    assert str(Loss.parse(text)) == text

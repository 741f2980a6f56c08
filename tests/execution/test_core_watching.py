"""Stops that the venue does not hold: they stand here, and prices are followed for them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.execution.core.core import Core
from atms.execution.core.events import (
    Connected,
    Prepare,
    Quoted,
    TellOpen,
    TellOrder,
    Unwatch,
    Watch,
    WishCancel,
)
from atms.execution.emulation.hows import how_of
from atms.execution.emulation.plan_records import Trailed, Triggered
from atms.stores.capabilities import Capabilities
from atms.stores.facts import State
from atms.stores.market import Quote
from atms.stores.outcomes import NotSent, Reason
from atms.stores.requests import Kind, Place
from tests.execution.core_world import BTC, ETH, World, dec, instrument, manners, ticket
from tests.execution.emulated_world import LIMIT, STOP, Emulated, records_of, refused

SELL: dict[str, Any] = {"side": -1, "kind": Kind.STOP, "trigger": dec(80)}
TRAIL: dict[str, Any] = {"side": -1, "kind": Kind.TRAIL, "trail": dec(5)}
BUY: dict[str, Any] = {"side": 1, "kind": Kind.STOP, "trigger": dec(120)}


def bare(**others: Any) -> Capabilities:
    """Return the manners of a venue that holds no stops."""
    plain = frozenset({Kind.MARKET, Kind.LIMIT})
    return manners(**{"kinds": plain, "links": frozenset({"oco"}), **others})


def opened(**terms: Any) -> Emulated:
    world = Emulated(capabilities=bare(), **{"emulated_protection": True, **terms})
    world.open()
    return world


def quote(world: World, bid: float, ask: float | None = None) -> None:
    """Let a price come."""
    found = Quote(at=world.now, instrument=BTC, bid=dec(bid), ask=dec(ask or bid), qty=None)
    world.feed(Quoted(instrument=BTC, quote=found))


def armed(world: Emulated, **others: Any) -> str:
    """Want one order; return its key."""
    world.wish(ticket(**others))
    return world.every(TellOrder)[-1].key


def kinds(world: Emulated) -> list[tuple[Kind, Decimal, Decimal | None]]:
    return [(one.kind, one.qty, one.limit) for place in world.prepared() for one in place.tickets]


# ---- consent -------------------------------------------------------------------------------------
def test_what_this_process_would_have_to_protect_needs_consent() -> None:
    world = opened(emulated_protection=False)
    world.wish(ticket(**SELL))
    (word,) = world.every(TellOrder)
    assert (word.status, word.code) == ("rejected", "NEEDS_CONSENT")
    assert "set execution.emulated_protection: true" in word.why


def test_a_bracket_with_such_a_leg_needs_consent_and_one_of_the_venues_orders_none() -> None:
    world = opened(emulated_protection=False)
    world.wish(ticket(), STOP, link="bracket")
    assert {one.code for one in world.every(TellOrder)} == {"NEEDS_CONSENT"}
    world.wish(ticket(), LIMIT, link="bracket")
    assert world.prepared()


def test_an_order_for_the_close_is_refused_with_or_without_consent() -> None:
    for consent in (True, False):
        world = opened(emulated_protection=consent)
        world.wish(ticket(kind=Kind.ON_CLOSE))
        assert world.every(TellOrder)[-1].code == "UNSUPPORTED"
        assert "the close" in world.every(TellOrder)[-1].why


@pytest.mark.parametrize(
    ("others", "link", "leg", "how"),
    [
        ({"kind": Kind.MARKET}, "single", False, "native"),
        ({"kind": Kind.STOP}, "single", False, "emulated:process"),
        ({"kind": Kind.TRAIL_LIMIT}, "single", False, "emulated:process"),
        ({"kind": Kind.ON_CLOSE}, "single", False, "unsupported"),
        ({"kind": Kind.LIMIT}, "bracket", True, "emulated:legs"),
        ({"kind": Kind.LIMIT}, "bracket", False, "native"),
        ({"kind": Kind.LIMIT}, "oco", False, "native"),
        ({"kind": Kind.LIMIT, "tif": "gtd"}, "single", False, "emulated:process"),
    ],
)
def test_a_table_says_how_an_order_is_done(
    others: dict[str, Any], link: str, leg: bool, how: str
) -> None:
    assert how_of(ticket(**others), bare(), instrument(BTC), link, leg=leg) == how


def test_a_venue_without_pairs_has_one_of_each_taken_back() -> None:
    wanted = ticket(kind=Kind.LIMIT)
    assert how_of(wanted, bare(links=frozenset()), instrument(BTC), "oco") == "emulated:cancel"


# ---- triggered -----------------------------------------------------------------------------------
def test_a_stop_stands_here_and_its_prices_are_followed() -> None:
    world = opened()
    key = armed(world, **SELL)
    assert world.statuses(key) == ["submitted", "accepted"]
    assert world.lately(Watch) == [Watch(instrument=BTC)]
    assert not world.prepared()
    world.wait(1)
    assert not world.lately(Watch)


@pytest.mark.parametrize(
    ("order", "quiet", "loud"),
    [(SELL, (80.01, 70), (80, 95)), (BUY, (130, 119.99), (110, 120))],
    ids=["sell at the bid", "buy at the ask"],
)
def test_a_price_that_can_be_had_triggers(
    order: dict[str, Any], quiet: tuple[float, float], loud: tuple[float, float]
) -> None:
    world = opened()
    key = armed(world, **order)
    quote(world, *quiet)
    assert not world.prepared()
    quote(world, *loud)
    assert records_of(world, Triggered)
    assert kinds(world) == [(Kind.MARKET, dec(10), None)]
    (market,) = world.take(world.prepared()[0])
    world.fill(market, "e1", 10, side=order["side"])
    assert world.statuses(key) == ["submitted", "accepted", "completed"]
    assert world.told(key) == dec(10)


def test_a_stop_limit_becomes_its_limit() -> None:
    world = opened()
    armed(world, **{**SELL, "kind": Kind.STOP_LIMIT, "limit": dec(79)})
    quote(world, 80)
    assert kinds(world) == [(Kind.LIMIT, dec(10), dec(79))]


def test_the_worst_price_goes_along_where_the_venue_holds_it() -> None:
    for able, worst in ((True, dec(75)), (False, None)):
        world = Emulated(capabilities=bare(worst=able), emulated_protection=True)
        world.open()
        armed(world, **SELL, worst=dec(75))
        quote(world, 80)
        assert world.prepared()[0].tickets[0].worst == worst


def test_prices_are_followed_no_more_when_nothing_waits_for_them() -> None:
    world = opened()
    key = armed(world, **SELL)
    world.feed(WishCancel(key=key))
    assert world.statuses(key)[-1] == "canceled"
    assert world.lately(Unwatch) == [Unwatch(instrument=BTC)]
    quote(world, 70)
    assert not world.prepared()


def test_a_triggered_order_that_the_venue_refuses_is_rejected() -> None:
    world = opened()
    key = armed(world, **SELL)
    quote(world, 80)
    world.take(world.prepared()[0], refused(Reason.FUNDS))
    assert world.statuses(key)[-1] == "margin"


def test_a_triggered_order_that_was_not_sent_is_sent_again() -> None:
    world = opened()
    armed(world, **SELL)
    quote(world, 80)
    world.take(world.prepared()[0], NotSent(why="no line"))
    assert {one.kind for one in world.gather().tickets} == {Kind.MARKET}


def test_a_triggered_limit_may_be_taken_back() -> None:
    world = opened()
    key = armed(world, **{**SELL, "kind": Kind.STOP_LIMIT, "limit": dec(79)})
    quote(world, 80)
    (limit,) = world.take(world.prepared()[0])
    world.feed(WishCancel(key=key))
    assert world.backed() == [limit]
    world.go_on()
    world.cancel_all(limit)
    assert world.statuses(key)[-1] == "canceled"


# ---- trailing ------------------------------------------------------------------------------------
def trigger(world: Emulated, key: str) -> Decimal | None:
    return world.core.planning.best.get(key)


def test_a_trailing_stop_follows_at_its_distance_and_never_goes_back() -> None:
    world = opened()
    key = armed(world, side=-1, kind=Kind.TRAIL, trigger=dec(90), trail=dec(10))
    for price, at in ((95, None), (105, 95), (103, 95), (110, 100), (101, 100)):
        quote(world, price)
        assert trigger(world, key) == (None if at is None else dec(at))
    quote(world, 100)
    assert kinds(world) == [(Kind.MARKET, dec(10), None)]


def test_a_trailing_buy_follows_down_by_its_share_of_the_price() -> None:
    world = opened()
    key = armed(
        world, side=1, kind=Kind.TRAIL, trigger=dec(110), trail=dec("0.1"), trail_is_fraction=True
    )
    quote(world, 80)
    assert trigger(world, key) == dec(88)
    quote(world, 88)
    assert kinds(world) == [(Kind.MARKET, dec(10), None)]


def test_the_limit_of_a_trailing_one_keeps_its_distance() -> None:
    world = opened()
    armed(
        world, side=-1, kind=Kind.TRAIL_LIMIT, trigger=dec(90), limit=dec(89), trail=dec(10)
    )  # fmt: skip
    quote(world, 110)
    quote(world, 99)
    assert kinds(world) == [(Kind.LIMIT, dec(10), dec(99))]


def test_how_far_a_trailing_one_came_outlives_the_process() -> None:
    world = opened()
    key = armed(world, side=-1, kind=Kind.TRAIL, trigger=dec(90), trail=dec(10))
    quote(world, 110)
    assert [one.trigger for one in records_of(world, Trailed)] == [dec(100)]
    quote(world, dec("110.1"))  # type: ignore[arg-type]
    assert not records_of(world, Trailed)  # a little is not written
    world.begin()
    world.open()
    assert world.core.state.plans[key].trigger == dec(100)
    quote(world, 100)
    assert kinds(world) == [(Kind.MARKET, dec(10), None)]


# ---- with others ---------------------------------------------------------------------------------
def test_a_leg_is_watched_once_its_entry_has_opened_something_and_closes_just_that() -> None:
    world = opened()
    entry = world.bracket(STOP)
    assert not world.every(Watch)
    world.fill(entry, "e1", 4)
    assert world.lately(Watch)
    quote(world, 79)
    assert kinds(world) == [(Kind.MARKET, dec(4), None)]
    assert entry in world.backed()


def test_a_triggered_leg_waits_until_the_limit_beside_it_is_taken_back() -> None:
    world = opened()
    entry = world.bracket()
    world.fill(entry, "e1", 10)
    (limit,) = world.take(world.gather())
    assert world.order(limit).ticket.kind is Kind.LIMIT
    quote(world, 79)
    assert (world.backed(), world.prepared()) == ([limit], [])
    world.go_on()
    world.fill(limit, "l1", 3, side=-1)
    world.cancel_all(limit)
    assert kinds(world) == [(Kind.MARKET, dec(7), None)]
    (market,) = world.take(world.prepared()[0])
    world.fill(market, "m1", 7, side=-1)
    assert world.statuses(world.leg(Kind.STOP))[-1] == "completed"
    assert world.statuses(world.leg(Kind.LIMIT))[-1] == "canceled"


def test_an_entry_that_waits_here_opens_what_its_legs_protect() -> None:
    world = opened()
    world.wish(ticket(**BUY), STOP, LIMIT, link="bracket")
    quote(world, 120)
    (market,) = world.take(world.prepared()[0])
    world.fill(market, "e1", 10)
    assert kinds(world) == [(Kind.LIMIT, dec(10), dec(120))]


def test_one_of_a_pair_that_is_triggered_takes_the_other_back() -> None:
    world = opened()
    world.wish(ticket(**BUY), ticket(kind=Kind.LIMIT, limit=dec(90)), link="oco")
    (limit,) = world.take(world.prepared()[0])
    quote(world, 120)
    assert world.backed() == [limit]
    assert kinds(world) == [(Kind.MARKET, dec(10), None)]


def test_one_of_a_pair_that_fills_takes_the_one_that_waits_here_back() -> None:
    world = opened()
    world.wish(ticket(**BUY), ticket(kind=Kind.LIMIT, limit=dec(90)), link="oco")
    (limit,) = world.take(world.prepared()[0])
    waits = next(iter(world.core.state.plans))
    world.fill(limit, "e1", 10)
    assert world.statuses(waits)[-1] == "canceled"


# ---- what goes wrong -----------------------------------------------------------------------------
def test_prices_that_do_not_come_are_told_once_and_that_they_come_again() -> None:
    world = opened(stale=timedelta(seconds=15))
    armed(world, **SELL)
    world.wait(14)
    assert not world.notices("quotes")
    world.wait(1)
    world.wait(5)
    assert len(world.notices("quotes")) == 1
    quote(world, 90)
    assert len(world.notices("quotes")) == 2


def test_a_stream_that_breaks_is_told() -> None:
    world = opened()
    armed(world, **SELL)
    world.feed(Quoted(instrument=BTC, quote=None, why="gone"))
    (notice,) = world.notices("quotes")
    assert (notice.instrument, notice.text.split(":")[0]) == (BTC, "gone")


def test_what_waits_is_watched_on_after_a_restart_and_fires_at_once() -> None:
    world = opened()
    key = armed(world, **SELL)
    world.begin()
    world.open()
    assert world.every(Watch)
    (found,) = world.every(TellOpen)[0].orders
    assert (found.key, found.status, found.how) == (key, "accepted", "emulated:process")
    quote(world, 60)
    assert kinds(world) == [(Kind.MARKET, dec(10), None)]


def test_what_was_triggered_before_a_kill_is_sent_by_the_next_process_once_it_is_ready() -> None:
    world = opened()
    key = armed(world, **SELL)
    quote(world, 80)
    world.begin()
    world.connect()
    while not world.core.ready:
        assert not world.every(Prepare)
        world.snapshot() if world.asks() else world.page()
    sent = [one for each in world.every(Prepare) for one in each.requests]
    assert [one.tickets[0].kind for one in sent if isinstance(one, Place)] == [Kind.MARKET]
    (market,) = world.take(sent[-1])  # type: ignore[arg-type]
    world.hear(world.stands(market, State.FILLED, filled=dec(10)))
    world.fill(market, "e1", 10, side=-1)
    assert world.statuses(key)[-1] == "completed"
    assert Core(world.terms, world.durable).state.digest() == world.core.state.digest()


# ---- what is struck off --------------------------------------------------------------------------
def test_a_stop_of_what_the_venue_lists_no_more_waits_for_no_price_and_is_told() -> None:
    world = opened(instruments=(BTC, ETH))
    key = armed(world, **TRAIL)
    assert [one.instrument for one in world.lately(Watch)] == [BTC]
    quote(world, 100)
    world.feed(Connected(capabilities=world.capabilities, instruments=(instrument(ETH),)))
    assert [one.instrument for one in world.lately(Unwatch)] == [BTC]
    assert f"order {key} open" in world.notices("halted")[0].text
    quote(world, 1)  # one that was on its way
    assert not world.prepared()
    world.feed(WishCancel(key=key))
    assert world.statuses(key)[-1] == "canceled"

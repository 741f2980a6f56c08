"""Orders past the venue's rate budget: in line, told, bounded, and taken back before they left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.execution.core.events import TellAccount, TellOrder, Wish, WishCancel, Wishes
from atms.execution.driver.waiting import LONGEST
from atms.sandbox.simulation.venue.exchange import ExchangeStore
from atms.stores.capabilities import Budget
from atms.stores.ccxt.budget import Budgets
from atms.stores.outcomes import Outcome
from atms.stores.requests import Cancel, Kind, Place, Prepared, Ticket
from tests.execution.account_bench import Bench, make

__all__ = ["make"]
PER = timedelta(seconds=10)


class Rationed(ExchangeStore):
    """Lets four orders through in ten seconds; a reserve of one is for what reduces."""

    units = 5

    def __init__(self, venue: Any) -> None:
        super().__init__(venue)
        budget = Budget(name="orders", per=PER, units=self.units, shared_by="account", reserve=1)
        self.budgets = Budgets([budget], now=lambda: self.venue.now().timestamp())
        self.looked: list[str] = []
        self.sent: list[str] = []

    async def admit(self, prepared: Prepared, patience: timedelta) -> timedelta:
        request = prepared.request
        if isinstance(request, Cancel):
            return timedelta(0)
        assert isinstance(request, Place)
        safe = all(ticket.reduces for ticket in request.tickets)
        return await self.budgets.take({"orders": 1}, "urgent" if safe else "ordinary", patience)

    def delay(self, writes: Sequence[Prepared]) -> timedelta:
        return self.budgets.delay({"orders": len(writes)}, "ordinary")

    async def transmit(self, prepared: Prepared) -> Outcome:
        request = prepared.request
        self.sent += [one.key for one in request.tickets] if isinstance(request, Place) else []
        return await super().transmit(prepared)

    async def lookup(self, key: str, *args: Any) -> Any:
        self.looked.append(key)
        return await super().lookup(key, *args)


class Spent(Rationed):
    """Has a budget of a day, and all of it is spent."""

    def __init__(self, venue: Any) -> None:
        super().__init__(venue)
        day = Budget(name="orders", per=timedelta(days=1), units=5, shared_by="account", reserve=1)
        self.budgets.replace([day])
        self.budgets.told({"orders": 5})


@pytest.fixture
def rationed(make: Callable[..., Bench]) -> Bench:
    return make(Rationed)


def want(bench: Bench, count: int, *, first: int = 1, **changes: Any) -> None:
    """Want limit orders that stay, all in one next(), with the tags 1, 2, 3 ..."""
    values = {"side": 1, "qty": Decimal(1), "kind": Kind.LIMIT, "limit": Decimal(50), **changes}
    ticket = Ticket(key="", instrument=bench.instrument, **values)
    tags = range(first, first + count)
    bench.account.feed(Wishes(wishes=tuple(Wish(tickets=(ticket,), tags=(tag,)) for tag in tags)))


def statuses(bench: Bench, tag: int) -> list[str]:
    return [one.status for one in bench.told if isinstance(one, TellOrder) and one.tag == tag]


def notices(bench: Bench) -> list[tuple[str, str]]:
    words = [one for one in bench.told if isinstance(one, TellAccount)]
    return [(one.what, one.text) for one in words if one.what.startswith("orders_")]


def key(bench: Bench, tag: int) -> str:
    return next(key for key, its in bench.core.tags.items() if its == tag)


def test_orders_past_the_budget_wait_and_leave_in_the_order_of_their_making(
    rationed: Bench,
) -> None:
    want(rationed, 10)
    rationed.wait(5)
    assert len(rationed.venue.by_key) == 4
    assert [statuses(rationed, tag)[-1] for tag in (4, 5, 10)] == ["accepted"] + 2 * ["submitted"]
    rationed.wait(8)
    assert len(rationed.venue.by_key) == 8
    rationed.wait(10)
    assert rationed.store.sent == [key(rationed, tag) for tag in range(1, 11)]
    assert all(statuses(rationed, tag) == ["submitted", "accepted"] for tag in range(1, 11))


def test_it_is_told_once_that_orders_wait_and_once_that_none_does(rationed: Bench) -> None:
    want(rationed, 10)
    rationed.wait(40)
    assert notices(rationed) == [
        (
            "orders_wait",
            "6 orders wait for the venue's rate budget, the last one for about 20 s; "
            "what has waited for 60 s is not sent",
        ),
        ("orders_through", "no order waits: 6 sent"),
    ]


def test_the_core_knows_which_orders_wait_and_forgets_it_with_their_answers(
    rationed: Bench,
) -> None:
    want(rationed, 6)
    rationed.wait(0)
    queued = rationed.core.asking.queued
    waiting = [key for key, left in queued.items() if left is None]
    assert len(waiting) == 2
    assert not {*waiting} & {*rationed.store.sent}
    rationed.wait(20)
    assert {*waiting} < {*rationed.store.sent}
    assert queued == {}


def test_what_fits_into_the_budget_is_not_told_of(rationed: Bench) -> None:
    want(rationed, 4)
    rationed.wait(40)
    assert notices(rationed) == []


def test_an_order_is_not_sent_when_it_has_waited_for_too_long(rationed: Bench) -> None:
    want(rationed, 40)
    rationed.wait(LONGEST.total_seconds() + 30)
    sent = [tag for tag in range(1, 41) if statuses(rationed, tag)[-1] == "accepted"]
    late = [tag for tag in range(1, 41) if statuses(rationed, tag)[-1] == "rejected"]
    assert sent == list(range(1, len(sent) + 1))
    assert 20 <= len(sent) <= 28
    assert len(sent) + len(late) == 40
    (word,) = [one for one in rationed.told if isinstance(one, TellOrder) and one.tag == 40][-1:]
    assert word.why == "the venue's rate budget lets it not through within 60 s"
    assert len(rationed.venue.by_key) == len(sent)
    assert notices(rationed)[-1][1] == f"no order waits: {len(late)} not sent, {len(sent) - 4} sent"


def test_an_order_that_could_never_leave_in_time_is_refused_at_once(
    make: Callable[..., Bench],
) -> None:
    bench = make(Spent)
    want(bench, 1)
    bench.wait(1)
    assert statuses(bench, 1) == ["submitted", "rejected"]
    assert notices(bench) == []


def test_an_order_that_is_canceled_while_it_waits_is_never_sent(rationed: Bench) -> None:
    want(rationed, 6)
    rationed.wait(2)
    rationed.account.feed(WishCancel(key=key(rationed, 5)))
    rationed.wait(1)
    assert statuses(rationed, 5) == ["submitted", "canceled"]
    rationed.wait(30)
    assert key(rationed, 5) not in rationed.venue.by_key
    assert key(rationed, 6) in rationed.venue.by_key
    assert rationed.core.open_keys() == tuple(key(rationed, tag) for tag in (1, 2, 3, 4, 6))


def test_what_reduces_goes_before_what_waits(rationed: Bench) -> None:
    rationed.buy()
    want(rationed, 6)
    rationed.wait(1)
    want(rationed, 1, first=20, side=-1, kind=Kind.MARKET, limit=None, reduces=True)
    rationed.wait(2)
    assert statuses(rationed, 20)[-1] == "completed"
    assert statuses(rationed, 6) == ["submitted"]


def test_the_venue_is_not_asked_for_an_order_that_has_not_left(rationed: Bench) -> None:
    want(rationed, 6)
    rationed.wait(9)
    assert not {key(rationed, 5), key(rationed, 6)} & set(rationed.store.looked)


def test_what_waits_when_the_run_ends_is_not_sent_and_nothing_is_in_doubt(
    make: Callable[..., Bench],
) -> None:
    first = make(Rationed)
    want(first, 6)
    first.wait(2)
    closing = first.loop.create_task(first.account.close())
    first.wait(1)
    assert closing.done()
    assert statuses(first, 6) == ["submitted", "rejected"]
    second = make(Rationed, first)
    assert not any(order.unresolved for order in second.core.state.open_orders())
    assert len(first.venue.by_key) == 4


def test_a_process_that_dies_while_orders_wait_has_sent_none_of_them(
    make: Callable[..., Bench],
) -> None:
    first = make(Rationed)
    want(first, 6)
    first.wait(2)
    first.account.abandon(RuntimeError("killed"))
    first.wait(60)
    assert len(first.venue.by_key) == 4

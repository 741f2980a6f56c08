"""Our own rate budgets."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from atms.stores.capabilities import Budget
from atms.stores.ccxt.budget import Budgets, Rank, Window


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def budget(units: int = 10, reserve: int = 2, seconds: float = 60) -> Budget:
    return Budget(
        name="weight", per=timedelta(seconds=seconds), units=units, shared_by="address",
        reserve=reserve,
    )  # fmt: skip


def test_in_no_interval_more_is_spent_than_there_is() -> None:
    window, spent = Window(budget(reserve=0)), []
    at = 1000.0
    for _ in range(2000):
        if not window.delay(at, 1, "urgent"):
            window.spend(at, 1)
            spent.append(at)
        at += 0.37
    for start in spent:
        assert sum(start <= one < start + 60 for one in spent) <= 10
    assert len(spent) > 100


def test_the_reserve_is_for_what_is_urgent_alone() -> None:
    clock = Hands()
    budgets = Budgets([budget()], now=clock)
    budgets.told({"weight": 8})
    assert budgets.delay({"weight": 1}, "ordinary") > timedelta(0)
    assert budgets.delay({"weight": 2}, "urgent") == timedelta(0)
    assert budgets.delay({"weight": 3}, "urgent") > timedelta(0)


def test_what_can_wait_leaves_half() -> None:
    budgets = Budgets([budget(units=12)], now=Hands())
    budgets.told({"weight": 4})
    assert budgets.delay({"weight": 1}, "idle") == timedelta(0)
    assert budgets.delay({"weight": 2}, "idle") > timedelta(0)
    assert budgets.delay({"weight": 2}, "ordinary") == timedelta(0)


def test_what_others_spend_from_the_same_address_counts() -> None:
    budgets = Budgets([budget(units=100, reserve=0)], now=Hands())
    asyncio.run(budgets.take({"weight": 5}, "ordinary"))
    budgets.told({"weight": 5})
    assert budgets.delay({"weight": 95}, "ordinary") == timedelta(0)
    budgets.told({"weight": 40})
    assert budgets.delay({"weight": 61}, "ordinary") > timedelta(0)


def test_the_wait_that_is_told_is_enough() -> None:
    clock = Hands()
    budgets = Budgets([budget()], now=clock)
    asyncio.run(budgets.take({"weight": 8}, "ordinary"))
    wait = asyncio.run(budgets.take({"weight": 1}, "ordinary"))
    assert timedelta(seconds=59) < wait <= timedelta(seconds=62)
    clock.now += wait.total_seconds()
    assert budgets.delay({"weight": 1}, "ordinary") == timedelta(0)


def test_what_is_not_let_through_costs_nothing() -> None:
    budgets = Budgets([budget()], now=Hands())
    assert asyncio.run(budgets.take({"weight": 9}, "ordinary"))
    assert not asyncio.run(budgets.take({"weight": 8}, "ordinary"))


def test_a_write_waits_for_its_budget_up_to_a_bound() -> None:
    budgets = Budgets([budget(units=1, reserve=0, seconds=0.2)])

    async def twice() -> tuple[timedelta, timedelta]:
        await budgets.take({"weight": 1}, "ordinary")
        patient = await budgets.take({"weight": 1}, "ordinary", timedelta(seconds=5))
        return patient, await budgets.take({"weight": 1}, "ordinary", timedelta(seconds=0.01))

    patient, hasty = asyncio.run(twice())
    assert patient == timedelta(0)
    assert hasty > timedelta(0)


async def taken(budgets: Budgets, rank: Rank, name: str, into: list[str], **costs: int) -> None:
    """Wait for a budget; note when it was there."""
    wait = await budgets.take(costs, rank, timedelta(seconds=30))
    into.append(name if not wait else f"not {name}")


def test_requests_that_wait_do_so_in_line() -> None:
    budgets, order = Budgets([budget(units=1, reserve=0, seconds=0.1)]), list[str]()

    async def play() -> None:
        await budgets.take({"weight": 1}, "ordinary")
        first = [taken(budgets, "ordinary", name, order, weight=1) for name in "abc"]
        waiting = asyncio.gather(*first)
        await asyncio.sleep(0.15)  # one of them is through, and the next one's turn comes
        await asyncio.gather(waiting, taken(budgets, "ordinary", "d", order, weight=1))

    asyncio.run(play())
    assert order == ["a", "b", "c", "d"]


def test_what_cannot_wait_does_not_pass_those_in_line() -> None:
    clock = Hands()
    budgets = Budgets([budget(units=1, reserve=0)], now=clock)

    async def play() -> timedelta:
        await budgets.take({"weight": 1}, "ordinary")
        patient = asyncio.ensure_future(
            budgets.take({"weight": 1}, "ordinary", timedelta(seconds=90))
        )
        await asyncio.sleep(0)
        clock.now += 100  # it may go now, and sleeps
        hasty = await budgets.take({"weight": 1}, "ordinary")
        patient.cancel()
        return hasty

    assert asyncio.run(play()) > timedelta(0)


def test_what_is_urgent_and_what_costs_other_budgets_pass_those_in_line() -> None:
    orders = Budget(
        name="orders", per=timedelta(days=1), units=2, shared_by="account", reserve=1
    )  # fmt: skip
    budgets = Budgets([budget(), orders], now=Hands())

    async def play() -> list[timedelta]:
        await budgets.take({"orders": 1}, "ordinary")
        patient = asyncio.ensure_future(budgets.take({"orders": 1}, "ordinary", timedelta(days=2)))
        await asyncio.sleep(0)
        through = [
            await budgets.take({"orders": 1}, "urgent"),
            await budgets.take({"weight": 1}, "ordinary"),
        ]
        patient.cancel()
        return through

    assert asyncio.run(play()) == [timedelta(0), timedelta(0)]


def test_the_last_of_many_waits_for_as_many_windows_as_it_takes() -> None:
    budgets = Budgets([budget(units=10, reserve=2, seconds=10)], now=Hands())
    assert budgets.delay({"weight": 8}, "ordinary") == timedelta(0)
    assert budgets.delay({"weight": 24}, "ordinary") == timedelta(seconds=20)


def test_a_request_waits_for_the_slowest_of_its_budgets() -> None:
    daily = Budget(name="orders", per=timedelta(days=1), units=1, shared_by="account", reserve=0)
    budgets = Budgets([budget(), daily], now=Hands())
    asyncio.run(budgets.take({"weight": 1, "orders": 1}, "ordinary"))
    assert budgets.delay({"weight": 1}, "ordinary") == timedelta(0)
    assert budgets.delay({"weight": 1, "orders": 1}, "urgent") > timedelta(hours=23)


def test_nothing_leaves_within_a_ban_however_urgent() -> None:
    clock = Hands()
    budgets = Budgets([budget()], now=clock)
    budgets.ban(timedelta(seconds=120))
    assert budgets.delay({"weight": 1}, "urgent") == timedelta(seconds=120)
    assert budgets.delay({}, "urgent") == timedelta(seconds=120)
    clock.now += 121
    assert budgets.delay({"weight": 1}, "urgent") == timedelta(0)


def test_a_shorter_ban_does_not_end_a_longer_one() -> None:
    budgets = Budgets([], now=Hands())
    budgets.ban(timedelta(seconds=120))
    budgets.ban(timedelta(seconds=3))
    assert budgets.barred == timedelta(seconds=120)


def test_the_venues_own_limit_replaces_ours_and_forgets_nothing() -> None:
    budgets = Budgets([budget(units=10, reserve=0)], now=Hands())
    budgets.told({"weight": 9})
    budgets.replace([budget(units=20, reserve=0)])
    assert budgets.delay({"weight": 11}, "urgent") == timedelta(0)
    assert budgets.delay({"weight": 12}, "urgent") > timedelta(0)

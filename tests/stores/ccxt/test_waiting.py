"""More orders of one next() than the venue's budget, over real sockets: nothing lost or doubled."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from atms.execution.core.core import Core, Terms
from atms.execution.core.events import TellAccount, TellOrder, Wish, WishCancel, Wishes
from atms.execution.disk.journal import Journal
from atms.execution.driver.account import Account
from atms.sandbox.binance.config import Limits
from atms.stores.capabilities import Budget
from atms.stores.ccxt.budget import Budgets
from atms.stores.facts import Part
from atms.stores.requests import Kind, Ticket
from tests.stores.ccxt.bench import CONFIG, SandboxBench, run

MANY, LIMIT = 300, 250  # orders that are wanted, and that the venue takes in ten seconds
ORDINARY = 200  # of these, what is not kept for cancels and protection
WAITING = (
    r"(\d+) orders wait for the venue's rate budget, the last one for about (\d+) s; "
    r"what has waited for 60 s is not sent"
)
LIMITS = Limits(orders_10s=LIMIT, open_orders=1000)


def now() -> datetime:
    return datetime.now(UTC)


def opened(bench: SandboxBench, told: list[Any]) -> Account:
    """Return an account on the sandbox with a journal on the disk."""
    store = bench.connection()
    store.page = 1000
    journal = Journal.open(Path("account"), "test")
    terms = Terms(journal=journal.id, instruments=(bench.instrument,), unknown_position="adopt")
    core = Core(terms)
    return Account(core, store, journal, loop=asyncio.get_running_loop(), now=now, tell=told.append)


async def until(what: Any, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.01)


def test_orders_past_the_budget_wait_are_told_and_stand_once_each() -> None:
    told: list[Any] = []

    async def body(bench: SandboxBench) -> None:
        account = opened(bench, told)
        await account.run()
        await until(lambda: account.core.ready)
        ticket = Ticket(
            key="", instrument=bench.instrument, side=1, qty=Decimal("0.1"), kind=Kind.LIMIT,
            limit=Decimal(90),
        )  # fmt: skip
        account.feed(
            Wishes(wishes=tuple(Wish(tickets=(ticket,), tags=(tag,)) for tag in range(MANY)))
        )
        await until(lambda: accepted(told) == ORDINARY)
        await until(lambda: texts(told))  # so that what is canceled has been counted
        keys = {tag: key for key, tag in account.core.tags.items()}
        account.feed(WishCancel(key=keys[MANY - 1]))  # it waits, and shall not be sent
        safe = replace(ticket, side=-1, qty=Decimal(1), limit=Decimal(110), reduces=True)
        account.feed(Wishes(wishes=(Wish(tickets=(safe,), tags=(MANY,)),)))
        await until(lambda: last(told, MANY) == "accepted", 3)
        assert last(told, MANY - 1) == "canceled"
        assert accepted(told) == ORDINARY + 1  # the others still wait
        await until(lambda: accepted(told) == MANY)
        await account.close()
        placed = [one["client_id"] for one in bench.sandbox.truth.of("order")]
        wanted = [key for key, tag in account.core.tags.items() if tag != MANY - 1]
        assert sorted(placed) == sorted(wanted)
        assert len(wanted) == MANY  # 299 of the burst, and the one that protects
        assert bench.sandbox.truth.of("reject") == []
        assert len(bench.front.writes) == MANY
        waits, through = texts(told)
        found = re.fullmatch(WAITING, waits)  # a slow machine has not put all of them in line
        assert found is not None
        assert 0 < int(found[1]) <= MANY - ORDINARY
        assert 0 < int(found[2]) <= 10
        assert through == "no order waits: 1 not sent, 99 sent"

    run(body, replace(CONFIG, limits=LIMITS))


def test_a_read_of_two_questions_asks_each_once_though_the_budget_holds_one_at_a_time() -> None:
    async def body(bench: SandboxBench) -> None:
        store = bench.connection()
        await store.connect()
        await store.instruments([bench.symbol])
        weight = Budget(  # open orders of a symbol weigh 6 and an account 20: together too much
            name="weight", per=timedelta(seconds=0.3), units=20, shared_by="address", reserve=0
        )
        store._asking.budgets = Budgets([weight])
        before = len(bench.front.arrived)
        snapshot = await store.snapshot([bench.instrument])
        assert snapshot.parts == {Part.ORDERS, Part.BALANCES}
        asked = [path.rpartition("/")[2] for _, path in bench.front.arrived[before:]]
        assert asked == ["openOrders", "account"]

    run(body)


def texts(told: list[Any]) -> list[str]:
    return [one.text for one in told if isinstance(one, TellAccount) and "orders_" in one.what]


def accepted(told: list[Any]) -> int:
    return sum(1 for one in told if isinstance(one, TellOrder) and one.status == "accepted")


def last(told: list[Any], tag: int) -> str:
    words = [one.status for one in told if isinstance(one, TellOrder) and one.tag == tag]
    return words[-1] if words else ""

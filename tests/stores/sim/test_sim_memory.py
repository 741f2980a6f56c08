"""The paper venue's memory: what it survives, and whom it refuses."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atms.errors import VenueError
from atms.sandbox.simulation.loop import VirtualLoop
from atms.stores.base import Unreachable
from atms.stores.facts import FillFact, OrderFact, Snapshot, State
from atms.stores.outcomes import Acked, Found, NotSent, Reason, Refused
from atms.stores.requests import Cancel, Kind, Place, Ticket
from atms.stores.sim import SimModels, SimStore
from tests.stores.sim.paper import MINUTE, START, Market, btc, in_virtual_time, minute
from tests.stores.sim.twins import on_paper
from tests.stores.sim.wild import random_script

NAME = "paper:BTC/USD"


def ticket(key: str, side: int = 1, **more: Any) -> Ticket:
    told = {"qty": Decimal(2), "kind": Kind.MARKET, **more}
    return Ticket(key=key, instrument=NAME, side=side, **told)  # type: ignore[arg-type]


def limit(key: str, price: str, side: int = 1) -> Ticket:
    return ticket(key, side, kind=Kind.LIMIT, limit=Decimal(price))


class Desk:
    """A paper account on a market, one session after the other."""

    def __init__(self, loop: VirtualLoop, state: Path | None, **options: Any) -> None:
        self.loop = loop
        self.market = Market([btc(cash=options.pop("cash_kind", "margin"))])
        self._options = {"cash": {"USD": Decimal(10_000)}, "state": state, **options}
        self.number = 0

    async def begin(self) -> SimStore:
        self.store = SimStore(self.market, base="USD", clock=self.loop.now, **self._options)
        await self.store.connect()
        await self.store.instruments(["BTC/USD"])
        self.stream = self.store.bars(NAME, "1m")
        return self.store

    async def bar(self, prices: str, *, told: bool = True, read: bool = True) -> None:
        """Let a minute pass, with its bar; *told*: on the streams; *read*: by the desk."""
        close = START + (self.number + 1) * MINUTE
        await asyncio.sleep((close - self.loop.now()).total_seconds())
        bar = minute(self.number, prices)
        self.market.make(bar, told=told)
        self.number += 1
        while told and read and (await anext(self.stream)) != replace(bar, instrument=NAME):
            pass

    async def send(self, *tickets: Ticket, link: str = "single") -> Any:
        request = Place(tickets=tickets, link=link)  # type: ignore[arg-type]
        return await self.store.transmit(await self.store.prepare(request))

    async def snapshot(self) -> Snapshot:
        return await self.store.snapshot([NAME])


def restarted(body: Callable[[Desk], Any], tmp_path: Path, **options: Any) -> None:
    async def run(loop: VirtualLoop) -> None:
        await body(Desk(loop, tmp_path / "venue", **options))

    in_virtual_time(run)


def facts_of(snapshot: Snapshot) -> list[Any]:
    return [replace(fact, at=START) for fact in snapshot.facts]


def test_orders_positions_and_cash_are_there_after_a_restart(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.bar("100 101 99 100")
        await desk.send(ticket("a-1"))
        await desk.send(limit("a-2", "80"))
        await desk.bar("100 101 99 100")
        before = await desk.snapshot()
        log = await desk.store.log(None, [])
        await desk.store.close()
        await desk.begin()
        after = await desk.snapshot()
        assert facts_of(after) == facts_of(before)
        assert after.cursor == before.cursor == log.next
        looked = await desk.store.lookup("a-1", frozenset(), START)
        assert isinstance(looked, Found)
        assert isinstance(looked.facts[1], FillFact)
        assert isinstance(await desk.send(ticket("a-1")), Refused)  # the key was used

    restarted(body, tmp_path)


def test_an_order_that_rested_meets_the_missed_bars_before_the_account_is_there(
    tmp_path: Path,
) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.bar("100 101 99 100")
        await desk.send(limit("a-1", "95"))
        cursor = (await desk.store.log(None, [])).next
        await desk.store.close()
        await desk.bar("100 101 97 98", told=False)
        await desk.bar("98 99 94 97", told=False)
        await desk.bar("97 98 90 91", told=False)
        store = await desk.begin()
        (fill,) = (await store.log(cursor, [])).facts
        assert isinstance(fill, FillFact)
        assert (fill.price, fill.at) == (Decimal("95.0"), START + 3 * MINUTE)
        assert not [one for one in (await desk.snapshot()).facts if isinstance(one, OrderFact)]

    restarted(body, tmp_path)


def test_a_bar_that_the_stream_lost_is_met_from_history_before_the_next(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.bar("100 101 99 100")
        await desk.send(limit("a-1", "95"))
        await desk.bar("100 101 94 100", told=False)
        await desk.bar("90 101 90 100")
        (fill,) = (await desk.store.log(f"{desk.store.venue.book.born}-0", [])).facts
        assert isinstance(fill, FillFact)
        assert fill.price == Decimal("95.0")  # not at the open of the bar after it

    restarted(body, tmp_path)


def test_history_that_cannot_be_read_is_asked_again_and_no_bar_is_left_out(
    tmp_path: Path,
) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.bar("100 101 99 100")
        await desk.send(limit("a-1", "95"))
        await desk.bar("100 101 94 100", told=False)
        desk.market.down = True
        desk.loop.call_later(62, setattr, desk.market, "down", False)
        await desk.bar("90 101 90 100")
        assert len([one for one in desk.market.asked if one[0] == START + MINUTE]) == 3
        assert desk.store.venue.book.fills[0].price == 95

    restarted(body, tmp_path)


def test_what_a_crash_left_of_a_row_did_not_happen(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.bar("100 101 99 100")
        await desk.send(limit("a-1", "80"))
        await desk.send(limit("a-2", "81"))
        await desk.store.close()
        path = tmp_path / "venue" / "venue.jsonl"
        path.write_bytes(path.read_bytes()[:-9])
        await desk.begin()
        open_ = [one.key for one in (await desk.snapshot()).facts if isinstance(one, OrderFact)]
        assert open_ == ["a-1"]
        await desk.bar("100 101 99 100")
        assert isinstance(await desk.send(limit("a-2", "81")), Acked)
        await desk.store.close()
        assert all(json.loads(line) for line in path.read_text().splitlines())

    restarted(body, tmp_path)


def test_a_damaged_file_is_refused_with_the_line(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.store.close()
        path = tmp_path / "venue" / "venue.jsonl"
        path.write_text(path.read_text() + "{]\n")
        with pytest.raises(VenueError, match="line 2: is no row; move the file aside"):
            await desk.begin()

    restarted(body, tmp_path)


def test_a_file_of_another_account_is_refused(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.store.close()
        desk._options["account"] = "paper-2"
        with pytest.raises(VenueError, match="is of account 'paper', not of 'paper-2'"):
            await desk.begin()

    restarted(body, tmp_path)


def test_a_second_venue_on_the_same_file_is_refused(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        first = await desk.begin()
        with pytest.raises(VenueError, match="another run trades this paper account"):
            await desk.begin()
        await first.close()
        await desk.begin()

    restarted(body, tmp_path)


def test_another_process_is_refused(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        code = (
            "import sys; from pathlib import Path; "
            "from atms.stores.sim.statefile import StateFile; "
            "StateFile(Path(sys.argv[1])).open()"
        )
        folder = str(tmp_path / "venue")
        found = subprocess.run(
            [sys.executable, "-c", code, folder], capture_output=True, text=True, check=False
        )  # fmt: skip
        assert "another run trades this paper account" in found.stderr

    restarted(body, tmp_path)


def test_an_order_that_cannot_be_written_is_not_placed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.bar("100 101 99 100")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", _full)
            outcome = await desk.send(ticket("a-1"))
        assert isinstance(outcome, NotSent)
        assert "make room" in outcome.why
        assert isinstance(await desk.send(ticket("a-1")), Acked)
        await desk.store.close()
        await desk.begin()
        assert len((await desk.snapshot()).facts) == 2  # the order and the balance

    restarted(body, tmp_path)


def test_a_fill_that_cannot_be_written_is_not_told_and_happens_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.bar("100 101 99 100")
        await desk.send(ticket("a-1"))
        with monkeypatch.context() as patch, pytest.raises(VenueError, match="make room"):
            patch.setattr(os, "fsync", _full)
            await desk.bar("102 103 99 100")
        with pytest.raises(Unreachable):
            await desk.snapshot()
        assert isinstance(await desk.send(ticket("a-2")), NotSent)
        await desk.store.close()
        await desk.begin()
        (fill,) = desk.store.venue.book.fills
        assert (fill.key, fill.price) == ("a-1", Decimal("102.0"))

    restarted(body, tmp_path)


def _full(descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_log_of_an_account_that_began_anew_says_what_is_lost(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.bar("100 101 99 100")
        await desk.send(ticket("a-1"))
        await desk.bar("100 101 99 100")
        cursor = (await desk.store.log(None, [])).next
        await desk.store.close()
        (tmp_path / "venue" / "venue.jsonl").unlink()
        await desk.begin()
        page = await desk.store.log(cursor, [])
        assert page.gap_until == desk.loop.now()
        assert page.facts == ()

    restarted(body, tmp_path)


@pytest.mark.parametrize("seed", range(3))
def test_a_book_made_of_its_rows_is_the_book_that_wrote_them(seed: int, tmp_path: Path) -> None:
    trader = on_paper(random_script(300 + seed), tmp_path)
    written = trader.store.venue.book
    trader.store.venue.open()
    read = trader.store.venue.book
    trader.store.venue.close()
    assert read is not written
    assert read.orders == written.orders
    assert read.fills == written.fills
    assert read.holdings.balances == written.holdings.balances
    assert {a: p.cash for a, p in read.purses.items()} == {
        a: p.cash for a, p in written.purses.items()
    }
    assert read.last == written.last
    assert read.traded.since(0.0) == written.traded.since(0.0)


def test_cancelling_is_remembered(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.bar("100 101 99 100")
        await desk.send(limit("a-1", "80"), limit("a-2", "81"), link="oco")
        request = Cancel(key="a-1", refs=frozenset())
        assert isinstance(await desk.store.transmit(await desk.store.prepare(request)), Acked)
        await desk.store.close()
        await desk.begin()
        for key in ("a-1", "a-2"):
            looked = await desk.store.lookup(key, frozenset(), START)
            assert isinstance(looked, Found)
            assert isinstance(looked.facts[0], OrderFact)
            assert looked.facts[0].state is State.CANCELED

    restarted(body, tmp_path)


def test_an_unpayable_order_is_refused_with_what_is_short(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.bar("100 101 99 100")
        outcome = await desk.send(ticket("a-1", qty=Decimal(150)))
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.FUNDS
        assert "USD 5000 short" in outcome.code

    restarted(body, tmp_path)


def test_an_order_made_late_meets_the_bar_after_the_one_that_has_begun(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.bar("100 101 99 100")
        await asyncio.sleep(9)
        await desk.send(ticket("a-1"))
        await asyncio.sleep(20)
        await desk.send(ticket("a-2"))
        await desk.bar("101 101 101 101")
        assert [(one.key, one.price) for one in desk.store.venue.book.fills] == [("a-1", 101)]
        await desk.bar("102 102 102 102")
        assert desk.store.venue.book.fills[1].price == 102

    restarted(body, tmp_path)


def test_latency_keeps_an_order_from_a_bar_that_began_too_early(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.begin()
        await desk.bar("100 101 99 100")
        await desk.send(ticket("a-1"))
        await desk.bar("101 101 101 101")
        assert desk.store.venue.book.fills == []
        await desk.bar("102 102 102 102")
        assert desk.store.venue.book.fills[0].price == 102

    restarted(body, tmp_path, models=SimModels(latency=timedelta(milliseconds=250)))

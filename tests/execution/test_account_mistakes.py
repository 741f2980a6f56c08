"""A store that raises what it may not: told, and the account goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from atms.execution.core.events import TellAccount, TellOrder
from atms.sandbox.simulation.venue.exchange import ExchangeStore
from atms.sandbox.simulation.venue.faults import Faults
from atms.stores.facts import Fact, Page, Snapshot
from atms.stores.outcomes import Looked, Outcome
from atms.stores.requests import Prepared, Refs, Request
from tests.execution.account_bench import Bench, bench, make

__all__ = ["bench", "make"]


# ---- a store that makes mistakes ---------------------------------------------------------------
class Faulty(ExchangeStore):
    """Raises what it may not, in the calls that are named."""

    broken: dict[str, Exception]

    def __init__(self, venue: Any) -> None:
        super().__init__(venue)
        self.broken = {}

    def _look(self, call: str) -> None:
        if call in self.broken:
            raise self.broken[call]

    async def prepare(self, request: Request) -> Prepared:
        self._look("prepare")
        return await super().prepare(request)

    async def transmit(self, prepared: Prepared) -> Outcome:
        self._look("transmit")
        return await super().transmit(prepared)

    async def lookup(self, key: str, refs: Refs, since: datetime) -> Looked:
        self._look("lookup")
        return await super().lookup(key, refs, since)

    async def log(self, after: str | None, instruments: Sequence[str]) -> Page:
        self._look("log")
        return await super().log(after, instruments)

    async def snapshot(self, instruments: Sequence[str]) -> Snapshot:
        self._look("snapshot")
        return await super().snapshot(instruments)

    async def facts(self) -> AsyncIterator[Fact]:  # type: ignore[override]
        async for fact in super().facts():
            self._look("facts")
            yield fact


def troubles(bench: Bench, what: str = "store_error") -> list[str]:
    """Return what the operator was told of a kind."""
    return [one.text for one in bench.told if isinstance(one, TellAccount) and one.what == what]


def test_what_cannot_be_prepared_for_a_mistake_in_the_store_is_rejected(
    make: Callable[..., Bench],
) -> None:
    bench = make(Faulty)
    bench.store.broken["prepare"] = KeyError("lotSize")
    bench.buy()
    bench.wait(5)
    (told,) = [word for word in bench.told if isinstance(word, TellOrder)]
    assert (told.status, told.code, told.why) == (
        "rejected", "NOT_SENT", "prepare: KeyError: 'lotSize'"
    )  # fmt: skip
    bench.store.broken.clear()
    bench.buy()
    bench.wait(5)
    assert bench.statuses[-1] == "completed"


@pytest.mark.parametrize("call", ["log", "snapshot"])
def test_a_mistake_in_a_read_is_told_once_and_the_read_repeated(
    make: Callable[..., Bench], call: str
) -> None:
    bench = make(Faulty)
    bench.store.broken[call] = TypeError("no float")
    bench.wait(120)
    assert troubles(bench) == [f"{call}: TypeError: no float"]
    bench.store.broken.clear()
    bench.buy()
    bench.wait(60)
    assert bench.statuses[-1] == "completed"
    bench.store.broken[call] = TypeError("no float")
    bench.wait(120)
    assert len(troubles(bench)) == 2


def test_a_mistake_in_a_look_up_leaves_the_order_in_doubt_until_it_goes_well(
    make: Callable[..., Bench],
) -> None:
    bench = make(Faulty)
    bench.venue.faults = Faults(drop_fact=1.0, lose_reply=1.0)
    bench.store.broken["lookup"] = RuntimeError("oops")
    bench.buy()
    bench.wait(40)
    assert bench.core.frozen(bench.instrument) is not None
    bench.venue.faults = Faults()
    bench.store.broken.clear()
    bench.wait(60)
    assert bench.statuses[-1] == "completed"


def test_a_mistake_while_sending_leaves_the_order_unknown(make: Callable[..., Bench]) -> None:
    bench = make(Faulty)
    bench.store.broken["transmit"] = ValueError("no json")
    bench.buy()
    bench.wait(2)
    assert bench.core.frozen(bench.instrument) is not None
    assert troubles(bench) == ["transmit: ValueError: no json"]


def test_a_stream_that_breaks_is_opened_again(make: Callable[..., Bench]) -> None:
    bench = make(Faulty)
    bench.store.broken["facts"] = ConnectionResetError("gone")
    bench.venue.faults = Faults()
    bench.buy()
    bench.wait(30)
    assert troubles(bench)
    links = [one.text for one in bench.told if isinstance(one, TellAccount) and one.what == "link"]
    assert "down the stream" in links
    assert bench.statuses[-1] == "completed"  # by the answer and the log
    bench.store.broken.clear()
    bench.wait(60)
    before = len(bench.told)
    bench.venue.trade(bench.instrument, Decimal(100), Decimal(1))
    bench.venue.faults = Faults(lose_reply=1.0)
    bench.buy()
    bench.wait(1)
    told = [one.status for one in bench.told[before:] if isinstance(one, TellOrder)]
    assert "completed" in told  # by the stream alone


def test_a_key_that_is_no_longer_taken_is_told_and_asked_less_and_less(
    make: Callable[..., Bench],
) -> None:
    bench = make(Faulty)
    asked = count_reads(bench)
    bench.venue.faults = Faults(auth_failed=1.0)
    bench.wait(600)
    assert troubles(bench, "refused") == ["log: AuthFailed: the key was not taken"]
    assert len(asked) < 40


def count_reads(bench: Bench) -> list[str]:
    """Return a list that grows with each read of the log."""
    asked: list[str] = []
    real = bench.store.log

    async def log(after: str | None, instruments: Sequence[str]) -> Page:
        asked.append("log")
        return await real(after, instruments)

    bench.store.log = log
    return asked

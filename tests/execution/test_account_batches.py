"""Events that come together: one commit, then what they bring, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from atms.errors import JournalError
from atms.execution.core.events import Event, Heard, Instruction, Persist, TellAccount, TellBooks
from atms.execution.core.records import CashBooked, encode
from atms.execution.core.step import Step
from atms.execution.driver.inbox import BATCH
from atms.sandbox.simulation.lives import Killed, MemoryJournal
from atms.stores.facts import CashFact
from tests.execution.account_bench import Bench, bench, make

__all__ = ["bench", "make"]


class Commits(MemoryJournal):
    """Keeps each commit; *full*: takes none any more."""

    full = False

    def __init__(self) -> None:
        super().__init__()
        self.commits: list[int] = []

    def append(self, bodies: Sequence[str]) -> int:
        if self.full:
            raise JournalError("journal.db: the disk is full")
        self.commits.append(len(bodies))
        return super().append(bodies)


@pytest.fixture
def commits(bench: Bench) -> Commits:
    bench.account._journal = journal = Commits()
    return journal


def cash(bench: Bench, number: int) -> Event:
    """Return a fact that is one record in the journal."""
    fact = CashFact(
        at=bench.loop.now(), id=f"cash:{number}", asset="USD", amount=Decimal(number),
        instrument=None, kind="deposit",
    )  # fmt: skip
    return Heard(fact=fact)


def feed(bench: Bench, count: int) -> None:
    for number in range(1, count + 1):
        bench.account.feed(cash(bench, number))


def booked(bench: Bench) -> list[int]:
    records = [one for one in bench.account._journal.records() if isinstance(one, CashBooked)]
    return [int(one.amount) for one in records]


def test_facts_that_come_together_share_one_commit(bench: Bench, commits: Commits) -> None:
    feed(bench, 20)
    assert commits.commits == []
    bench.wait(0)
    assert commits.commits == [20]
    assert booked(bench) == list(range(1, 21))


def test_a_batch_has_an_end(bench: Bench, commits: Commits) -> None:
    feed(bench, BATCH + 10)
    bench.wait(0)
    assert commits.commits == [BATCH, 10]


def test_facts_of_two_moments_are_two_commits(bench: Bench, commits: Commits) -> None:
    feed(bench, 1)
    bench.wait(0.001)
    bench.account.feed(cash(bench, 2))
    bench.wait(0.001)
    assert commits.commits == [1, 1]


def test_nothing_is_told_or_sent_before_the_commit_that_holds_all_of_it(
    bench: Bench, commits: Commits
) -> None:
    done: list[Instruction] = []
    bench.account._before = done.append
    feed(bench, 3)
    bench.wait(0)
    assert isinstance(done[0], Persist)
    assert len(done[0].records) == 3
    assert not any(isinstance(one, Persist) for one in done[1:])
    assert sum(isinstance(one, TellBooks) for one in done) == 1  # as all three leave them


def test_of_a_batch_that_cannot_be_written_nothing_is_done(bench: Bench, commits: Commits) -> None:
    bench.buy()
    bench.wait(0)
    told = len(bench.told)
    commits.full = True
    feed(bench, 3)
    bench.wait(30)
    assert [word.what for word in bench.told[told:] if isinstance(word, TellAccount)] == ["halted"]
    assert not any(isinstance(word, TellBooks) for word in bench.told[told:])
    assert booked(bench) == []


def test_what_dies_after_the_commit_has_all_of_it_and_books_it_once(
    make: Callable[..., Bench],
) -> None:
    first = make()

    def die(instruction: Instruction) -> None:
        if not isinstance(instruction, Persist):
            first.account.abandon(Killed())
            raise Killed

    first.account._before = die
    feed(first, 3)
    with pytest.raises(Killed):
        first.wait(0)
    assert booked(first) == [1, 2, 3]
    second = make(after=first)
    feed(second, 3)  # told again, as a venue may
    second.wait(0)
    assert booked(second) == [1, 2, 3]


def test_what_dies_before_the_commit_has_none_of_it(make: Callable[..., Bench]) -> None:
    first = make()

    def die(instruction: Instruction) -> None:
        first.account.abandon(Killed())
        raise Killed

    first.account._before = die
    feed(first, 3)
    with pytest.raises(Killed):
        first.wait(0)
    assert booked(first) == []


def test_an_event_that_cannot_be_handled_takes_nothing_from_the_others(
    bench: Bench, commits: Commits
) -> None:
    hear = bench.core.hear

    def broken(step: Step, event: Any) -> None:
        if event == cash(bench, 2):
            raise RuntimeError("cannot be handled")
        hear(step, event)

    bench.core.hear = broken  # type: ignore[method-assign]
    feed(bench, 4)
    with pytest.raises(RuntimeError, match="cannot be handled"):
        bench.wait(0)
    bench.wait(1)
    assert booked(bench) == [1, 3, 4]


def test_what_is_wanted_is_with_the_core_at_once_behind_what_came_before(
    bench: Bench, commits: Commits
) -> None:
    feed(bench, 2)
    bench.buy()
    assert commits.commits == [2]
    assert list(bench.core.owners)


def test_what_is_due_is_looked_at_once_for_all_that_comes_together(
    bench: Bench, commits: Commits
) -> None:
    looks: list[int] = []
    end = bench.core.end

    def counted(step: Step) -> list[Instruction]:
        looks.append(len(step.records))
        return end(step)

    bench.core.end = counted  # type: ignore[method-assign]
    feed(bench, 20)
    bench.wait(0)
    assert looks == [20]


def test_a_run_that_ends_keeps_what_it_had_heard(bench: Bench, commits: Commits) -> None:
    closing = bench.loop.create_task(bench.account.close())
    feed(bench, 2)
    bench.wait(1)
    assert closing.done()
    assert [line for line in commits.lines if "cash:2" in line] == [
        encode(one) for one in commits.records() if isinstance(one, CashBooked)
    ][1:]

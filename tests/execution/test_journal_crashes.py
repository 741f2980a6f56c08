"""What was told is there: after kill -9, a torn tail, a disk that is full or fails."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atms.errors import JournalError
from atms.execution.core.core import Core, Terms
from atms.execution.core.events import TellAccount, Wish, Wishes
from atms.execution.core.records import decode
from atms.execution.disk.journal import Journal
from atms.execution.disk.journal_file import told
from atms.execution.driver.account import Account
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.venue.exchange import ExchangeStore
from atms.sandbox.simulation.venue.profiles import PROFILES
from atms.sandbox.simulation.venue.truth import Venue
from atms.stores.requests import Kind, Ticket
from tests.execution import processes
from tests.execution.processes import ACCOUNT, Child, children, group


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "account"


@pytest.fixture
def start() -> Iterator[Callable[..., Child]]:
    with children() as starter:
        yield starter


# ---- killed, torn -------------------------------------------------------------------------------
def test_kill_9_loses_nothing_that_was_told_and_leaves_no_half(
    folder: Path, start: Callable[..., Child]
) -> None:
    drawn, checked = random.Random(11), 0
    for epoch in range(1, 21):
        child = start(processes.append_for_ever, folder, epoch)
        for _ in range(drawn.randint(1, 150)):  # a checkpoint comes about every 100
            told_last = child.hear()
        told_last = [told_last, *child.kill()][-1]
        with Journal.open(folder, ACCOUNT) as journal:
            assert journal.epoch == epoch
            assert journal.last >= told_last
            assert_whole(journal, after=checked)
            checked = journal.last
    with Journal.open(folder, ACCOUNT) as journal:
        assert_whole(journal)


def assert_whole(journal: Journal, after: int = 0) -> None:
    """Make sure that what stands behind *after* is whole groups, each as it was appended."""
    bodies = journal.bodies(after)
    for number, first in bodies:
        size = int(first.split()[1].partition("/")[2])
        rest = [body for _, body in itertools.islice(bodies, size - 1)]
        assert [first, *rest] == group(number - 1, size)


def test_a_killed_maker_leaves_nothing_in_the_way(folder: Path) -> None:
    half = folder / "journal.new"
    half.mkdir(parents=True)
    (half / "journal.db").write_bytes(b"SQLite format 3\0 and no more")
    with Journal.open(folder, ACCOUNT) as journal:
        journal.append(["one"])
    assert [path.name for path in folder.iterdir()] == ["journal.db"]


@pytest.mark.parametrize("before", [3, 150], ids=["in a new wal file", "in one that was turned"])
def test_a_torn_tail_loses_only_what_was_not_told(
    folder: Path, tmp_path: Path, start: Callable[..., Child], before: int
) -> None:
    kept = [body for number in range(before) for body in group(number, 3)]
    child = start(processes.append_when_asked, folder)
    for number in range(before):
        child.say(group(number, 3))
        child.hear()
    old, wal = part(folder, "journal.db"), part(folder, "journal.db-wal")
    child.say(group(before, 4))
    child.hear()
    new = part(folder, "journal.db-wal")
    child.kill()
    assert len(old) > 4096
    for torn, what in tears(wal, new):
        bodies = read_back(tmp_path / "torn", old, torn)
        assert bodies in (kept, kept + group(before, 4)), what
    assert read_back(tmp_path / "torn", old, new) == kept + group(before, 4)


def part(folder: Path, name: str = "journal.db") -> bytes:
    return (folder / name).read_bytes()


def tears(old: bytes, new: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield *new* with damage where it differs from *old*, and *old* with garbage behind it."""
    padded = old.ljust(len(new), b"\0")
    first = next(place for place in range(len(new)) if padded[place] != new[place])
    last = next(place for place in reversed(range(len(new))) if padded[place] != new[place]) + 1
    drawn = random.Random(5)
    for cut in [first, first + 1, *drawn.sample(range(first, last), 12), last - 1]:
        yield new[:cut] + padded[cut:], f"stopped at {cut}"
        yield new[:cut], f"cut at {cut}"
        yield new[:cut] + drawn.randbytes(8) + new[cut + 8 :], f"altered at {cut}"
    yield new[: last - 4096] + bytes(4096) + new[last:], "the last page is zeros"
    yield new[:last] + drawn.randbytes(9000), "garbage behind it"
    yield old + drawn.randbytes(9000), "garbage alone"


def read_back(place: Path, database: bytes, wal: bytes) -> list[str]:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / "journal.db").write_bytes(database)
    (place / "journal.db-wal").write_bytes(wal)
    with Journal.open(place, ACCOUNT) as journal:
        found = [body for _, body in journal.bodies()]
        journal.append(["goes on"])
    return found


# ---- what was told is torn all the same ---------------------------------------------------------
class Process:
    """One that trades by a journal on disk, at a venue that outlives it."""

    def __init__(self, folder: Path, venue: Venue, loop: VirtualLoop) -> None:
        self.folder, self.venue, self.loop = folder, venue, loop
        self.journal = Journal.open(folder, ACCOUNT)
        self.instrument = next(iter(venue.instruments))
        self.told: list[Any] = []
        records = [decode(body) for _, body in self.journal.bodies()]
        terms = Terms(journal=self.journal.id, instruments=(self.instrument,))
        self.core = Core(terms, records)
        self.account = Account(
            self.core, ExchangeStore(venue), self.journal, loop=loop, now=loop.now,
            tell=self.told.append,
        )  # fmt: skip
        self.account.spawn(self.account.run(None))
        loop.turn(lambda: False, 60)

    def buy(self, limit: str) -> None:
        ticket = Ticket(
            key="", instrument=self.instrument, side=1, qty=Decimal(1), kind=Kind.LIMIT,
            limit=Decimal(limit),
        )  # fmt: skip
        self.account.feed(Wishes(wishes=(Wish(tickets=(ticket,), tags=(7,)),)))
        self.loop.turn(lambda: False, 5)

    def end(self) -> None:
        self.account.abandon(RuntimeError("killed"))
        self.venue.sever()
        self.loop.turn(lambda: False, 0)
        self.journal.close()

    def notices(self, what: str) -> list[str]:
        return [one.text for one in self.told if isinstance(one, TellAccount) and one.what == what]


@pytest.fixture
def torn(folder: Path, tmp_path: Path) -> Iterator[Callable[[Callable[..., bytes]], Process]]:
    """Let a process order, lose what its journal was told of it, and start the next one."""
    loop = VirtualLoop(datetime(2026, 1, 1, tzinfo=UTC))
    venue = PROFILES["binance"].venue(clock=loop.now, source=random.Random(1))
    venue.trade(next(iter(venue.instruments)), Decimal(100), Decimal(10))
    alive: list[Process] = []

    def start(tear: Callable[[bytes, bytes], bytes]) -> Process:
        first = Process(folder, venue, loop)
        first.buy("80")
        before = part(folder, "journal.db-wal")
        first.buy("90")
        assert len(venue.by_key) == 2
        second = tmp_path / "torn"
        second.mkdir()
        (second / "journal.db").write_bytes(part(folder))
        (second / "journal.db-wal").write_bytes(tear(before, part(folder, "journal.db-wal")))
        first.end()
        alive.append(Process(second, venue, loop))
        return alive[-1]

    yield start
    for one in alive:
        one.end()
    loop.close()


def place_of(old: bytes, new: bytes) -> int:
    return next(at for at in range(len(new)) if old[at : at + 1] != new[at : at + 1])


TEARS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "cut": lambda old, new: new[: place_of(old, new)],
    "cut in a page": lambda old, new: new[: place_of(old, new) + 2048],
    "a page of zeros": lambda old, new: (
        new[: place_of(old, new)] + bytes(4096) + new[place_of(old, new) + 4096 :]
    ),
    "zeros to the end": lambda old, new: new[: place_of(old, new)].ljust(len(new), b"\0"),
}


@pytest.mark.parametrize("how", TEARS)
def test_an_order_of_which_a_torn_journal_knows_nothing_is_told_and_not_made_again(
    torn: Callable[..., Process], how: str
) -> None:
    """A disk that loses what it had said to be on it looks like one that was never told.

    The journal opens with what is whole. What the venue shows of the rest is told, with our key:
    it may be taken back by hand. New keys are of a new epoch, which is not in the -wal file.
    """
    process = torn(TEARS[how])
    assert process.core.ready
    keys = sorted(process.venue.by_key)
    assert [one.key for one in process.core.state.open_orders()] == keys[:1]
    (text,) = process.notices("foreign_order")
    assert text == f"order {keys[1]} has our key and is not in the journal: working"
    process.buy("70")
    assert len(process.venue.by_key) == 3
    assert all(len(orders) == 1 for orders in process.venue.by_key.values())
    assert process.journal.epoch == 2


@pytest.mark.parametrize("how", TEARS)
def test_what_such_an_order_fills_is_in_the_books(torn: Callable[..., Process], how: str) -> None:
    process = torn(TEARS[how])
    process.venue.trade(process.instrument, Decimal(85), Decimal(10))
    process.loop.turn(lambda: False, 120)
    assert process.core.state.books.qty(process.instrument) == 1


def test_an_epoch_outlives_the_loss_of_the_wal_file(
    folder: Path, start: Callable[..., Child]
) -> None:
    child = start(processes.append_when_asked, folder)
    child.say(["lost with the file"])
    assert child.hear() == 1
    child.kill()
    (folder / "journal.db-wal").unlink()
    with Journal.open(folder, ACCOUNT) as journal:
        assert (journal.epoch, journal.last) == (1, 0)


# ---- writes that fail ---------------------------------------------------------------------------
def test_nothing_of_a_failed_append_is_there_and_no_more_is_taken(
    folder: Path, start: Callable[..., Child]
) -> None:
    child = start(processes.append_to_a_full_disk, folder)
    assert "the disk failed or is full; see to it and start again" in child.hear()
    assert "takes no more since a write failed" in child.hear()
    assert child.hear() == [(1, "kept")]
    assert child.hear() == [(1, "kept")]  # opened again
    assert child.hear() == 2


SYNC_FAILS_ON_A_FLAG = """\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
int fdatasync(int file)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    if (access(getenv("FLAG"), F_OK)) return real(file);
    errno = EIO;
    return -1;
}
"""
APPEND_WHILE_SYNC_FAILS = """
import os, sys
from pathlib import Path
from atms.execution.disk.journal import Journal
from tests.execution.processes import ACCOUNT, said_of
journal = Journal.open(Path(sys.argv[1]), ACCOUNT)
journal.append(["kept"])
Path(os.environ["FLAG"]).touch()
print(said_of(journal.append, ["lost"]), list(journal.bodies()), flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="needs Linux and a C compiler"
)
def test_what_could_not_be_synced_is_not_there_after_a_kill(folder: Path, workdir: Path) -> None:
    (workdir / "fails.c").write_text(SYNC_FAILS_ON_A_FLAG)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "fails.so", "fails.c", "-ldl"], check=True)
    done = subprocess.run(
        [sys.executable, "-c", APPEND_WHILE_SYNC_FAILS, str(folder)],
        env={
            **os.environ,
            "LD_PRELOAD": str(workdir / "fails.so"),
            "FLAG": str(workdir / "flag"),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert "the disk failed or is full" in done.stdout
    assert done.stdout.endswith(" [(1, 'kept')]\n")
    with Journal.open(folder, ACCOUNT) as journal:
        assert list(journal.bodies()) == [(1, "kept")]


def test_a_journal_that_could_not_be_made_is_made_when_there_is_room(
    folder: Path, start: Callable[..., Child]
) -> None:
    assert "the disk failed or is full" in start(processes.make_on_a_full_disk, folder).hear()
    assert not (folder / "journal.db").exists()
    with Journal.open(folder, ACCOUNT) as journal:
        assert journal.append(["one"]) == 1


def test_sqlites_word_for_a_full_disk_is_told_as_one() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA max_page_count = 2")
    with pytest.raises(JournalError, match="the disk is full; make room"), told(Path("j")):
        connection.execute("CREATE TABLE one (a)")
        connection.execute("CREATE TABLE two (a)")
    connection.close()


@pytest.mark.parametrize("name", ["journal.db", "journal.db-wal"])
def test_a_file_removed_while_in_use_stops_the_journal(folder: Path, name: str) -> None:
    with Journal.open(folder, ACCOUNT) as journal:
        journal.append(["one"])
        (folder / name).rename(folder / "elsewhere")
        with pytest.raises(JournalError, match="was removed or replaced while in use"):
            journal.append(["into nothing"])
        (folder / "elsewhere").rename(folder / name)
        with pytest.raises(JournalError, match="takes no more since a write failed"):
            journal.append(["two"])

"""A SQLite file that is damaged, is something else, or cannot be written."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atms.errors import LedgerError
from atms.ledger import check_balances, list_runs, upgrade
from atms.result import Result
from atms.syncing import sync
from tests.ledger.filling import fill, snapshot
from tests.ledger.making import file, on
from tests.ledger.processes import at_once
from tests.ledger.raw import count, execute
from tests.ledger.refusing import ENTRIES, Entry
from tests.ledger.work import as_nobody

URL = "sqlite:///atms.db"
PAGE = 4096
_noise = random.Random(3)
WITH_TABLES = {name: entry for name, entry in ENTRIES.items() if name != "read_bars"}


_made: list[bytes] = []


@pytest.fixture
def whole(result: Result) -> bytes:
    """A ledger's file with rows in every table, made once; it stands there as atms.db."""
    if _made:
        put(_made[0])
    else:
        upgrade(URL)
        fill(URL, result)
        # A figure to be found in the file.
        execute(URL, "UPDATE fill_fees SET amount = '-0.25' WHERE asset = 'BNB'")
        _made.append(Path("atms.db").read_bytes())
    return _made[0]


def put(content: bytes) -> None:
    """Let atms.db be *content*, with nothing left over of its log."""
    for name in ("atms.db-wal", "atms.db-shm", "atms.db-journal"):
        Path(name).unlink(missing_ok=True)
    Path("atms.db").write_bytes(content)


# ---- damaged ------------------------------------------------------------------------------------
NO_DATABASE: dict[str, Callable[[bytes], bytes]] = {
    "a text": lambda whole: b"this is no database, whatever its name says\n" * 50,
    "noise": lambda whole: _noise.randbytes(8 * PAGE),
    "a header of noise": lambda whole: _noise.randbytes(100) + whole[100:],
    "another magic word": lambda whole: b"SQLite format 4\0" + whole[16:],
}
DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "a header before noise": lambda whole: whole[:100] + _noise.randbytes(len(whole) - 100),
    "a first page before noise": lambda whole: whole[:PAGE] + _noise.randbytes(len(whole) - PAGE),
    "cut off after a page": lambda whole: whole[:PAGE],
    "pages of zeros": lambda whole: whole[:PAGE] + bytes(len(whole) - PAGE),
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
@pytest.mark.parametrize("damage", [*NO_DATABASE.values(), *DAMAGED.values()],
                         ids=[*NO_DATABASE, *DAMAGED])  # fmt: skip
def test_a_damaged_file_is_named_with_the_way_out_and_left_as_it_is(
    whole: bytes, result: Result, damage: Callable[[bytes], bytes], entry: Entry
) -> None:
    damaged = damage(whole)
    put(damaged)
    words = (
        r"ledger sqlite:///atms\.db: .*(not a database|malformed).*; .*move it away; .*runs sync"
    )
    with pytest.raises(LedgerError, match=words) as caught:
        entry(URL, result)
    assert "\n" not in str(caught.value)
    assert Path("atms.db").read_bytes() == damaged


def other(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Return a damage that writes *new* over *old*."""
    assert len(old) == len(new)
    return lambda whole: whole.replace(old, new)


def a_block_damaged(whole: bytes) -> bytes:
    """Return the file with bytes in the middle of a block of bars changed."""
    at = whole.index(b"funding") + 40
    return whole[:at] + b"\xff" * 400 + whole[at + 400 :]


UNNOTICED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    # SQLite says which word of its schema it cannot read, in bytes that are no text.
    "a schema": ("upgrade", other(b"CREATE TABLE runs", b"CREATE \x93\x94\x95LE runs")),
    "a document": ("list_runs", other(b'{"start_value"', b'["start_value"')),
    "a text": ("list_runs", other(b'{"start_value"', b'{"start_val\xff\xfe"')),
    "a decimal": ("check_balances", other(b"-0.25", b"-0.x5")),
    "a block read": ("read_bars", a_block_damaged),
    "a block written": ("write_bars", a_block_damaged),
}


@pytest.mark.parametrize(("entry", "damage"), UNNOTICED.values(), ids=UNNOTICED)
def test_damage_that_sqlite_does_not_notice_is_named_with_the_way_out(
    whole: bytes, result: Result, entry: str, damage: Callable[[bytes], bytes]
) -> None:
    put(damage(whole))
    assert Path("atms.db").read_bytes() != whole
    entries = {**ENTRIES, "check_balances": lambda url, _: check_balances(url)}
    with pytest.raises(LedgerError, match=r"ledger sqlite:///atms\.db: .*move it away"):
        entries[entry](URL, result)


@pytest.mark.parametrize("entry", WITH_TABLES.values(), ids=WITH_TABLES)
def test_noise_in_any_page_is_an_error_of_the_ledger_or_does_not_matter(
    whole: bytes, result: Result, entry: Entry
) -> None:
    for page in range(1, len(whole) // PAGE):
        start = page * PAGE
        put(whole[:start] + _noise.randbytes(PAGE) + whole[start + PAGE :])
        try:
            entry(URL, result)
        except LedgerError as error:
            assert "move it away" in str(error)


def test_a_damaged_ledger_is_moved_away_and_filled_from_the_folders(
    whole: bytes, result: Result
) -> None:
    put(whole[:PAGE] + bytes(len(whole) - PAGE))
    with pytest.raises(LedgerError, match="the run's files are kept in"):
        on(result, URL).save()
    Path("atms.db").rename("damaged.db")
    assert [folder.name for folder in sync(Path("runs"), URL).filed] == [result.id]
    assert [row["id"] for row in list_runs(URL)] == [result.id]


def test_an_empty_file_is_a_new_ledger(result: Result) -> None:
    Path("atms.db").touch()
    assert list_runs(URL) == []
    assert file(result, URL)
    assert count(URL, "runs") == 1


# ---- not a file, or not to be written -----------------------------------------------------------
@pytest.mark.parametrize("entry", WITH_TABLES.values(), ids=WITH_TABLES)
def test_a_folder_in_the_place_of_the_file_is_refused(result: Result, entry: Entry) -> None:
    Path("atms.db").mkdir()
    with pytest.raises(LedgerError, match=r"atms\.db: unable to open database file; does its"):
        entry(URL, result)


def test_a_file_in_a_folder_that_is_not_there_is_refused(result: Result) -> None:
    assert list_runs("sqlite:///absent/atms.db") == []
    with pytest.raises(LedgerError, match=r"unable to open database file; does its folder exist"):
        file(result, "sqlite:///absent/atms.db")
    assert not Path("absent").exists()


@pytest.fixture
def folder(result: Result) -> Iterator[Path]:
    """A folder that others may look into and not write, with a run's files in it."""
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        section = result.config.ledger.model_copy(update={"enabled": False})
        config = result.config.model_copy(update={"ledger": section})
        type(result)(**{**vars(result), "config": config}).save(made / "run")
        yield made
        made.chmod(0o755)


def in_a_folder_that_only_reads(folder: Path) -> tuple[str, str]:
    """Return what listing and filing say there."""
    (folder / "run").chmod(0o755)
    folder.chmod(0o555)
    (said,) = at_once((as_nobody, f"sqlite:///{folder}/atms.db", str(folder / "run")))
    listing, filing = said
    return str(listing), str(filing)


def test_a_new_ledger_in_a_folder_that_cannot_be_written_is_refused(folder: Path) -> None:
    listing, filing = in_a_folder_that_only_reads(folder)
    assert listing == ""
    assert "unable to open database file; does its folder exist, and can it be written?" in filing
    assert [path.name for path in folder.iterdir()] == ["run"]


def test_a_ledger_in_a_folder_that_cannot_be_written_is_read_and_not_written(
    folder: Path, result: Result
) -> None:
    url = f"sqlite:///{folder}/atms.db"
    upgrade(url)
    fill(url, result)
    rows = snapshot(url)
    listing, filing = in_a_folder_that_only_reads(folder)
    assert listing == ""
    assert "the file or its folder cannot be written" in filing
    assert snapshot(url) == rows

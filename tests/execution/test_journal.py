"""The journal gives back what it took, counts its epochs, and refuses what is not its own."""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from atms.errors import AtmsError, JournalError
from atms.execution.disk.journal import Journal
from tests.execution import processes
from tests.execution.processes import ACCOUNT, NOW, Child, children


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "account"


@pytest.fixture
def start() -> Iterator[Callable[..., Child]]:
    with children() as starter:
        yield starter


def filled(folder: Path, count: int = 300) -> list[tuple[int, str]]:
    """Make a journal of some pages, closed; return what is in it."""
    with Journal.open(folder, ACCOUNT) as journal:
        journal.append([f"body {number} " + "x" * 200 for number in range(count)])
        return list(journal.bodies())


def part(folder: Path, name: str = "journal.db") -> bytes:
    return (folder / name).read_bytes()


def overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


# ---- what it keeps ------------------------------------------------------------------------------
def test_what_was_appended_is_read_in_order_after_reopening(folder: Path) -> None:
    bodies = ["one", "", 'Größe "2"', "line\nline\0end"]
    with Journal.open(folder, ACCOUNT) as journal:
        assert journal.append(bodies[:3]) == 3
        assert journal.append(bodies[3:]) == 4
    with Journal.open(folder, ACCOUNT) as journal:
        assert list(journal.bodies()) == list(enumerate(bodies, 1))
        assert journal.last == 4


def test_bodies_after_a_number_are_those_behind_it(folder: Path) -> None:
    filled(folder, 2500)
    with Journal.open(folder, ACCOUNT) as journal:
        assert [number for number, _ in journal.bodies(after=990)] == list(range(991, 2501))
        assert list(journal.bodies(after=2500)) == []


def test_appending_nothing_does_nothing(folder: Path) -> None:
    with Journal.open(folder, ACCOUNT) as journal:
        journal.append(["one"])
        assert journal.append([]) == 1
        assert list(journal.bodies()) == [(1, "one")]


def test_entries_may_be_appended_while_others_are_read(folder: Path) -> None:
    filled(folder, 1500)
    with Journal.open(folder, ACCOUNT) as journal:
        reading = journal.bodies()
        assert next(reading)[0] == 1
        journal.append(["last"])
        assert [*reading][-1] == (1501, "last")


def test_a_text_that_no_file_can_hold_leaves_the_journal_as_it_was(folder: Path) -> None:
    with Journal.open(folder, ACCOUNT) as journal:
        with pytest.raises(ValueError, match="surrogates"):
            journal.append(["good", "\ud800"])
        assert journal.append(["one"]) == 1


def test_the_id_is_made_once_with_the_file(folder: Path, tmp_path: Path) -> None:
    with Journal.open(folder, ACCOUNT) as first, Journal.open(tmp_path / "b", ACCOUNT) as other:
        assert re.fullmatch("[a-z0-9]{6}", first.id)
        assert first.id != other.id
    with Journal.open(folder, ACCOUNT) as again:
        assert again.id == first.id


def test_the_folder_and_its_files_are_for_their_user_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        with Journal.open(folder, ACCOUNT) as journal:
            journal.append(["one"])
            modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("journal.db", "journal.db-wal", "journal.db-shm"), 0o600)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_journal_opened_by_one_thread_is_used_by_another(folder: Path) -> None:
    with Journal.open(folder, ACCOUNT) as journal:
        thread = threading.Thread(target=journal.append, args=(["one"],))
        thread.start()
        thread.join()
        assert list(journal.bodies()) == [(1, "one")]


def test_every_append_is_synced_whole(folder: Path) -> None:
    with Journal.open(folder, ACCOUNT) as journal:
        pragmas = [
            journal._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "fullfsync")
        ]
    assert pragmas == ["wal", 2, 1]  # 2 is FULL


# ---- epochs -------------------------------------------------------------------------------------
def test_each_begin_raises_the_epoch_by_one(folder: Path) -> None:
    with Journal.open(folder, ACCOUNT) as journal:
        assert journal.epoch == 0
        assert (journal.begin(NOW), journal.epoch) == (1, 1)
    with Journal.open(folder, ACCOUNT) as journal:
        assert journal.epoch == 1
        assert (journal.begin(NOW), journal.epoch) == (2, 2)


def test_an_epoch_keeps_its_time_in_utc(folder: Path) -> None:
    with Journal.open(folder, ACCOUNT) as journal:
        journal.begin(datetime(2024, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2))))
        with pytest.raises(ValueError, match="no time zone"):
            journal.begin(NOW.replace(tzinfo=None))
    connection = sqlite3.connect(folder / "journal.db")
    ((at,),) = connection.execute("SELECT at FROM epoch").fetchall()
    connection.close()
    assert datetime.fromisoformat(at) == NOW
    assert datetime.fromisoformat(at).tzinfo == UTC


def test_who_has_an_older_epoch_can_append_no_more(folder: Path) -> None:
    with Journal.open(folder, ACCOUNT) as old, Journal.open(folder, ACCOUNT) as new:
        old.append(["old"])
        with pytest.raises(JournalError):  # it knows the old one's entry no more than its epoch
            new.append(["new"])
    with Journal.open(folder, ACCOUNT) as old, Journal.open(folder, ACCOUNT) as new:
        new.begin(NOW)
        with pytest.raises(JournalError, match=r"epoch 1 has begun, this is 0.*end this one"):
            old.append(["late"])
        new.append(["new"])
        assert [body for _, body in new.bodies()] == ["old", "new"]


# ---- refusals -----------------------------------------------------------------------------------
def test_a_journal_of_another_account_is_refused_by_both_names(folder: Path) -> None:
    filled(folder)
    with pytest.raises(JournalError, match=f"is of account '{ACCOUNT}', not of 'venue:live:2'"):
        Journal.open(folder, "venue:live:2")


def test_a_journal_error_is_exit_code_4() -> None:
    assert issubclass(JournalError, AtmsError)
    assert JournalError.exit_code == 4


@pytest.mark.parametrize("content", [b"", b"no database at all " * 300], ids=["empty", "text"])
def test_a_file_that_is_no_journal_is_refused_with_the_way_out(
    folder: Path, content: bytes
) -> None:
    folder.mkdir(parents=True)
    (folder / "journal.db").write_bytes(content)
    with pytest.raises(
        JournalError, match=r"aside, keep them, and start again.*what the venue has"
    ):
        Journal.open(folder, ACCOUNT)
    assert part(folder) == content


def test_another_programs_database_is_refused_and_left_as_it_was(folder: Path) -> None:
    folder.mkdir(parents=True)
    connection = sqlite3.connect(folder / "journal.db")
    connection.execute("CREATE TABLE theirs (a)")
    connection.commit()
    connection.close()
    before = part(folder)
    with pytest.raises(JournalError, match="its head is no journal's"):
        Journal.open(folder, ACCOUNT)
    assert part(folder) == before


def test_a_journal_of_a_later_schema_is_refused(folder: Path) -> None:
    filled(folder)
    connection = sqlite3.connect(folder / "journal.db")
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(JournalError, match=r"schema 9, this one knows 1.*use that version"):
        Journal.open(folder, ACCOUNT)


@pytest.mark.parametrize("page", [3, 5, -1])
def test_a_page_of_zeros_is_found_when_the_journal_is_opened(folder: Path, page: int) -> None:
    filled(folder)
    size = (folder / "journal.db").stat().st_size
    overwrite(folder / "journal.db", page * 4096 % size, bytes(4096))
    with pytest.raises(JournalError, match=r"is damaged: .+; move it and its -wal"):
        Journal.open(folder, ACCOUNT)


def test_a_file_cut_short_is_found_when_the_journal_is_opened(folder: Path) -> None:
    filled(folder)
    os.truncate(folder / "journal.db", (folder / "journal.db").stat().st_size - 4096)
    with pytest.raises(JournalError, match=r"is damaged: .+; move it and its -wal"):
        Journal.open(folder, ACCOUNT)


def test_an_altered_body_is_found_when_it_is_read(folder: Path) -> None:
    filled(folder)
    overwrite(folder / "journal.db", part(folder).index(b"body 200 ") + 5, b"9")
    lost = pytest.raises(JournalError, match="entry 201 is lost or altered")
    with Journal.open(folder, ACCOUNT) as journal, lost:
        list(journal.bodies())


def test_a_missing_entry_is_found_when_its_neighbours_are_read(folder: Path) -> None:
    filled(folder)
    connection = sqlite3.connect(folder / "journal.db")
    connection.execute("DELETE FROM entry WHERE number = 7")
    connection.commit()
    connection.close()
    lost = pytest.raises(JournalError, match="entry 7 is lost or altered")
    with Journal.open(folder, ACCOUNT) as journal, lost:
        list(journal.bodies())


def test_no_new_journal_is_made_beside_a_wal_file_that_is_left(
    folder: Path, start: Callable[..., Child]
) -> None:
    child = start(processes.append_when_asked, folder)
    child.say(["one"])
    child.hear()
    child.kill()
    (folder / "journal.db").unlink()
    with pytest.raises(JournalError, match="it is gone, and its -wal file is there"):
        Journal.open(folder, ACCOUNT)


@pytest.mark.parametrize("mode", [0o555, 0o777], ids=["nor the folder", "the file alone"])
def test_a_user_without_the_right_to_write_is_told(start: Callable[..., Child], mode: int) -> None:
    with tempfile.TemporaryDirectory() as made:  # pytest's own folders nobody else may enter
        folder = Path(made) / "state"
        filled(folder)
        (folder / "journal.db").chmod(0o444)
        folder.chmod(mode)
        Path(made).chmod(0o755)
        said = start(processes.open_without_right, folder).hear()
        folder.chmod(0o755)
    assert "may not be written; give this user the right" in said


def test_a_folder_that_cannot_be_made_is_told(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file")
    with pytest.raises(JournalError, match="account: File exists: choose another"):
        Journal.open(folder, ACCOUNT)


def test_a_closed_journal_takes_and_gives_nothing(folder: Path) -> None:
    journal = Journal.open(folder, ACCOUNT)
    journal.close()
    journal.close()
    for work in (lambda: journal.append(["one"]), lambda: list(journal.bodies())):
        with pytest.raises(JournalError, match="is closed; open it again"):
            work()

"""One process an account: whoever holds it, however it ends, whatever becomes of the files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from atms.errors import JournalError
from atms.execution.disk import lease as module
from atms.execution.disk.lease import Lease, LeaseHeld, LeaseLost
from tests.execution import processes
from tests.execution.processes import ACCOUNT, NOBODY, Child, children

Start = Callable[..., Child]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "account"


@pytest.fixture
def start() -> Iterator[Start]:
    with children() as starter:
        yield starter


def holding(start: Start, folder: Path, **how: Any) -> Child:
    """Start a process, and wait until it holds the lease."""
    child = start(processes.hold, folder, *how.values())
    assert child.hear() == "held"
    return child


def change(folder: Path, **to: object) -> None:
    """Write other values into lease.json."""
    words = folder / "lease.json"
    words.write_text(json.dumps({**json.loads(words.read_text()), **to}))


def refused(start: Start, folder: Path) -> bool:
    """Return whether another process is refused because of this one."""
    racer = start(processes.try_to_take, folder)
    racer.say("go")
    assert racer.hear() == "ready"
    return f"process {os.getpid()} on" in racer.hear()


# ---- one at a time ------------------------------------------------------------------------------
def test_a_second_process_is_refused_and_told_who_has_it_since_when(
    folder: Path, start: Start
) -> None:
    child = holding(start, folder)
    with pytest.raises(LeaseHeld) as caught:
        Lease.take(folder, ACCOUNT)
    holder = caught.value.holder
    assert holder is not None
    assert holder.pid == child.pid
    assert abs(datetime.fromisoformat(holder.since) - datetime.now(UTC)).total_seconds() < 60
    assert f"account {ACCOUNT}: process {child.pid} on " in str(caught.value)
    assert f"has it since {holder.since}; end it (python -m atms stop), or take over" in str(
        caught.value
    )
    assert isinstance(caught.value, JournalError)


def test_of_processes_that_take_at_once_one_gets_it(folder: Path, start: Start) -> None:
    racers = [start(processes.try_to_take, folder) for _ in range(8)]
    assert [racer.hear() for racer in racers] == ["ready"] * 8
    for racer in racers:
        racer.say("go")
    assert sorted(racer.hear() == "" for racer in racers) == [False] * 7 + [True]


def test_one_process_does_not_get_it_twice_and_keeps_it(folder: Path, start: Start) -> None:
    with Lease.take(folder, ACCOUNT) as lease:
        for takeover in (False, True):
            with pytest.raises(LeaseHeld, match="this process has it already"):
                Lease.take(folder, ACCOUNT, takeover=takeover)
        assert refused(start, folder)
        lease.check()


def test_two_accounts_are_held_by_one_process(folder: Path, tmp_path: Path) -> None:
    with Lease.take(folder, ACCOUNT) as one, Lease.take(tmp_path / "b", "other") as other:
        one.check()
        other.check()


def test_its_files_are_for_their_user_alone(folder: Path) -> None:
    with Lease.take(folder, ACCOUNT):
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == {"lease.lock": 0o600, "lease.json": 0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


# ---- its end ------------------------------------------------------------------------------------
def test_a_released_lease_can_be_taken(folder: Path) -> None:
    lease = Lease.take(folder, ACCOUNT)
    lease.release()
    lease.release()
    assert [path.name for path in folder.iterdir()] == ["lease.lock"]
    with Lease.take(folder, ACCOUNT) as again:
        again.check()


def test_a_holder_killed_by_9_has_it_no_more(folder: Path, start: Start) -> None:
    holding(start, folder).kill()
    with Lease.take(folder, ACCOUNT) as lease:
        assert lease.holder.pid == os.getpid()
        lease.check()


@pytest.mark.parametrize("releases", [False, True])
def test_a_forked_child_has_no_lease_and_can_give_none_up(
    folder: Path, start: Start, releases: bool
) -> None:
    parent = start(processes.hold_with_a_child, folder, releases)
    orphan, said = parent.hear()
    try:
        assert f"is process {parent.pid}'s, of which this is a child" in said
        with pytest.raises(LeaseHeld, match=f"process {parent.pid} on"):
            Lease.take(folder, ACCOUNT)
    finally:
        os.kill(orphan, signal.SIGKILL)


def test_a_forked_child_does_not_keep_the_lease_of_its_dead_parent(
    folder: Path, start: Start
) -> None:
    parent = start(processes.hold_with_a_child, folder, False)
    orphan, _ = parent.hear()
    try:
        os.kill(parent.pid, signal.SIGKILL)
        assert parent.end_of() == -signal.SIGKILL
        with Lease.take(folder, ACCOUNT) as lease:
            assert psutil.Process(orphan).is_running()
            lease.check()
    finally:
        os.kill(orphan, signal.SIGKILL)


def test_a_started_program_does_not_get_the_descriptor(folder: Path) -> None:
    look = "import os, sys; os.fstat(int(sys.argv[1]))"
    with Lease.take(folder, ACCOUNT) as lease:
        done = subprocess.run(
            [sys.executable, "-c", look, str(lease.holder.descriptor)],
            close_fds=False,
            capture_output=True,
            text=True,
            check=False,
        )
    assert "Bad file descriptor" in done.stderr


def test_a_process_that_becomes_another_program_may_take_it_again(
    folder: Path, tmp_path: Path, start: Start
) -> None:
    child = start(processes.hold_across_an_exec, folder, tmp_path / "told")
    assert child.end_of() == 0
    assert (tmp_path / "told").read_text() == str(child.pid)


# ---- takeover -----------------------------------------------------------------------------------
def test_a_takeover_ends_the_holder_and_takes(folder: Path, start: Start) -> None:
    child = holding(start, folder)
    with Lease.take(folder, ACCOUNT, takeover=True) as lease:
        assert child.end_of() == -signal.SIGTERM
        assert lease.holder.pid == os.getpid()
        lease.check()


@pytest.mark.parametrize("how", ["deaf", "and stopped"])
def test_a_holder_that_is_deaf_to_sigterm_is_killed(
    folder: Path, start: Start, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(module, "_TERM_SECONDS", 0.1)
    child = holding(start, folder, deaf=True)
    if how == "and stopped":
        os.kill(child.pid, signal.SIGSTOP)
    with Lease.take(folder, ACCOUNT, takeover=True) as lease:
        assert child.end_of() == -signal.SIGKILL
        lease.check()


def test_a_holder_whose_parent_never_asks_for_it_has_ended_all_the_same(
    folder: Path, start: Start
) -> None:
    held = start(processes.hold_in_a_child, folder).hear()
    with Lease.take(folder, ACCOUNT, takeover=True) as lease:
        assert psutil.Process(held).status() == psutil.STATUS_ZOMBIE
        lease.check()


def test_a_takeover_where_nobody_holds_it_takes(folder: Path, start: Start) -> None:
    holding(start, folder).kill()
    with Lease.take(folder, ACCOUNT, takeover=True) as lease:
        lease.check()


def test_a_process_that_got_the_holders_number_is_not_ended(folder: Path, start: Start) -> None:
    # lease.json tells of a process that began before the one that has its number now.
    child = holding(start, folder)
    change(folder, started=psutil.Process(child.pid).create_time() - psutil.boot_time() - 100)
    with pytest.raises(LeaseHeld, match="that number is another process's by now"):
        Lease.take(folder, ACCOUNT, takeover=True)
    assert child.lives


def test_a_process_that_left_the_lease_behind_is_not_ended(folder: Path, start: Start) -> None:
    # lease.json was left by one killed; its number is a stranger's, and nobody has the lock.
    stranger = start(processes.try_to_take, folder)
    assert stranger.hear() == "ready"
    holding(start, folder).kill()
    change(folder, pid=stranger.pid)
    with Lease.take(folder, ACCOUNT, takeover=True):
        assert stranger.lives


def test_a_process_on_another_machine_is_not_ended(folder: Path, start: Start) -> None:
    child = holding(start, folder)
    change(folder, host="elsewhere")
    with pytest.raises(LeaseHeld, match=r"on elsewhere has it .* on that machine alone"):
        Lease.take(folder, ACCOUNT, takeover=True)
    assert child.lives


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another user")
def test_another_users_process_is_not_ended_even_by_root(start: Start) -> None:
    with tempfile.TemporaryDirectory() as made:
        child = holding(start, Path(made), deaf=False, user=NOBODY)
        with pytest.raises(LeaseHeld, match=r"only its user, \w+, can end it"):
            Lease.take(Path(made), ACCOUNT, takeover=True)
        assert child.lives


def test_a_holder_that_has_not_said_who_it_is_is_not_guessed(folder: Path, start: Start) -> None:
    child = holding(start, folder)
    (folder / "lease.json").unlink()
    with pytest.raises(LeaseHeld, match="try again") as caught:
        Lease.take(folder, ACCOUNT, takeover=True)
    assert caught.value.holder is None
    assert child.lives


# ---- lost ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["lease.lock", "lease.json"])
@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_lease_whose_file_went_is_lost(folder: Path, name: str, how: str) -> None:
    lease = Lease.take(folder, ACCOUNT)
    lease.check()
    (folder / name).unlink()
    if how == "replaced":
        (folder / name).write_bytes(b"\xff something else")
    with pytest.raises(LeaseLost, match=rf"{name} was removed or replaced.*end this one"):
        lease.check()
    lease.release()


def test_releasing_a_lost_lease_leaves_the_next_holders_files(folder: Path, start: Start) -> None:
    lease = Lease.take(folder, ACCOUNT)
    (folder / "lease.lock").unlink()
    child = holding(start, folder)
    lease.release()
    with pytest.raises(LeaseHeld, match=f"process {child.pid} "):
        Lease.take(folder, ACCOUNT)


def test_a_lock_that_this_process_dropped_by_mistake_is_taken_back(
    folder: Path, start: Start
) -> None:
    # Closing any descriptor of a file drops the process's lock on it: fcntl(2), record locks.
    with Lease.take(folder, ACCOUNT) as lease:
        (folder / "lease.lock").read_bytes()
        lease.check()
        assert refused(start, folder)


def test_a_lock_that_another_process_has_by_now_is_lost(folder: Path, start: Start) -> None:
    lease = Lease.take(folder, ACCOUNT)
    words = (folder / "lease.json").read_text()
    (folder / "lease.lock").read_bytes()
    holding(start, folder)
    with pytest.raises(LeaseLost, match=r"lease\.json was removed or replaced"):
        lease.check()
    (folder / "lease.json").write_text(words)
    with pytest.raises(LeaseLost, match="another process has the lock"):
        lease.check()
    lease.release()


def test_a_released_lease_is_no_lease(folder: Path) -> None:
    lease = Lease.take(folder, ACCOUNT)
    lease.release()
    with pytest.raises(LeaseLost, match="was released"):
        lease.check()


def test_a_folder_that_may_not_be_written_is_told(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file")
    with pytest.raises(JournalError, match="File exists: choose another"):
        Lease.take(folder, ACCOUNT)

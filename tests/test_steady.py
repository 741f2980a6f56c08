"""A clock that is set changes nothing for who measures time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atms.execution.driver.host import ThreadHost
from atms.running.session import Session, SessionFolder
from atms.steady import SteadyClock, since_boot
from atms.stores.ccxt.clock import Clock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Machine:
    """A computer: its clock may be set, what has passed may not."""

    def __init__(self) -> None:
        self.wall, self.passed = START, 1000.0

    def sleep(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.passed += seconds

    def clock(self) -> SteadyClock:
        return SteadyClock(wall=lambda: self.wall, passed=lambda: self.passed)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_sets_no_host(hours: int) -> None:
    machine = Machine()
    host = ThreadHost(clock=machine.clock())
    try:
        machine.sleep(5)
        machine.wall += timedelta(hours=hours)
        machine.sleep(5)
        assert host.now() == START + timedelta(seconds=10)
    finally:
        host.close()


def test_what_a_clock_was_set_by_is_told_once() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.sleep(60)
    machine.wall += timedelta(seconds=0.5)
    assert clock.moved() is None
    machine.wall -= timedelta(hours=1)
    assert clock.moved() == timedelta(seconds=0.5) - timedelta(hours=1)
    machine.sleep(60)
    assert clock.moved() is None
    machine.wall += timedelta(hours=1)
    assert clock.moved() == timedelta(hours=1)


def test_requests_are_stamped_by_a_clock_that_nobody_sets() -> None:
    assert isinstance(Clock().here.__self__, SteadyClock)  # type: ignore[attr-defined]


def test_what_has_passed_is_the_same_for_every_process() -> None:
    before = since_boot()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, f"{since_boot()!r}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert before <= float(os.read(reading, 64)) <= since_boot()


def test_a_run_is_not_taken_for_silent_because_a_clock_was_set(
    workdir: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(
        id="one", mode="live", pid=1, started=1.0, accounts=("a",), strategy="S",
        begun="2020-01-01T00:00:00+00:00", on_stop="leave", state="state",
    )  # fmt: skip
    folder = SessionFolder.create(Path("state"), session, "version: 1\n")
    assert folder.silence > 1e6  # it has never beaten
    folder.beat({"at": "2020-01-01T00:00:00+00:00"})  # as a clock that was wrong by years
    assert 0 <= folder.silence < 60

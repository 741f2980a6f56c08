"""The two hosts: one interface, in a thread and on virtual time."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from atms.errors import RunError
from atms.execution.driver import host as module
from atms.execution.driver import tasks
from atms.execution.driver.host import SWITCH_INTERVAL, Failures, Host, InlineHost, ThreadHost
from atms.sandbox.simulation.loop import Stalled, VirtualLoop

START = datetime(2024, 3, 1, tzinfo=UTC)


def inline() -> InlineHost:
    return InlineHost(VirtualLoop(START))


@pytest.fixture(params=[ThreadHost, inline], ids=["thread", "inline"])
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    made: Host = request.param()
    yield made
    made.close()


@pytest.fixture
def thread_host() -> Iterator[ThreadHost]:
    made = ThreadHost()
    yield made
    made.close()


async def broken(error: BaseException) -> None:
    raise error


def fail(error: BaseException) -> None:
    raise error


# ---- both ---------------------------------------------------------------------------------------
def test_calls_run_in_their_order(host: Host) -> None:
    seen: list[int] = []
    for n in range(100):
        host.call(seen.append, n)
    host.call(host.tell)
    assert host.wait(10)
    assert seen == list(range(100))


def test_calls_and_tasks_begin_in_one_order(host: Host) -> None:
    seen: list[str] = []

    async def task(name: str) -> None:
        seen.append(name)

    async def last() -> None:
        host.tell()

    host.call(seen.append, "call 1")
    host.spawn(task("task 1"))
    host.call(seen.append, "call 2")
    host.spawn(task("task 2"))
    host.spawn(last())
    assert host.wait(10)
    assert [name for name in seen if "call" in name] == ["call 1", "call 2"]
    assert [name for name in seen if "task" in name] == ["task 1", "task 2"]
    assert seen.index("call 1") < seen.index("task 1")


def test_a_task_spawns_tasks(host: Host) -> None:
    seen: list[str] = []

    async def child() -> None:
        seen.append("child")
        host.tell()

    async def parent() -> None:
        host.spawn(child())
        seen.append("parent")

    host.spawn(parent())
    assert host.wait(10)
    assert seen == ["parent", "child"]


def test_a_wait_that_is_not_told_is_false(host: Host) -> None:
    assert not host.wait(0.01)
    assert not host.wait(0)


def test_told_before_it_waits_it_does_not_wait(host: Host) -> None:
    host.tell()
    assert host.wait(None)


def test_told_twice_is_told_once(host: Host) -> None:
    host.tell()
    host.tell()
    assert host.wait(0)
    assert not host.wait(0)


def test_the_time_is_aware_and_goes_on_while_waiting(host: Host) -> None:
    before = host.now()
    host.wait(0.02)
    assert before.tzinfo is UTC
    assert host.now() - before >= timedelta(seconds=0.02)


def test_what_a_task_raises_wait_raises_with_the_tasks_name(host: Host) -> None:
    host.spawn(broken(KeyError("lost")))
    with pytest.raises(KeyError, match="lost") as caught:
        host.wait(None)
    assert caught.value.__notes__ == ["raised in the task 'broken'"]


def test_what_a_call_raises_wait_raises(host: Host) -> None:
    host.call(fail, KeyError("lost"))
    with pytest.raises(KeyError, match="lost"):
        host.wait(None)


def test_what_a_callback_of_the_loop_raises_wait_raises(host: Host) -> None:
    async def later() -> None:
        asyncio.get_running_loop().call_later(0.01, fail, KeyError("timer"))

    host.spawn(later())
    with pytest.raises(KeyError, match="timer"):
        host.wait(None)


def test_an_error_is_raised_once_and_the_host_goes_on(host: Host) -> None:
    host.spawn(broken(KeyError("first")))
    host.spawn(broken(KeyError("second")))
    for text in ("first", "second"):
        with pytest.raises(KeyError, match=text):
            host.wait(None)
    host.call(host.tell)
    assert host.wait(10)


def test_an_error_is_raised_before_news_and_the_news_stays(host: Host) -> None:
    async def tell_and_break() -> None:
        host.tell()
        raise KeyError("task")

    host.spawn(tell_and_break())
    with pytest.raises(KeyError):
        while True:
            host.wait(10)
            host.tell()  # the thread may have told before it broke
    assert host.wait(0)


def test_a_cancelled_task_is_no_error(host: Host) -> None:
    async def quitting() -> None:
        host.call(host.tell)
        raise asyncio.CancelledError

    host.spawn(quitting())
    assert host.wait(10)
    assert not host.wait(0.01)


@pytest.mark.parametrize("make", [ThreadHost, inline], ids=["thread", "inline"])
class TestClose:
    def test_close_cancels_what_runs_and_waits_for_it(self, make: Callable[[], Host]) -> None:
        seen: list[str] = []

        async def reader(name: str) -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                await asyncio.sleep(0.01)  # a last word to the venue
                seen.append(name)

        host = make()
        for name in ("a", "b", "c"):
            host.spawn(reader(name))
        host.wait(0.01)
        host.close()
        assert sorted(seen) == ["a", "b", "c"]

    def test_close_ends_tasks_that_a_task_made(self, make: Callable[[], Host]) -> None:
        seen: list[str] = []

        async def inner() -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                seen.append("inner")

        async def outer() -> None:
            keep = asyncio.create_task(inner())
            await asyncio.sleep(1800)
            keep.cancel()

        host = make()
        host.spawn(outer())
        host.wait(0.01)
        host.close()
        assert seen == ["inner"]

    def test_close_ends_tasks_that_are_born_while_it_closes(self, make: Callable[[], Host]) -> None:
        seen: list[str] = []

        async def heir() -> None:
            seen.append("began")
            try:
                await asyncio.sleep(3600)
            finally:
                seen.append("ended")

        async def parent() -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                host.spawn(heir())
                await asyncio.sleep(0)

        host = make()
        host.spawn(parent())
        host.wait(0.01)
        host.close()
        assert seen == ["began", "ended"]

    def test_a_generator_that_is_dropped_by_a_cancelled_task_is_closed(
        self, make: Callable[[], Host]
    ) -> None:
        seen: list[str] = []

        async def facts() -> AsyncIterator[int]:
            try:
                while True:
                    yield 1
            finally:
                await asyncio.sleep(0)
                seen.append("closed")

        async def reader() -> None:
            async for _ in facts():
                await asyncio.sleep(3600)

        host = make()
        host.spawn(reader())
        host.wait(0.01)
        host.close()
        assert seen == ["closed"]

    def test_close_runs_what_was_called_before(self, make: Callable[[], Host]) -> None:
        seen: list[int] = []
        host = make()
        host.call(seen.append, 1)
        host.close()
        assert seen == [1]

    def test_close_does_nothing_the_second_time(self, make: Callable[[], Host]) -> None:
        host = make()
        host.close()
        host.close()

    def test_close_raises_what_a_task_raised_and_no_wait_did(
        self, make: Callable[[], Host]
    ) -> None:
        async def writer() -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                raise KeyError("not flushed")

        host = make()
        host.spawn(writer())
        host.wait(0.01)
        with pytest.raises(KeyError, match="not flushed"):
            host.close()
        host.close()

    def test_close_adds_what_comes_late_to_the_error_that_the_run_has(
        self, make: Callable[[], Host]
    ) -> None:
        async def writer() -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                raise KeyError("not flushed")

        host = make()
        host.spawn(writer())
        host.spawn(broken(ValueError("first")))
        with pytest.raises(ValueError, match="first") as caught:
            host.wait(None)
        host.close()
        assert caught.value.__notes__[1:] == ["later: KeyError('not flushed')"]

    def test_a_task_that_does_not_end_is_named(
        self, make: Callable[[], Host], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "CLOSING", 0.2)
        monkeypatch.setattr(tasks, "CLOSING", 0.2)

        async def stubborn() -> None:
            stop = time.monotonic() + 60
            while time.monotonic() < stop:
                try:
                    await asyncio.sleep(0.05)
                except asyncio.CancelledError:
                    continue

        host = make()
        host.spawn(stubborn())
        host.wait(0.01)
        with pytest.raises(RunError, match=r"still running 0\.2 s .*stubborn"):
            host.close()

    def test_a_closed_host_refuses_and_leaves_no_coroutine_behind(
        self, make: Callable[[], Host]
    ) -> None:
        host = make()
        host.close()
        with pytest.raises(RunError, match="it is closed"):
            host.call(print)
        with pytest.raises(RunError, match="it is closed"):
            host.spawn(asyncio.sleep(0))
        with pytest.raises(RunError, match="it is closed"):
            host.wait(0)

    @pytest.mark.parametrize("method", ["wait", "close"])
    def test_blocking_the_loop_from_within_is_refused(
        self, make: Callable[[], Host], method: str
    ) -> None:
        host = make()
        host.call(lambda: host.wait(1) if method == "wait" else host.close())
        with pytest.raises(RunError, match=f"{method} was called on the loop"):
            host.wait(None)
        host.close()


def test_the_rest_of_the_errors_become_notes_of_the_first() -> None:
    failures = Failures()
    for n in range(3):
        failures.add(KeyError(n), f"place {n}")
    with pytest.raises(KeyError, match="0") as caught:
        failures.raise_rest()
    assert caught.value.__notes__ == ["place 0", "later: KeyError(1)", "later: KeyError(2)"]
    failures.raise_rest()


# ---- the thread ---------------------------------------------------------------------------------
def test_a_waiting_thread_is_woken_long_before_its_timeout(thread_host: ThreadHost) -> None:
    async def speak() -> None:
        await asyncio.sleep(0.02)
        thread_host.tell()

    thread_host.spawn(speak())
    began = time.monotonic()
    assert thread_host.wait(60)
    assert time.monotonic() - began < 1


def test_the_loop_runs_while_the_strategy_computes(thread_host: ThreadHost) -> None:
    beats: list[float] = []

    async def beat() -> None:
        while True:
            beats.append(time.monotonic())
            await asyncio.sleep(0.001)

    thread_host.spawn(beat())
    stop = time.monotonic() + 2
    while time.monotonic() < stop and len(beats) < 20:
        sum(range(1000))
    assert len(beats) >= 20


def test_the_loop_has_a_daemon_thread_of_its_own(thread_host: ThreadHost) -> None:
    seen: list[threading.Thread] = []
    thread_host.call(lambda: seen.append(threading.current_thread()))
    thread_host.call(thread_host.tell)
    assert thread_host.wait(10)
    assert seen[0] is not threading.current_thread()
    assert seen[0].daemon


def test_close_ends_the_thread() -> None:
    before = threading.active_count()
    host = ThreadHost()
    assert threading.active_count() == before + 1
    host.close()
    assert threading.active_count() == before


def test_the_wall_clock_is_told(thread_host: ThreadHost) -> None:
    assert abs(thread_host.now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_the_switch_interval_is_short_until_the_last_host_is_closed() -> None:
    before = sys.getswitchinterval()
    first, second = ThreadHost(), ThreadHost()
    assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL)
    first.close()
    assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL)
    second.close()
    second.close()
    assert sys.getswitchinterval() == before


def test_a_shorter_switch_interval_of_the_users_stays() -> None:
    before = sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.00005)
        host = ThreadHost()
        assert sys.getswitchinterval() == pytest.approx(0.00005)
        host.close()
        assert sys.getswitchinterval() == pytest.approx(0.00005)
    finally:
        sys.setswitchinterval(before)


def test_a_task_that_exits_ends_the_loop_and_the_wait() -> None:
    host = ThreadHost()
    host.spawn(broken(SystemExit(3)))
    with pytest.raises(SystemExit, match="3"):
        host.wait(None)
    with pytest.raises(RunError, match="it is closed"):
        host.wait(None)
    host.close()


def test_a_wait_ends_when_another_thread_closes_the_host() -> None:
    host = ThreadHost()
    closing = threading.Timer(0.02, host.close)
    closing.start()
    with pytest.raises(RunError, match="it is closed"):
        host.wait(60)
    closing.join()


def test_a_foreign_future_that_nobody_awaits_is_logged_and_ends_nothing(
    thread_host: ThreadHost, caplog: pytest.LogCaptureFixture
) -> None:
    async def foreign() -> None:
        future = asyncio.get_running_loop().create_future()
        future.set_exception(ConnectionError("socket gone"))
        del future
        thread_host.tell()

    with caplog.at_level(logging.ERROR):
        thread_host.spawn(foreign())
        assert thread_host.wait(10)
    assert "socket gone" in caplog.text
    assert not thread_host.wait(0.01)


def test_a_process_that_forgets_to_close_ends_all_the_same() -> None:
    program = (
        "import asyncio; from atms.execution.driver.host import ThreadHost\n"
        "host = ThreadHost(); host.spawn(asyncio.sleep(3600)); host.wait(0.05)"
    )
    ran = subprocess.run([sys.executable, "-c", program], env=os.environ, timeout=60, check=False)
    assert ran.returncode == 0


# ---- virtual time -------------------------------------------------------------------------------
def test_a_wait_of_hours_takes_no_time() -> None:
    host = inline()
    began = time.monotonic()
    assert not host.wait(8 * 3600)
    assert time.monotonic() - began < 1
    assert host.now() == START + timedelta(hours=8)
    host.close()


def test_a_wait_ends_in_the_moment_in_which_it_is_told() -> None:
    host = inline()

    async def bars() -> None:
        for _ in range(3):
            await asyncio.sleep(60)
            host.tell()

    host.spawn(bars())
    times = []
    for _ in range(3):
        assert host.wait(None)
        times.append(host.now())
    assert times == [START + timedelta(minutes=n) for n in (1, 2, 3)]
    host.close()


def test_nothing_runs_between_two_waits() -> None:
    host = inline()
    seen: list[int] = []
    host.call(seen.append, 1)
    assert seen == []
    host.wait(0)
    assert seen == [1]
    host.close()


def test_waiting_for_ever_for_nothing_is_raised() -> None:
    host = inline()
    with pytest.raises(Stalled):
        host.wait(None)
    host.close()


@pytest.mark.parametrize("shared", [False, True])
def test_tasks_are_cancelled_the_oldest_first(shared: bool) -> None:
    loop = VirtualLoop(START)
    host = InlineHost(loop, shared=shared)
    seen: list[int] = []

    async def task(n: int) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            seen.append(n)

    for n in range(10):
        host.spawn(task(n))
    host.wait(0)
    host.close()
    loop.close()
    assert seen == list(range(10))


def test_close_closes_the_loop() -> None:
    loop = VirtualLoop(START)
    InlineHost(loop).close()
    assert loop.is_closed()


def test_a_shared_loop_outlives_a_host_and_keeps_the_others_tasks() -> None:
    loop = VirtualLoop(START)
    seen: list[str] = []

    async def live(name: str) -> None:
        try:
            await asyncio.sleep(60)
            seen.append(f"{name} done")
        except asyncio.CancelledError:
            seen.append(f"{name} cancelled")
            raise

    venue = loop.create_task(live("venue"))
    first = InlineHost(loop, shared=True)
    first.spawn(live("runner"))
    first.wait(1)
    first.close()
    with pytest.raises(RunError, match="it is closed"):
        first.wait(0)
    second = InlineHost(loop)
    second.wait(60)
    assert seen == ["runner cancelled", "venue done"]
    assert venue.done()
    second.close()


def test_a_host_whose_loop_was_closed_closes_quietly() -> None:
    loop = VirtualLoop(START)
    host = InlineHost(loop)
    loop.close()
    with pytest.raises(RunError, match="it is closed"):
        host.spawn(asyncio.sleep(0))
    host.close()

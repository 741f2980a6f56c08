"""The virtual-time loop: what comes when, what is raised, and that each run goes the same way."""

from __future__ import annotations

import asyncio
import contextvars
import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from atms.errors import RunError
from atms.sandbox.simulation import loop as module
from atms.sandbox.simulation.loop import Stalled, VirtualLoop

START = datetime(2024, 3, 1, tzinfo=UTC)


def never() -> bool:
    return False


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    made = VirtualLoop(START)
    yield made
    for task in made.living():
        task.cancel()
    made.call_soon(made.stop)
    made.run_forever()
    made.close()


# ---- the clock ----------------------------------------------------------------------------------
def test_the_clock_stands_at_the_start_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    loop = VirtualLoop(datetime(2024, 3, 1, 1, tzinfo=berlin))
    assert (loop.time(), loop.now(), loop.now().tzinfo) == (0.0, START, UTC)
    loop.close()


def test_a_start_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        VirtualLoop(datetime(2024, 3, 1))


def test_a_sleep_ends_at_its_moment_exactly(loop: VirtualLoop) -> None:
    async def sleep() -> list[float]:
        times = []
        for _ in range(10):
            await asyncio.sleep(0.1)  # a tenth has no exact float
            times.append(loop.time())
        return times

    assert loop.run_until_complete(sleep()) == [n / 10 for n in range(1, 11)]
    assert loop.now() == START + timedelta(seconds=1)


@pytest.mark.parametrize("days", [0, 300, 20_000])
def test_a_sleep_until_a_stamp_ends_at_that_stamp_however_long_the_run(days: int) -> None:
    loop = VirtualLoop(START)

    async def until(stamp: datetime) -> datetime:
        await asyncio.sleep((stamp - loop.now()).total_seconds())
        return loop.now()

    stamp = START + timedelta(days=days, seconds=7, microseconds=123_457)
    assert loop.run_until_complete(until(stamp)) == stamp
    later = stamp + timedelta(microseconds=1)
    assert loop.run_until_complete(until(later)) == later
    loop.close()


def test_a_timer_of_no_length_comes_even_after_months(loop: VirtualLoop) -> None:
    # asyncio's own comparison adds a nanosecond, which a float of that size does not hold
    loop.turn(never, timedelta(days=400).total_seconds())
    seen: list[float] = []
    loop.call_later(0, seen.append, 1.0)
    assert loop.turn(lambda: bool(seen), 1)


def test_the_clock_stands_still_between_turns_and_while_callbacks_run(loop: VirtualLoop) -> None:
    seen: list[float] = []
    for _ in range(3):
        loop.call_soon(lambda: seen.append(loop.time()))
    loop.turn(never, 0)
    assert (seen, loop.time()) == ([0.0] * 3, 0.0)


def test_a_day_passes_in_no_time(loop: VirtualLoop) -> None:
    async def a_day_of_minutes() -> None:
        for _ in range(60 * 24):
            await asyncio.sleep(60)

    began = time.monotonic()
    loop.run_until_complete(a_day_of_minutes())
    assert loop.now() == START + timedelta(days=1)
    assert time.monotonic() - began < 1


def test_a_timer_of_the_past_comes_at_once_and_takes_the_clock_nowhere(loop: VirtualLoop) -> None:
    seen: list[float] = []
    loop.turn(never, 10)
    loop.call_soon(lambda: loop.call_at(3, lambda: seen.append(loop.time())))
    loop.turn(never, 1)
    assert (seen, loop.time()) == ([10.0], 11.0)


# ---- order --------------------------------------------------------------------------------------
def test_callbacks_run_in_the_order_of_their_calls(loop: VirtualLoop) -> None:
    seen: list[int] = []
    for n in range(20):
        loop.call_soon(seen.append, n)
    loop.turn(never, 0)
    assert seen == list(range(20))


def test_timers_go_off_by_time_and_those_of_one_moment_as_they_were_set(loop: VirtualLoop) -> None:
    seen: list[str] = []
    for n in range(20):
        loop.call_later(2, seen.append, f"second {n}")
        loop.call_at(1, seen.append, f"first {n}")
    loop.turn(never, 2)
    assert seen == [f"first {n}" for n in range(20)] + [f"second {n}" for n in range(20)]


def test_sums_of_floats_that_mean_one_moment_are_one_moment(loop: VirtualLoop) -> None:
    seen: list[str] = []
    loop.call_at(0.1 + 0.2, seen.append, "asked first")  # the greater float
    loop.call_at(0.3, seen.append, "asked second")
    loop.turn(never, 1)
    assert seen == ["asked first", "asked second"]


def test_a_cancelled_timer_does_not_go_off_even_if_cancelled_in_its_own_moment(
    loop: VirtualLoop,
) -> None:
    seen: list[str] = []
    loop.call_later(1, lambda: twin.cancel())
    twin = loop.call_later(1, seen.append, "twin")
    loop.call_later(2, seen.append, "other")
    loop.turn(never, 3)
    assert seen == ["other"]


def test_cancelled_timers_are_cleared_away_and_the_others_keep_their_order(
    loop: VirtualLoop,
) -> None:
    seen: list[int] = []
    kept = 0
    for n in range(5_000):
        handle = loop.call_later(3600, seen.append, n)
        if n % 10:
            handle.cancel()
        else:
            kept += 1
    assert len(loop._timers._heap) < 2_500
    loop.turn(never, 3600)
    assert seen == list(range(0, 5_000, 10))
    assert len(seen) == kept


def test_a_timer_at_infinity_never_goes_off(loop: VirtualLoop) -> None:
    sleeper = loop.create_task(asyncio.sleep(math.inf))
    loop.turn(never, 1e6)
    assert not sleeper.done()


def test_a_timer_runs_in_the_context_in_which_it_was_set(loop: VirtualLoop) -> None:
    mark = contextvars.ContextVar("mark", default="none")
    seen: list[str] = []
    mark.set("then")
    loop.call_later(1, lambda: seen.append(mark.get()))
    mark.set("now")
    loop.turn(never, 1)
    assert seen == ["then"]


def test_a_set_of_tasks_has_the_order_of_their_making(loop: VirtualLoop) -> None:
    tasks = [loop.create_task(asyncio.sleep(0)) for _ in range(7)]
    assert list({*tasks[::-1]}) == tasks
    loop.turn(never, 0)


def test_a_task_that_nobody_holds_lives_until_it_is_done(loop: VirtualLoop) -> None:
    names = ["reader", "writer"]
    for name in names:
        loop.create_task(asyncio.sleep(1), name=name)
    assert [task.get_name() for task in loop.living()] == names
    loop.turn(never, 1)
    assert loop.living() == []


# ---- turn ---------------------------------------------------------------------------------------
def test_a_turn_ends_when_its_condition_is_true(loop: VirtualLoop) -> None:
    seen: list[int] = []
    for n in (1, 2, 3):
        loop.call_later(n, seen.append, n)
    assert loop.turn(lambda: 2 in seen, 10)
    assert (seen, loop.time()) == ([1, 2], 2.0)


def test_a_turn_whose_condition_is_true_already_runs_nothing(loop: VirtualLoop) -> None:
    seen: list[int] = []
    loop.call_soon(seen.append, 1)
    assert loop.turn(lambda: True, None)
    assert seen == []
    loop.turn(never, 0)


def test_a_turn_that_is_over_stands_at_its_end(loop: VirtualLoop) -> None:
    loop.call_later(10, int)
    assert not loop.turn(never, 2.5)
    assert loop.time() == 2.5


def test_what_is_due_at_the_end_of_a_turn_has_run_with_all_that_follows(loop: VirtualLoop) -> None:
    seen: list[float] = []

    async def chain() -> None:
        await asyncio.sleep(2)
        for _ in range(50):
            await asyncio.sleep(0)
        seen.append(loop.time())

    loop.create_task(chain())
    assert loop.turn(lambda: bool(seen), 2)
    assert seen == [2.0]


def test_a_turn_of_no_length_runs_all_that_can_run_now(loop: VirtualLoop) -> None:
    seen: list[int] = []

    async def count() -> None:
        for n in range(5):
            seen.append(n)
            await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        seen.append(99)

    loop.create_task(count())
    assert not loop.turn(never, 0)
    assert (seen, loop.time()) == ([0, 1, 2, 3, 4], 0.0)


def test_a_turn_of_no_length_runs_a_timer_that_is_due_and_no_later_one(loop: VirtualLoop) -> None:
    seen: list[int] = []
    loop.call_later(0, seen.append, 1)
    loop.call_later(0.000001, seen.append, 2)
    assert not loop.turn(never, 0)
    assert (seen, loop.time()) == ([1], 0.0)


def test_a_negative_timeout_is_none_at_all(loop: VirtualLoop) -> None:
    seen: list[int] = []
    loop.call_soon(loop.call_later, 0, loop.call_later, 0, seen.append, 1)
    assert not loop.turn(never, -5)
    assert (seen, loop.time()) == ([1], 0.0)


def test_a_timeout_at_infinity_is_for_ever(loop: VirtualLoop) -> None:
    loop.call_later(1e6, int)
    assert loop.turn(lambda: loop.time() > 1, math.inf)
    with pytest.raises(Stalled):
        loop.turn(never, math.inf)


def test_a_turn_within_a_turn_is_refused(loop: VirtualLoop) -> None:
    loop.call_soon(loop.turn, never, 0)
    with pytest.raises(RunError, match="from within the loop"):
        loop.turn(never, 1)
    assert not loop.turn(never, 1)


def test_a_condition_that_raises_ends_the_turn(loop: VirtualLoop) -> None:
    answers: dict[float, bool] = {0.0: False}
    loop.call_later(1, int)
    with pytest.raises(KeyError, match=r"1\.0"):
        loop.turn(lambda: answers[loop.time()], 100)
    assert not loop.turn(never, 1)


def test_an_interrupt_comes_through_and_the_loop_can_be_turned_again(loop: VirtualLoop) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    loop.call_soon(interrupt)
    with pytest.raises(KeyboardInterrupt):
        loop.turn(never, 1)
    assert not loop.turn(never, 1)


# ---- what would hang ----------------------------------------------------------------------------
def test_waiting_for_ever_for_nothing_is_raised_with_the_names_of_those_who_wait(
    loop: VirtualLoop,
) -> None:
    loop.create_task(asyncio.Event().wait(), name="facts of acme")
    with pytest.raises(Stalled, match=r"nothing will ever happen.*waiting: facts of acme"):
        loop.turn(never, None)


def test_a_program_that_waits_for_nothing_is_raised_outside_of_turns_too(loop: VirtualLoop) -> None:
    with pytest.raises(Stalled, match="nothing will ever happen"):
        loop.run_until_complete(asyncio.Event().wait())


def test_with_a_timeout_nothing_to_do_is_no_fault(loop: VirtualLoop) -> None:
    assert not loop.turn(never, 3600)
    assert loop.now() == START + timedelta(hours=1)


def test_a_cancelled_timer_is_nothing_to_wait_for(loop: VirtualLoop) -> None:
    loop.call_later(5, int).cancel()
    with pytest.raises(Stalled):
        loop.turn(never, None)
    assert loop.time() == 0.0


def test_spinning_without_time_going_on_is_raised(
    loop: VirtualLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STILL", 500)

    async def spin() -> None:
        while True:
            await asyncio.sleep(0)

    spinner = loop.create_task(spin(), name="spinner")
    with pytest.raises(Stalled, match=r"stands still.*spinner"):
        loop.turn(never, 1)
    spinner.cancel()
    assert not loop.turn(never, 1)


def test_a_long_turn_in_which_time_goes_on_is_no_spinning(
    loop: VirtualLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STILL", 50)
    task = loop.create_task(sleeps(500))
    assert loop.turn(task.done, None)


async def sleeps(n: int) -> None:
    for _ in range(n):
        await asyncio.sleep(1)


# ---- what is raised -----------------------------------------------------------------------------
def fail(error: BaseException) -> None:
    raise error


def test_what_a_callback_raises_the_turn_raises_in_its_moment(loop: VirtualLoop) -> None:
    loop.call_later(3, fail, KeyError("lost"))
    loop.call_later(4, fail, AssertionError("too late"))
    with pytest.raises(KeyError, match="lost") as caught:
        loop.turn(never, 3.5)
    assert loop.time() == 3.0
    assert "fail" in caught.value.__notes__[0]
    with pytest.raises(AssertionError, match="too late"):
        loop.turn(never, 10)


def test_each_of_several_errors_is_raised_once_in_order(loop: VirtualLoop) -> None:
    for n in range(3):
        loop.call_soon(fail, KeyError(n))
    for n in range(3):
        with pytest.raises(KeyError, match=str(n)):
            loop.turn(never, 1)
    assert not loop.turn(never, 1)


def test_the_error_of_a_task_that_nobody_awaits_reaches_the_turn(loop: VirtualLoop) -> None:
    async def broken() -> None:
        raise KeyError("task")

    loop.create_task(broken())
    with pytest.raises(KeyError, match="task"):
        loop.turn(never, 1)


def test_the_error_of_a_task_that_is_awaited_is_its_waiters(loop: VirtualLoop) -> None:
    async def broken() -> None:
        raise KeyError("task")

    async def careful() -> None:
        with pytest.raises(KeyError):
            await asyncio.create_task(broken())

    loop.create_task(careful())
    assert not loop.turn(never, 1)


def test_close_raises_what_no_turn_has_raised() -> None:
    loop = VirtualLoop(START)
    loop.call_soon(fail, KeyError("callback"))
    loop.run_until_complete(asyncio.sleep(1))
    with pytest.raises(KeyError, match="callback"):
        loop.close()
    assert loop.is_closed()
    loop.close()


# ---- no way out ---------------------------------------------------------------------------------
def test_threads_are_refused(loop: VirtualLoop) -> None:
    with pytest.raises(RunError, match="no executors"):
        loop.run_until_complete(asyncio.to_thread(time.monotonic))


def test_sockets_are_refused(loop: VirtualLoop) -> None:
    ours, other = socket.socketpair()
    with ours, other, pytest.raises(RunError, match="no sockets"):
        loop.add_reader(ours.fileno(), int)


def test_a_closed_loop_takes_no_timer() -> None:
    loop = VirtualLoop(START)
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_later(1, int)


# ---- asyncio's own tools ------------------------------------------------------------------------
def test_asyncios_runner_takes_the_loop() -> None:
    async def minutes() -> datetime:
        async with asyncio.timeout(120):
            await asyncio.sleep(60)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 30)
        return asyncio.get_running_loop().now()  # type: ignore[attr-defined]

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(START)) as runner:
        assert runner.run(minutes()) == START + timedelta(seconds=90)


# ---- the same run twice -------------------------------------------------------------------------
PROGRAM = """
import asyncio, random, sys
from datetime import UTC, datetime
from atms.sandbox.simulation.loop import VirtualLoop

draw = random.Random(int(sys.argv[1]))
loop = VirtualLoop(datetime(2024, 3, 1, tzinfo=UTC))
told = False

def note(*what):
    print(loop.now().isoformat(), *what)

async def reader(queue, name):
    while True:
        note("read", name, await queue.get())
        await asyncio.sleep(draw.choice([0, 0, 0.25, 0.5]))

async def child(name):
    try:
        await asyncio.sleep(draw.choice([1, 2, 5]))
        note("done", name)
    except asyncio.CancelledError:
        note("cancelled", name, draw.random())
        raise

async def breaks():
    await asyncio.sleep(draw.choice([1, 2]))
    raise KeyError("child")

async def family(name):
    try:
        async with asyncio.TaskGroup() as group:  # it keeps its children in a set
            for n in range(5):
                group.create_task(child(f"{name}.{n}"))
            group.create_task(breaks())
    except* KeyError:
        note("broken", name)

async def racing(name):
    tasks = [asyncio.create_task(child(f"{name}.{n}")) for n in range(5)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

async def main():
    global told
    queue = asyncio.Queue()
    readers = [asyncio.create_task(reader(queue, n)) for n in range(3)]
    for round in range(15):
        for n in range(draw.randrange(4)):
            queue.put_nowait((round, n))
            loop.call_later(draw.choice([1, 2]), note, "timer", round, n)
        await asyncio.gather(family(f"f{round}"), racing(f"r{round}"))
        told = True
    for task in readers:
        task.cancel()

task = loop.create_task(main())
while not task.done():
    note("turn", loop.turn(lambda: told or task.done(), draw.choice([0, 0.3, 1, 4, None])))
    told = False
loop.turn(lambda: False, 5)
loop.close()
"""


def trace(seed: int, hash_seed: str) -> list[str]:
    """Run the program in a process of its own; return its lines."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(seed)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.splitlines()


@pytest.fixture(scope="module")
def first_trace() -> list[str]:
    return trace(1, "1")


@pytest.mark.parametrize("hash_seed", ["2", "random"])
def test_a_program_runs_the_same_way_in_another_process(
    first_trace: list[str], hash_seed: str
) -> None:
    assert len(first_trace) > 200
    assert trace(1, hash_seed) == first_trace


def test_another_seed_runs_another_way(first_trace: list[str]) -> None:
    assert trace(2, "1") != first_trace


def test_a_second_loop_in_one_process_runs_as_the_first_did() -> None:
    def names(make: Callable[[datetime], VirtualLoop]) -> list[str]:
        loop = make(START)
        made = [loop.create_task(asyncio.sleep(0)).get_name() for _ in range(3)]
        loop.turn(never, 0)
        loop.close()
        return made

    assert names(VirtualLoop) == names(VirtualLoop)

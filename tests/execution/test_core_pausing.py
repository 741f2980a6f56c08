"""A venue that cannot be asked is left alone, longer each time."""

from __future__ import annotations

from atms.execution.core.events import Look, ReadLog, ReadSnapshot
from atms.stores.facts import LinkFact, State
from atms.stores.outcomes import Unknown
from tests.execution.core_world import ETH, World, key_of, ticket


def down(world: World, seconds: int) -> list[float]:
    """Let every read fail for a while; return when something was asked, in seconds."""
    began, asked = world.now, []
    for _ in range(seconds):
        world.wait(1)
        while world.lately(ReadLog) or world.lately(Look) or world.lately(ReadSnapshot):
            asked += [(world.now - began).total_seconds()] * len(
                (*world.lately(ReadLog), *world.lately(Look), *world.lately(ReadSnapshot))
            )
            logs, looked = world.lately(ReadLog), world.lately(Look)
            if logs:
                world.no_page()
            for one in looked:
                world.look(one.key, None)
    return asked


def test_a_venue_that_is_down_is_asked_less_and_less() -> None:
    world = World().open()
    for name in ("sim:BTC", ETH):
        world.sent(world.place(ticket(instrument=name)), Unknown(why="timeout"))
    for key in list(world.core.asking.running):
        world.look(key, None)
    asked = down(world, 300)
    last_minutes = [at for at in asked if at > 120]
    assert 0 < len(last_minutes) <= 2 * (180 / 30 + 1)  # a log, and one order that is in doubt
    assert len([at for at in asked if at <= 60]) < 20


def test_when_it_answers_all_is_asked_again_at_once() -> None:
    world = World().open()
    prepared = world.place()
    world.sent(prepared, Unknown(why="timeout"))
    world.look(key_of(prepared), None)
    down(world, 100)
    while world.core.asking.log is None:
        world.wait(1)
    world.page()
    world.wait(1)
    assert key_of(prepared) in world.core.asking.running
    world.found(key_of(prepared), world.stands(key_of(prepared), State.WORKING))
    assert world.core.frozen("sim:BTC") is None


def test_a_stream_that_is_up_again_ends_the_pause() -> None:
    world = World().open()
    down(world, 100)
    assert world.core.asking.holds(world.now)
    world.hear(LinkFact(at=world.now, up=True, lossless=False))
    assert world.lately(ReadLog)


def test_what_failed_at_the_same_time_counts_once() -> None:
    world = World().open()
    for name in ("sim:BTC", ETH):
        world.sent(world.place(ticket(instrument=name)), Unknown(why="timeout"))
    for key in list(world.core.asking.running):
        world.look(key, None)
    assert world.core.asking.failed == 1

"""A live feed whose store makes mistakes, and one whose history comes late."""

from __future__ import annotations

from datetime import timedelta

from tests.feeds.live_world import START, World, bar, bars

TEN = timedelta(seconds=10)


def test_a_store_that_fails_to_read_its_stream_is_told_and_asked_again() -> None:
    world = World(now=3)
    world.store.keep(bars(3))
    world.add()
    world.trade([bar(4)])
    world.at(4.5, world.store.tell, RuntimeError("no number: 'NaNN'"), "X")
    world.at(5.02, world.store.keep, [bar(5)])
    world.trade([bar(6)], delay=5)
    seen = world.run(7)
    assert len(seen.steps) == 6
    assert [one.what for one in seen.notices] == ["broken"]


def test_bars_that_end_while_history_waits_for_its_budget_are_not_missed() -> None:
    world = World(now=1)
    made = [bar(number, step=TEN) for number in range(1, 30)]
    world.store.keep(made[:5], "10s")
    world.add(timeframe="10s", omits_empty=True)
    world.store.lag = 35.0  # longer than a bar
    for number, one in enumerate(made[5:], 5):
        at = (one.close_at - START).total_seconds() / 60 + 0.001
        if number in (10, 13):  # the stream loses them
            world.at(at, world.store.keep, [one], "10s")
        else:
            world.at(at, world.store.trade, one, "10s")
    assert len(world.run(8).steps) == 29

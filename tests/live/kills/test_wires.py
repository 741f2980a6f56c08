"""Streams that fall silent or lose what they tell: everything is in the books all the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.kills.episodes import STATE, Episode
from tests.live.kills.silence import SilentWire
from tests.live.making import write_run
from tests.live.processes import Process, Starter
from tests.live.venue import Venue

LIVE = ("live", "-c", "live.yaml", "--yes")
SUBSCRIBED = "userDataStream.subscribe.signature"
Serve = Callable[..., Venue]
Make = Callable[..., Episode]


def asked(venue: Venue, name: str) -> int:
    """Return how often the venue was asked for something."""
    return sum(line["name"] == name for line in venue.of("request"))


def told(what: str, text: str) -> bool:
    """Return whether the run's log says something of the account."""
    (path,) = STATE.glob("runs/*/log.jsonl")
    about = [json.loads(line).get("about") for line in path.read_text().split("\n")[:-1]]
    return any(one.get("what") == what and text in one["text"] for one in about if one)


def test_a_private_stream_that_is_half_open_is_missed_and_opened_again(
    starter: Starter, serve: Serve, episode: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue = serve()
    with SilentWire(venue.sandbox.url) as wire:
        monkeypatch.setenv("ATMS_SANDBOX_URL", wire.url)
        write_run("Busy")
        process = starter.start(*LIVE)
        process.until(lambda: venue.count("fill") > 2, "it does not trade")
        before = asked(venue, SUBSCRIBED)
        assert wire.hush("/ws-api") >= 1
        fills = venue.count("fill")
        process.until(lambda: venue.count("fill") > fills + 4, "it does not trade on")
        process.until(lambda: told("link", "down"), "it is not missed")
        process.until(lambda: asked(venue, SUBSCRIBED) > before, "it is not opened again")
        compared(episode(venue), process)


def test_a_private_stream_that_loses_all_it_tells_while_it_lives_loses_nothing(
    starter: Starter, serve: Serve, episode: Make
) -> None:
    venue = serve(faults={"drop_event": 1.0})
    write_run("Busy")
    process = starter.start(*LIVE)
    process.until(lambda: venue.count("fill") > 8, "it does not trade")
    compared(episode(venue), process)


def compared(one: Episode, process: Process) -> None:
    """End the run; compare everything."""
    one.finish(process)
    assert one.tally.violations == []


@pytest.mark.parametrize("how", ["python", "c"])
def test_what_a_strategy_that_hangs_has_opened_is_protected_and_in_the_books_of_the_next(
    starter: Starter, serve: Serve, episode: Make, how: str
) -> None:
    """In Python the rest of the run goes on; in a call of C nothing does, until it is killed."""
    venue = serve()
    write_run("HangOnce", strategy={"params": {"how": how}})
    process = starter.start(*LIVE)
    process.until(Path("hangs").exists, "it does not hang")
    if how == "python":
        process.until(lambda: len(resting(venue)) == 2, "its position is not protected")
        assert venue.count("fill") >= 1
    process.kill()
    again = starter.start(*LIVE)
    again.until(lambda: ": running" in again.err, "it is not ready")
    compared(episode(venue), again)


def resting(venue: Venue) -> list[str]:
    """Return our ids of the orders that are open at the venue."""
    last = {line["order"]: line for line in venue.sandbox.truth.lines if "client_id" in line}
    return [line["client_id"] for line in last.values() if line["status"] == "NEW"]

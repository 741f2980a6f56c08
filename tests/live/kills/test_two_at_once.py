"""One account, two processes: one trades, and what the other had begun does not go out."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

from tests.live.kills.dying import VARIABLE
from tests.live.kills.episodes import BOUND, STATE, looked_at, stopped
from tests.live.making import write_run
from tests.live.processes import Starter, until
from tests.live.venue import Venue

LIVE = ("live", "-c", "live.yaml", "--yes")
Serve = Callable[..., Venue]


def test_of_two_that_start_at_once_one_trades(starter: Starter, serve: Serve) -> None:
    venue = serve()
    write_run("Flip")
    both = [starter.start(*LIVE), starter.start(*LIVE)]
    until(lambda: any(one.code is not None for one in both), lambda: "both run")
    (loser,) = [one for one in both if one.code is not None]
    (winner,) = [one for one in both if one is not loser]
    assert loser.code == 4, loser.err
    assert f"process {winner.pid} on" in loser.err or "is taking it just now" in loser.err
    winner.until(lambda: venue.count("fill") > 1, "it does not trade")
    assert len(epochs(venue)) == 1
    winner.send(signal.SIGTERM)
    assert winner.wait() == 0, winner.err


def test_one_that_slept_while_another_took_its_account_sends_nothing_more(
    starter: Starter, serve: Serve
) -> None:
    venue = serve()
    write_run("Flip")
    first = stopped(starter, "an order is about to be sent", hit=3)
    for name in ("lease.lock", "lease.json"):  # by somebody who takes them for rubbish
        (account() / name).unlink()
    before = len(venue.of("order"))
    second = starter.start(*LIVE, env={VARIABLE: json.dumps({"bound": BOUND})})
    second.until(lambda: len(epochs(venue)) > 1, "it does not trade")
    first.send(signal.SIGCONT)
    assert first.wait() == 4, first.err
    assert "another process has taken the account; end this one" in first.err
    assert "Traceback" not in first.err
    now = len(venue.of("order"))
    assert now > before
    second.until(lambda: len(venue.of("order")) > now, "it does not trade on")
    assert looked_at(second) == []
    second.send(signal.SIGTERM)
    assert second.wait() == 0, second.err


def account() -> Path:
    """Return the folder of the one account."""
    return next((STATE / "accounts").iterdir())


def epochs(venue: Venue) -> set[str]:
    """Return the epochs whose orders have come to the venue."""
    return {line["client_id"].split("-")[1] for line in venue.of("order")}

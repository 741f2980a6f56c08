"""Futures live: killed with -9 while a position is open, and recovered."""

from __future__ import annotations

import itertools
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atms.sandbox.venue.faults import FAULTS
from tests.live.checking import differences, in_doubt
from tests.live.making import write_futures
from tests.live.processes import SECONDS, Process, Starter
from tests.live.test_kills import Killer
from tests.live.venue import Venue, read_log, serving_futures

KILLS = int(os.environ.get("ATMS_KILLS", "3"))
SEED = int(os.environ.get("ATMS_KILLS_SEED", "1"))
STATE, LEDGER = Path("state"), Path("ledger.db")
_LOOKS = 50
START = {"USDT": Decimal(100_000)}


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Venue]]:
    """Serve futures until the test is over, and point the environment at them."""
    with ExitStack() as stack:

        def call(**options: Any) -> Venue:
            venue = stack.enter_context(serving_futures(**options))
            for name, value in venue.env.items():
                monkeypatch.setenv(name, value)
            return venue

        yield call


def live(starter: Starter) -> Process:
    return starter.start("live", "-c", "live.yaml", "--yes")


def differing(ledger: Path | None) -> list[str]:
    return differences(read_log(), START, STATE, ledger, settle="USDT")


def held(venue: Venue) -> bool:
    return bool(venue.call(venue.sandbox.venue.account.held))


def settle(process: Process, venue: Venue) -> None:
    """With the market still, compare everything, and end the run."""
    venue.freeze()
    equal = 0  # looks in a row: a bar from before may be on its way to the strategy

    def still() -> bool:
        nonlocal equal
        equal = 0 if differing(None) else equal + 1
        return equal > _LOOKS

    try:
        # What no event told is found by a snapshot each half minute; the second one may be needed.
        process.until(still, "journal and venue differ", within=3 * SECONDS)
    except AssertionError as error:
        error.add_note("\n".join(differing(None)))
        raise
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    assert differing(LEDGER) == []


def test_killed_while_a_position_is_open_it_loses_and_doubles_nothing(
    starter: Starter, serve: Callable[..., Venue]
) -> None:
    rng, venue = random.Random(SEED), serve()
    write_futures("Turn", {"leverage": 20})
    killer = Killer(venue)
    for what in itertools.islice(itertools.cycle(("fill", "algo", "")), KILLS):
        killer.kill(live(starter), what, rng.randint(2, 12))
    process = live(starter)
    process.until(lambda: ": running" in process.err, "it is not ready")
    before = venue.count("fill")
    process.until(lambda: venue.count("fill") > before + 2 and held(venue), "it does not trade")
    process.until(lambda: venue.count("income"), "no funding was paid")
    settle(process, venue)
    # what is lost or doubled would have been seen
    log = read_log()
    fills = [line for line in log if line["what"] == "fill"]
    wallet = [line for line in log if line["what"] == "balances"][-1]
    assert [line for line in log if line["what"] == "algo"]
    for other in (
        [line for line in log if line is not fills[0]],
        [*log, {**fills[0], "trade": 1}],
        [*log, {**wallet, "USDT": ["1", "0"]}],
    ):
        assert differences(other, START, STATE, LEDGER, settle="USDT")


@pytest.mark.parametrize(
    "faults",
    [
        {"drop_event": 0.3, "duplicate_event": 0.3, "read_lag": 0.05, "fill_before_ack": 0.3},
        {"timeout_after_order": 0.05, "disconnect_stream": 0.02, "http_503_after_order": 0.1},
    ],
    ids=["events", "connections"],
)
def test_killed_at_a_venue_with_faults_it_loses_and_doubles_nothing(
    starter: Starter, serve: Callable[..., Venue], faults: dict[str, float]
) -> None:
    rng = random.Random(SEED)
    venue = serve(faults=faults, seed=SEED, keeps_id=False)
    write_futures("Turn")
    killer = Killer(venue)
    for _ in range(max(1, KILLS // 3)):
        killer.kill(live(starter), "", rng.randint(60, 200))
    process = live(starter)
    for name in FAULTS:
        venue.call(venue.sandbox.faults.set, name, 0.0)
    process.until(lambda: ": running" in process.err, "it is not ready")
    before = venue.count("fill")
    process.until(lambda: venue.count("fill") > before + 1 or in_doubt(STATE), "it does not trade")
    settle(process, venue)


def test_a_stop_that_fires_while_nobody_lives_is_in_the_books_afterwards(
    starter: Starter, serve: Callable[..., Venue]
) -> None:
    venue = serve()
    write_futures("Guarded")
    process = live(starter)
    process.until(lambda: venue.count("algo"), "no stop was sent")
    process.kill()
    venue.freeze()
    market = venue.sandbox.market
    venue.call(market.print, float(market.last) * 0.85, 5)
    assert not held(venue)
    again = live(starter)
    again.until(lambda: ": running" in again.err, "it is not ready")
    settle(again, venue)
    assert [line["status"] for line in venue.of("algo")] == [
        "NEW", "TRIGGERING", "TRIGGERED", "FINISHED",
    ]  # fmt: skip


def test_a_hedge_mode_account_is_refused_before_anything_is_sent(
    starter: Starter, serve: Callable[..., Venue]
) -> None:
    venue = serve(dual_side=True)
    write_futures("Guarded")
    process = starter.run("live", "-c", "live.yaml", "--yes")
    assert process.code not in (0, None)
    assert "the account is in hedge mode" in process.err
    assert not [line for line in venue.of("request") if "order" in line["name"].lower()]


def test_a_leverage_that_is_set_otherwise_is_told_at_start_up(
    starter: Starter, serve: Callable[..., Venue]
) -> None:
    serve(leverage=20)
    write_futures("Guarded", {"leverage": 10})
    process = starter.run("live", "-c", "live.yaml", "--yes")
    assert process.code not in (0, None)
    assert "its leverage is 20, and 10 is wanted" in process.err

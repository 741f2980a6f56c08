"""Killed at places of its own code, with PostgreSQL beside it: nothing lost, nothing doubled.

``python -m tests.live.kills`` tries them all, by the hundred.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.live.checking import differences, impossible
from tests.live.kills.episodes import START, STATE, Episode
from tests.live.kills.points import BY_NAME
from tests.live.making import write_futures, write_run
from tests.live.venue import Venue, read_log

Serve = Callable[..., Venue]
Make = Callable[..., Episode]
ON_SPOT = (
    "the ledger's tables are half made",
    "an intent is committed, nothing sent",
    "an order's bytes have left",
    "a fill is not committed yet",
    "the ledger's COMMIT is given",
    "the journal is half read",
)
ON_FUTURES = (
    "rows in, COMMIT not given",
    "between the cancel and the new order of a replace",
    "an order's answer is read",
    "the ledger has rows and no mark",
)


def test_killed_at_places_of_its_code_on_spot_it_loses_and_doubles_nothing(
    serve: Serve, episode: Make, postgres_url: str
) -> None:
    venue = serve()
    write_run("Busy", ledger={"url": postgres_url})
    one = episode(venue, postgres_url)
    for name in ON_SPOT:
        one.kill_at(BY_NAME[name], hit=2 if BY_NAME[name].most > 1 else 1)
    one.settle()
    assert one.tally.violations == []
    assert set(one.tally.kills) == set(ON_SPOT)  # it came by all of them
    would_be_seen(postgres_url)


def test_killed_at_places_of_its_code_on_futures_it_loses_and_doubles_nothing(
    serve_futures: Serve, episode: Make, postgres_url: str
) -> None:
    venue = serve_futures()
    write_futures("Moved", ledger={"url": postgres_url})
    one = episode(venue, postgres_url, settle="USDT")
    for name in ON_FUTURES:
        one.kill_at(BY_NAME[name], hit=1)
    one.settle()
    assert one.tally.violations == []
    assert set(one.tally.kills) == set(ON_FUTURES)


def would_be_seen(url: str) -> None:
    """Make sure that what is lost, doubled or late would have been seen."""
    log = read_log()
    fills = [line for line in log if line["what"] == "fill"]
    orders = [line for line in log if line["what"] == "order"]
    assert impossible(log, STATE, url) == []
    late: dict[str, Any] = {**orders[0], "order": 1, "client_id": f"{orders[0]['client_id']}99"}
    for other in (
        [line for line in log if line is not fills[0]],
        [*log, {**orders[0], "order": 1}],
        [*log, late],
    ):
        assert impossible(other, STATE, url)
    assert differences(log, START, STATE, url) == []
    for other in (
        [line for line in log if line is not fills[-1]],
        [*log, {**fills[0], "trade": 1}],
    ):
        assert [line for line in differences(other, START, STATE, url) if "ledger" in line]

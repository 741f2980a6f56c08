"""A symbol that is delisted while some of it is held."""

from __future__ import annotations

import signal
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.venue import Venue

HOUR = 3_600_000


def delisted(venue: Venue) -> None:
    venue.call(venue.sandbox.venue.exchange.delist, "BTCUSDT")


def sent(venue: Venue) -> list[dict[str, Any]]:
    return [line for line in venue.of("request") if line["name"] == "POST /api/v3/order"]


def test_orders_on_a_delisted_symbol_are_refused_here_after_the_venue_said_so_once(
    starter: Starter, serve: Callable[..., Venue]
) -> None:
    venue = serve()
    write_run("Flip")
    process = starter.start("live", "-c", "live.yaml", "--yes")
    process.until(lambda: venue.count("fill") % 2, "it holds nothing")
    delisted(venue)
    before, market = len(sent(venue)), venue.sandbox.market
    told = "CLOSED_MARKET"
    process.until(lambda: told in process.err, "nobody said that the market is closed")
    since = market.time
    process.until(lambda: market.time > since + 8 * HOUR, "no bars came")  # eight tries to close
    assert len(sent(venue)) - before == 1
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err


def test_what_is_held_of_a_delisted_symbol_is_shown_as_the_run_starts(
    starter: Starter, serve: Callable[..., Venue]
) -> None:
    venue = serve()
    write_run("Guarded")
    process = starter.start("live", "-c", "live.yaml", "--yes")
    process.until(lambda: venue.count("order") == 2 and venue.count("fill"), "it holds nothing")
    process.kill()
    delisted(venue)
    again = starter.start("live", "-c", "live.yaml", "--yes")
    again.until(lambda: ": running" in again.err, "it is not ready")
    again.send(signal.SIGTERM)
    assert again.wait() == 0, again.err
    assert "stores.venue: BTC/USDT is not traded at the venue now" in again.err
    (fill,) = venue.of("fill")
    held = Decimal(fill["qty"]) - Decimal(fill["fee"])  # the fee is paid in what was bought
    assert f"{held.normalize():f}" in again.out
    shown = starter.run("positions", "--state-dir", "state")
    assert f"{held.normalize():f}" in shown.out

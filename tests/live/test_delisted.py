"""A symbol that is delisted while some of it is held."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import pytest

from atms.sandbox.venue.config import MarketConfig
from tests.live.making import write_run
from tests.live.processes import Process, Starter
from tests.live.test_contracts import rows_of
from tests.live.test_exchanges import EXCHANGES, store_of
from tests.live.venue import Venue, serving, serving_exchange, serving_futures

HOUR = 3_600_000
HALF_A_LOT = Decimal("0.005")
LIVE = ("live", "-c", "live.yaml", "--yes")
SAMPLE = "sample:BTCUSD_1h"
BOTH = tuple(MarketConfig(symbol=symbol, source=SAMPLE) for symbol in ("BTCUSDT", "ETHUSDT"))


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


def serving_both(name: str) -> AbstractContextManager[Venue]:
    """Serve a venue that lists two symbols."""
    if name in EXCHANGES:
        one = EXCHANGES[name]
        return serving_exchange(one.thread, one.config, markets=BOTH, **one.wide)
    return (serving if name == "binance" else serving_futures)(markets=BOTH)


def held_at(venue: Venue, symbol: str) -> Decimal:
    """Return what the fills of a symbol add up to."""
    fills = [line for line in venue.of("fill") if line["symbol"] == symbol]
    return sum((Decimal(f["qty"]) * (1 if f["side"] == "BUY" else -1) for f in fills), Decimal(0))


def strike_off_held(process: Process, venue: Venue, symbol: str) -> None:
    """Strike a symbol off in a moment at which some of it is held."""

    def struck() -> bool:
        if held_at(venue, symbol) < HALF_A_LOT:  # fees in what was bought leave less than was sold
            return False
        venue.sandbox.venue.strike_off(symbol)
        return True

    # In the venue's own thread: what is held now could be sold until another comes to it.
    process.until(lambda: venue.call(struck), "it holds nothing")


def logs_read(venue: Venue) -> list[dict[str, Any]]:
    return [line for line in venue.of("request") if line["name"] == "GET /api/v3/myTrades"]


def write_trading(name: str, kind: str, *bases: str, **sections: Any) -> None:
    """Write a run that trades one of the two, or both."""
    settled = "" if name == "binance" else ":USDT"
    feeds = [
        {"name": base, "store": "venue", "symbol": f"{base}/USDT{settled}", "timeframe": "1h",
         "currency": "USDT"}
        for base in bases
    ]  # fmt: skip
    usual = {
        "venue": name, "url": "${ATMS_SANDBOX_URL}", "key": "${ATMS_SANDBOX_KEY}",
        "secret": "${ATMS_SANDBOX_SECRET}", "market_clock": "stream",
    }  # fmt: skip
    store = store_of(name) if name in EXCHANGES else usual
    write_run(kind, stores={"venue": store}, data={"feeds": feeds}, **sections)


def struck_off(venue: Venue, name: str) -> None:
    """Let the venue list a symbol no more; of contracts it settles what is held before."""
    grounds = venue.sandbox.venue
    if name != "binance":
        (fill,) = venue.of("fill")
        venue.call(grounds.risk.deleverage, "ETHUSDT", Decimal(fill["qty"]))
    venue.call(grounds.strike_off, "ETHUSDT")


def is_ready(process: Process) -> None:
    process.until(lambda: ": running" in process.err, "it is not ready")


@pytest.mark.parametrize("name", ["binance", "binanceusdm", "bybitlinear", "okxlinear"])
def test_a_symbol_that_is_listed_no_more_keeps_no_other_from_being_traded(
    name: str, starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of which something was held, and an order open, when it was struck off."""
    with serving_both(name) as venue:
        for variable, value in venue.env.items():
            monkeypatch.setenv(variable, value)
        write_trading(name, "Hold", "ETH")
        process = starter.start(*LIVE)
        process.until(lambda: venue.count("order") > 1, "it makes no orders")
        process.until(lambda: rows_of("SELECT 1 FROM fills"), "it holds nothing")
        process.kill()
        venue.freeze()
        struck_off(venue, name)
        write_trading(name, "Wait", "BTC")
        again = starter.start(*LIVE)
        is_ready(again)
        again.send(signal.SIGTERM)
        assert again.wait() == 0, again.err
        symbol = "ETH/USDT" if name == "binance" else "ETH/USDT:USDT"
        (told,) = [line for line in again.err.splitlines() if "lists it no more" in line]
        assert symbol in told
        assert "0.01 held" in told or "0.00999 held" in told, told
        write_trading(name, "Hold", "ETH")
        gone = starter.run(*LIVE)
        assert gone.code == 4
        assert f"no symbol '{symbol}'" in gone.err
        assert "it is delisted: take its feed out of data.feeds" in gone.err


def test_a_symbol_that_was_sold_before_it_was_struck_off_is_not_told(
    starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_both("binance") as venue:
        for variable, value in venue.env.items():
            monkeypatch.setenv(variable, value)
        write_trading("binance", "Flip", "ETH", execution={"on_stop": "flatten"})
        process = starter.start(*LIVE)
        process.until(lambda: venue.count("fill") > 1, "it does not trade")
        process.send(signal.SIGTERM)
        assert process.wait() == 0, process.err
        venue.freeze()
        venue.call(venue.sandbox.venue.strike_off, "ETHUSDT")
        write_trading("binance", "Wait", "BTC")
        again = starter.start(*LIVE)
        is_ready(again)
        again.send(signal.SIGTERM)
        assert again.wait() == 0, again.err
        assert "no more" not in again.err


def test_a_symbol_that_is_struck_off_while_a_run_goes_on_is_told_and_the_other_is_traded_on(
    starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its log is asked for symbol by symbol, and of one that is gone there is no answer."""
    with serving_both("binance") as venue:
        for variable, value in venue.env.items():
            monkeypatch.setenv(variable, value)
        write_trading("binance", "Both", "BTC", "ETH")
        process = starter.start(*LIVE)
        strike_off_held(process, venue, "ETHUSDT")
        process.until(lambda: "lists it no more" in process.err, "nobody said it")
        (told,) = [line for line in process.err.splitlines() if "lists it no more" in line]
        assert "ETH/USDT" in told and "held" in told
        before, logs = venue.count("fill"), len(logs_read(venue))
        process.until(lambda: venue.count("fill") > before + 2, "the other is not traded")
        process.until(lambda: len(logs_read(venue)) > logs, "its log is not read again")
        process.send(signal.SIGTERM)
        assert process.wait() == 0, process.err
        write_trading("binance", "Flip", "BTC")
        again = starter.start(*LIVE)
        is_ready(again)
        strike_off_held(again, venue, "BTCUSDT")  # and now there is none
        again.until(lambda: again.err.count("lists it no more") == 2, "nobody said it")
        again.send(signal.SIGTERM)
        assert again.wait() == 0, again.err

"""Addresses, the clock, and names: what a connection is made of before it is made."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from atms.errors import ConfigError, VenueError
from atms.stores.ccxt.addresses import checked, is_loopback, moved
from atms.stores.ccxt.clock import Clock
from atms.stores.ccxt.depth import price_of
from atms.stores.ccxt.names import Symbols

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:80", True), ("http://127.8.9.1", True), ("https://localhost:1", True),
        ("http://[::1]:8000", True), ("http://10.0.0.1", False), ("http://example.com", False),
        ("http://127.0.0.1.example.com", False), ("http://localhost.example.com", False),
        ("http://user@evil.example:80", False), ("http://127.0.0.1@evil.example", False),
    ],
)  # fmt: skip
def test_only_this_computers_own_addresses_are_loopback(url: str, own: bool) -> None:
    assert is_loopback(url) is own


def test_an_address_elsewhere_is_refused_unless_it_is_a_test_networks() -> None:
    with pytest.raises(ConfigError, match="not of this computer"):
        checked("https://example.com", testnet=False)
    assert checked("https://example.com", testnet=True) == "https://example.com"
    with pytest.raises(ConfigError, match="is no address"):
        checked("127.0.0.1:80", testnet=True)


def test_addresses_are_moved_with_their_paths_and_kinds() -> None:
    urls = {
        "public": "https://api.binance.com/api/v3",
        "ws": {"spot": "wss://stream.binance.com:9443/ws", "deep": {"x": "https://{hostname}/v5"}},
        "none": None,
    }
    assert moved(urls, "http://127.0.0.1:7") == {
        "public": "http://127.0.0.1:7/api/v3",
        "ws": {"spot": "ws://127.0.0.1:7/ws", "deep": {"x": "http://127.0.0.1:7/v5"}},
        "none": None,
    }
    assert moved("wss://a/b", "https://127.0.0.1:7") == "wss://127.0.0.1:7/b"


class Ways:
    """A clock of ours, and a venue's that is ahead; each way of a message takes its time."""

    def __init__(self, ahead: float, ways: list[tuple[float, float]]) -> None:
        self.now, self.ahead, self.ways = NOON, timedelta(seconds=ahead), list(ways)

    def here(self) -> datetime:
        return self.now

    async def read(self) -> datetime:
        there, back = self.ways.pop(0)
        self.now += timedelta(seconds=there)
        told = self.now + self.ahead
        self.now += timedelta(seconds=back)
        return told


def measured(ahead: float, ways: list[tuple[float, float]]) -> Clock:
    venue = Ways(ahead, ways)
    clock = Clock(venue.here)
    asyncio.run(clock.measure(venue.read))
    return clock


def test_the_clock_is_measured_at_half_the_way() -> None:
    assert measured(2.5, [(0.1, 0.1)] * 5).offset == timedelta(seconds=2.5)


def test_one_slow_way_does_not_move_the_clock() -> None:
    ways = [(0.1, 0.1), (3.0, 0.0), (0.1, 0.1), (0.0, 4.0), (0.1, 0.1)]
    assert measured(-1, ways).offset == timedelta(seconds=-1)


def test_the_quickest_of_several_slow_ways_tells_the_clock() -> None:
    ways = [(2.0, 0.0), (1.0, 0.0), (0.1, 0.1)]
    assert measured(-1, ways).offset == timedelta(seconds=-1)
    assert measured(-1, ways[::-1]).offset == timedelta(seconds=-1)


@pytest.mark.parametrize(
    ("ahead", "text"),
    [(10.2, "the clock is 10.2 s off (behind the venue's)"),
     (-6.0, "the clock is 6.0 s off (ahead of the venue's)")],
)  # fmt: skip
def test_a_clock_that_is_far_off_is_refused(ahead: float, text: str) -> None:
    clock = measured(ahead, [(0, 0)] * 5)
    with pytest.raises(VenueError) as caught:
        clock.check("binance-spot")
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_clock_that_is_a_little_off_is_corrected() -> None:
    clock = measured(4.9, [(0, 0)] * 5)
    clock.check("binance-spot")
    assert clock.now() == NOON + timedelta(seconds=4.9)


def test_symbols_have_two_ways_to_be_written() -> None:
    names = Symbols()
    names.account = "binance-spot-1"
    assert names.raw("binance-spot-1:BTC/USDT") == "BTCUSDT"
    assert names.id("BTCUSDT") == "binance-spot-1:BTC/USDT"
    assert names.assets(["BTCUSDT"]) == {"BTC", "USDT"}
    assert names.id("ETHBTC") == "binance-spot-1:ETHBTC"  # nobody named it: a foreign order's


def test_a_quantity_is_priced_by_the_levels_that_it_takes() -> None:
    levels = ((Decimal(100), Decimal(1)), (Decimal(101), Decimal(3)))
    assert price_of(levels, Decimal(1)) == 100
    assert price_of(levels, Decimal(4)) == Decimal("100.75")
    assert price_of(levels, Decimal("4.1")) is None

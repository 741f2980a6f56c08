"""The names of a sandbox's symbols, as people write them."""

from __future__ import annotations

import pytest

from atms.errors import ConfigError
from atms.sandbox.venue.symbols import assets_of


@pytest.mark.parametrize("name", ["BTCUSD", "BTC/USD", "BTC-USD", "btc-usd"])
def test_a_symbol_is_taken_as_any_venue_writes_it(name: str) -> None:
    assert assets_of(name) == ("BTC", "USD")


@pytest.mark.parametrize("name", ["", "BTC", "BTC-", "-USD", "USD"])
def test_a_symbol_without_two_assets_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="write it with a slash: BTC/USDT"):
        assets_of(name)

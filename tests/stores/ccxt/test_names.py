"""A symbol that a venue does not list."""

from __future__ import annotations

import pytest

from atms.stores.base import NoSymbol
from atms.stores.ccxt.names import check_listed


@pytest.mark.parametrize("written", ["btc/usdt", "Btc/Usdt", "BTC-USDT"])
def test_a_symbol_in_another_spelling_is_told_with_the_one_that_is_meant(written: str) -> None:
    with pytest.raises(NoSymbol, match="did you mean 'BTC/USDT'"):
        check_listed([written], ["ETH/USDT", "BTC/USDT"], "kraken-spot", "BTC/USD")

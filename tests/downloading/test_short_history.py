"""A venue that tells the newest bars alone: what lies before them is refused, not left out."""

from __future__ import annotations

import json

import pandas as pd

from atms.sandbox.kraken.config import KrakenConfig
from atms.sandbox.kraken.server import KrakenThread
from atms.sandbox.venue.config import MarketConfig
from tests.downloading.past import DOWNLOAD, Cli, write_config
from tests.live.venue import serving_exchange


def test_what_the_venue_tells_no_more_is_refused_with_what_it_tells(cli: Cli) -> None:
    hours = pd.date_range("2024-01-01", periods=2000, freq="1h", tz="UTC")
    prices = dict.fromkeys(("open", "high", "low", "close"), 100.0)
    pd.DataFrame({"datetime": hours, **prices, "volume": 1.0}).to_parquet("past.parquet")
    market = MarketConfig(symbol="BTC/USD", source="past.parquet", history=1000)
    options = {"seconds_a_bar": 3600, "markets": (market,)}
    with serving_exchange(KrakenThread, KrakenConfig, **options) as venue:
        write_config(venue="kraken", url=venue.sandbox.url)
        asked = (*DOWNLOAD, "--symbol", "BTC/USD", "--since")
        code, _, err = cli(*asked, "2024-01-05")
        assert code == 2
        told = "tells the newest 719 bars of a timeframe alone: of 1h from"
        assert told in " ".join(err.split())
        # the thousand bars end on 2024-02-11 at 16:00
        code, out, err = cli(*asked, "2024-02-01", "--json")
        assert code == 0, err
    (row,) = json.loads(out)
    assert row["bars"] == 256  # ten days and sixteen hours

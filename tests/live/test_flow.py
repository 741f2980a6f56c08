"""A strategy that sees the order book and the trades of each bar as lines, on the sandbox."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.venue import Venue

Serve = Callable[..., Venue]
Cli = Callable[..., tuple[int, str, str]]
NAMES = [
    "bid", "bid_size", "ask", "ask_size", "ask_3", "trades", "buy_volume", "sell_volume", "vwap",
]  # fmt: skip
STRATEGY = """\
import gc
import json

import backtrader as bt

NAMES = ["low", "high", "volume", "bid", "bid_size", "ask", "ask_size", "ask_3", "trades",
         "buy_volume", "sell_volume", "vwap"]


class Flowing(bt.Strategy):
    def next(self):
        if self.data.live:
            with open("seen.jsonl", "a") as file:
                row = {n: getattr(self.data, n)[0] for n in NAMES}
                file.write(json.dumps({**row, "frozen": gc.get_freeze_count()}) + "\\n")
"""


def write(lines: list[str]) -> None:
    Path("flowing.py").write_text(STRATEGY)
    feed = {
        "name": "btc", "store": "venue", "symbol": "BTC/USDT", "timeframe": "1h",
        "currency": "USDT", "lines": lines,
    }  # fmt: skip
    write_run("Wait", data={"feeds": [feed]}, strategy={"name": "flowing.py:Flowing"})


def seen() -> list[dict[str, float]]:
    path = Path("seen.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_the_trades_of_a_bar_add_up_to_its_volume_and_the_book_stands_around_the_price(
    serve: Serve, starter: Starter
) -> None:
    serve(seconds_a_bar=1.0)
    write(NAMES)
    process = starter.start("paper", "-c", "live.yaml")
    process.until(lambda: len(seen()) >= 4, "no live bars came")
    process.send(signal.SIGINT)
    process.wait()
    for row in seen()[1:]:  # the first bar had begun before anybody listened
        assert row["buy_volume"] + row["sell_volume"] == pytest.approx(row["volume"])
        assert row["low"] <= row["vwap"] <= row["high"]
        assert row["trades"] >= 1
        assert row["bid"] < row["ask"] < row["ask_3"]
        assert row["bid_size"] > 0 and row["ask_size"] > 0
        # no look for garbage stops the run for what it has loaded
        assert row["frozen"] > 100_000


def test_a_book_deeper_than_the_venues_is_refused_at_the_start(serve: Serve, cli: Cli) -> None:
    serve()
    write(["bid_21"])
    code, _, err = cli("paper", "-c", "live.yaml")
    assert code == 2
    assert "btc.lines: a book of 21 levels is wanted, and of this venue the deepest has 20" in err

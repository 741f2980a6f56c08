"""``atms why``: what it says of a bar, how it reads a time, and what it refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from atms.cli.why import read_time
from atms.errors import ConfigError

Cli = Callable[..., tuple[int, str, str]]
# 24 hours from 2024-01-01 00:00; the strategy acts on bars 2, 4, 6 and 8.
CLOSES = [100.0, 100, 100, 101, 102, 103, 104, 105, 106, 107, *[108.0] * 14]
STRATEGY = """\
import backtrader as bt

from atms.explain import Explain


class Mine(Explain, bt.Strategy):
    def next(self):
        bar = len(self) - 1
        if bar == 2:
            self.signal("long", confidence=0.8, level=101.25)
            self.gate("trend", True, 3, 2)
            self.gate("flat", True)
            self.buy(size=2, reason="above the level", tag="breakout")
        if bar == 4:
            self.signal("long")
            self.gate("cooldown", False, 2, 5)
        if bar == 6:
            self.buy(size=90, reason="greed")
        if bar == 8:
            self.sell_bracket(size=1, price=200, stopprice=210, limitprice=150,
                              oargs={"reason": "in"}, stopargs={"reason": "enough"})
            self.buy(size=1, exectype=bt.Order.StopLimit, price=300, plimit=301)
        if bar == 10:
            self.gate("session", False)
"""
CONFIG = """\
data:
  feeds:
    - {name: btc, source: bars.csv, symbol: BTC/USD, timeframe: 1h}
strategy: mine.py:Mine
run: {name: trial}
broker: {commission: 0.001}
risk: {max_order_notional: 5000}
report: {picture: false}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of Mine, named trial."""
    import atms

    place = tmp_path_factory.mktemp("why")
    hours = pd.date_range("2024-01-01", periods=24, freq="1h", tz="UTC", name="datetime")
    bars = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), CLOSES), index=hours)
    before = Path.cwd()
    os.chdir(place)
    try:
        bars.to_csv("bars.csv")
        Path("mine.py").write_text(STRATEGY)
        Path("c.yaml").write_text(CONFIG)
        atms.backtest(atms.load_config("c.yaml", environment={})).save()
    finally:
        os.chdir(before)
    return place


@pytest.fixture
def why(folder: Path, cli: Cli, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask; return what is printed."""
    monkeypatch.chdir(folder)

    def ask(*words: str, code: int = 0) -> str:
        found, out, err = cli("why", *words)
        assert found == code, err
        return out if code == 0 else err

    return ask


# ---- words --------------------------------------------------------------------------------------
def test_a_bar_is_told_in_words(why) -> None:
    lines = why("last", "BTC/USD", "2024-01-01T02:00").splitlines()
    assert lines[0].startswith("Mine on BTC/USD, run ")
    assert lines[1:] == [
        "time: 2024-01-01 02:00 UTC; no zone was given, and UTC is taken",
        "bar 2024-01-01 02:00 UTC",
        "  btc: open 100, high 100, low 100, close 100",
        "  signal long, confidence 0.8: level 101.25",
        "    trend: 3 of 2, passed",
        "    flat: passed",
        "  order 1: buy 2 market; why: above the level; tag: breakout",
        "    filled 2024-01-01 03:00 UTC: 2 at 101, fee 0.202 USD",
    ]


def test_a_signal_that_was_refused_made_no_order(why) -> None:
    out = why("trial", "btc", "2024-01-01 04:00Z")
    assert "  signal long\n    cooldown: 2 of 5, refused\n  no order was made\n" in out


def test_an_order_that_the_risk_gate_refused_has_its_code_limit_and_value(why) -> None:
    out = why("last", "BTC/USD", "2024-01-01T06:00Z")
    words = "MAX_ORDER_NOTIONAL: an order's value of 9360 is above 5000 (limit 5,000, value 9,360)"
    assert f"  order 2: buy 90 market; why: greed\n    refused, {words}\n" in out


def test_brackets_and_prices_are_told(why) -> None:
    out = why("last", "BTC/USD", "2024-01-01T08:00Z")
    assert "  order 3: sell 1 limit at 200; why: in\n    accepted: it was still open" in out
    assert "  order 4: buy 1 stop at 210, leg of order 3; why: enough\n" in out
    assert "  order 5: buy 1 limit at 150, leg of order 3\n" in out
    assert "  order 6: buy 1 stoplimit at 300, limit 301\n" in out


def test_a_refusal_without_a_signal_is_told(why) -> None:
    assert "  no signal\n    session: refused\n" in why("last", "btc", "2024-01-01T10:00Z")


def test_a_bar_on_which_nothing_was_names_its_neighbours(why) -> None:
    lines = why("last", "BTC/USD", "2024-01-01T05:00Z").splitlines()
    assert lines[-3:] == [
        "  nothing: no signal, no refusal, no order",
        "before: 2024-01-01 04:00 UTC (long, refused by cooldown)",
        "after: 2024-01-01 06:00 UTC (1 order)",
    ]
    assert why("last", "BTC/USD", "2024-01-01T00:00Z").splitlines()[-2] == "before: nothing"
    assert why("last", "BTC/USD", "2024-01-01T23:00Z").splitlines()[-1] == "after: nothing"


def test_a_time_between_two_bars_is_of_the_one_before_it(why) -> None:
    out = why("last", "BTC/USD", "2024-01-01T04:59:59.5+01:00")
    assert "time: 2024-01-01 03:59:59.500000 UTC\nno bar has this stamp; the last one" in out
    assert "\nbar 2024-01-01 03:00 UTC\n" in out


def test_a_day_is_all_its_bars_on_which_something_was(why) -> None:
    out = why("last", "BTC/USD", "2024-01-01")
    assert "time: the day 2024-01-01, UTC" in out
    assert [line for line in out.splitlines() if line.startswith("bar ")] == [
        f"bar 2024-01-01 {hour:02}:00 UTC" for hour in (2, 4, 6, 8, 10)
    ]


def test_a_day_in_another_zone_begins_there(why) -> None:
    out = why("last", "BTC/USD", "2024-01-02 Asia/Tokyo")  # from 15:00 UTC on
    assert "nothing on that day: no signal, no refusal, no order" in out
    assert "before: 2024-01-01 10:00 UTC (no signal, refused by session)" in out


def test_json_has_all_of_it(why) -> None:
    found = json.loads(why("last", "BTC/USD", "2024-01-01T02:00Z", "--json"))
    (bar,) = found["bars"]
    assert bar["said"][0]["gates"][0] == {
        "name": "trend", "passed": True, "value": 3.0, "limit_value": 2.0,
    }  # fmt: skip
    assert bar["said"][0]["numbers"] == {"level": 101.25}
    assert bar["orders"][0]["fills"][0]["price"] == 101.0
    assert (found["before"], found["after"]) == (None, "2024-01-01T04:00:00+00:00")
    assert found["explains"] is True


def test_a_strategy_that_does_not_explain_itself_has_its_orders(
    frame, cli: Cli, workdir: Path
) -> None:
    frame(closes=CLOSES).to_csv("bars.csv")
    Path("c.yaml").write_text(CONFIG.replace("mine.py:Mine", "buy_and_hold"))
    assert cli("backtest", "-c", "c.yaml")[0] == 0
    code, out, _ = cli("why", "last", "btc", "2024-01-01")
    assert code == 0
    assert "  order 1: buy " in out
    assert out.endswith("the strategy does not explain itself: only its orders are known\n")


# ---- what is refused ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("last", "BTC/USDT", "2024-01-01"), "has no such symbol; did you mean 'BTC/USD'?"),
        (("last", "ETH", "2024-01-01"), "it has: BTC/USD, btc"),
        (("last", "btc", "yesterday"), "yesterday: is no time; write 2018-03-05"),
        (("last", "btc", "2024-13-01"), "2024-13-01: is no time"),
        (("last", "btc", "2024-01-01 10:00 Mars/Phobos"), "'Mars/Phobos' is no time zone"),
        (
            ("last", "btc", "2023-12-31"),
            "the run has bars of btc from 2024-01-01 00:00 UTC to 2024-01-01 23:00 UTC",
        ),
        (("last", "btc", "2024-01-02T00:00Z"), "the run has bars of btc from"),
        (("nobody", "btc", "2024-01-01"), "there is no run 'nobody'"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(words, told: str, why) -> None:
    assert told in why(*words, code=2)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2018-03-05T14:00", "2018-03-05T14:00:00+00:00"),
        ("2018-03-05 14:00:01.5+02:00", "2018-03-05T12:00:01.500000+00:00"),
        ("2018-03-05 14:00 Europe/Berlin", "2018-03-05T13:00:00+00:00"),
        ("2018-03-05 14:00 UTC", "2018-03-05T14:00:00+00:00"),
        ("20180305T1400", "2018-03-05T14:00:00+00:00"),
        (" 2018-03-05 ", "2018-03-05T00:00:00+00:00"),
        ("20180305", "2018-03-05T00:00:00+00:00"),
        ("2018-03-25 02:30 Europe/Berlin", "2018-03-25T01:00:00+00:00"),  # is skipped there
        ("2018-10-28 02:30 Europe/Berlin", "2018-10-28T00:30:00+00:00"),  # comes twice there
    ],
)
def test_times_are_read_as_people_write_them(text: str, start: str) -> None:
    asked = read_time(text)
    assert asked.start.isoformat() == start
    assert (asked.end is None) == (":" in text or "T" in text)


@pytest.mark.parametrize("text", ["", "noon", "5.3.2018", "2018-03-05T25:00", "14:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no time"):
        read_time(text)


# ---- beside it ----------------------------------------------------------------------------------
def test_the_funnel_stands_below_the_figures(why, cli: Cli) -> None:
    lines = cli("runs", "show", "last")[1].splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("funnel: "))
    assert lines[place] == (
        "funnel: 24 bars > 2 signals > 1 passed every gate > 6 orders > 1 filled > 1 trades"
    )
    refusals = "MAX_ORDER_NOTIONAL 1 (risk), cooldown 1 (gate), session 1 (gate)"
    assert sorted(lines[place + 1].removeprefix("refused most: ").split(", ")) == sorted(
        refusals.split(", ")
    )
    shown = json.loads(cli("runs", "show", "last", "--json")[1])
    assert shown["funnel"]["signals"] == 2


def test_trades_show_why_they_were_made(why, cli: Cli) -> None:
    head, row = cli("trades", "last")[1].splitlines()
    assert head.split()[-2:] == ["reason", "tag"]
    assert row.split()[-4:] == ["above", "the", "level", "breakout"]

"""A feed that begins with a source's bars and goes on with those of its store."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

from atms.config import load_config
from atms.feeds.reading import read_raw
from atms.running.pasts import with_pasts
from atms.stores.base import Store
from atms.stores.elsewhere import HistoryElsewhere
from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.venue import Venue

Serve = Callable[..., Venue]
Cli = Callable[..., tuple[int, str, str]]
HISTORY = 1000  # bars of the sandbox's file that are over as it begins
STRATEGY = """\
import json

import backtrader as bt


class Seen(bt.Strategy):
    def next(self):
        with open("seen.jsonl", "a") as file:
            at = self.data.datetime.datetime(0).isoformat()
            file.write(json.dumps([at, self.data.close[0], self.data.live]) + "\\n")
"""


def sample() -> pd.DataFrame:
    """The bars that the sandbox plays, as it has them: stamped at their start."""
    raw = read_raw("sample:BTCUSD_1h", name="x")
    assert raw.stamp in (None, "start")
    index = pd.to_datetime(raw.stamps, unit="us", utc=True)
    return pd.DataFrame(raw.columns, index=index.rename("datetime"))


def write(bars: pd.DataFrame, **feed: Any) -> None:
    """Write a run whose feed begins with *bars*, 100 in all."""
    bars.to_csv("mine.csv")
    Path("seen.py").write_text(STRATEGY)
    whole = {
        "name": "btc", "store": "venue", "symbol": "BTC/USDT", "timeframe": "1h",
        "currency": "USDT", "source": "mine.csv", "stamp": "start", "history": "source", **feed,
    }  # fmt: skip
    write_run("Wait", data={"warmup": 100, "feeds": [whole]}, strategy={"name": "seen.py:Seen"})


def seen() -> list[Any]:
    path = Path("seen.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_paper_run_begins_with_the_sources_bars_and_goes_on_without_a_hole(
    serve: Serve, starter: Starter
) -> None:
    serve(seconds_a_bar=1.0)
    bars = sample()
    write(
        bars[: HISTORY - 10].assign(**{n: bars[n] * 1.05 for n in ("open", "high", "low", "close")})
    )
    process = starter.start("paper", "-c", "live.yaml")
    process.until(lambda: any(live for _, _, live in seen()), "no live bar came")
    process.send(signal.SIGINT)
    process.wait()
    rows = seen()
    # midnight is seen a moment before it, as in a backtest
    ends = pd.to_datetime([at for at, _, _ in rows], utc=True, format="ISO8601").round("1s")
    assert (ends[1:] - ends[:-1] == pd.Timedelta(hours=1)).all()
    opens = ends - pd.Timedelta(hours=1)
    last = bars.index[HISTORY - 11]
    assert opens[0] < last < opens[-1]
    wanted = [bars["close"][at] * (1.05 if at <= last else 1) for at in opens]
    assert [close for _, close, _ in rows] == pytest.approx(wanted)
    assert not any(live for (_, _, live), at in zip(rows, opens, strict=True) if at <= last)
    assert "warning: data.feeds.btc: closes of mine.csv differ from the store's by up to 5.00%" in (
        process.err
    )


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"stamp": None}, 2, "say stamp: start, or stamp: end"),
        ({"timeframe": "5m"}, 3, "has bars of 1h, and the store's are of 5m"),
        ({"source": "gone.csv"}, 3, "gone.csv: no such file"),
        ({"store": None}, 2, "history: source needs a source (or sql) and a store"),
        ({"source": None}, 2, "history: source needs a source (or sql) and a store"),
        ({"history": "both"}, 2, "history"),
    ],
)
def test_what_does_not_fit_is_refused_before_an_account_is_taken(
    change: dict[str, Any], code: int, words: str, serve: Serve, cli: Cli
) -> None:
    serve()
    write(sample()[:900], **change)
    found, _, err = cli("paper", "-c", "live.yaml")
    assert (found, words in err) == (code, True), err
    assert "Traceback" not in err
    assert not Path("state/accounts").exists()


def test_bars_at_other_times_are_refused(serve: Serve, cli: Cli) -> None:
    serve()
    bars = sample()[:900]
    write(bars.set_axis(bars.index + pd.Timedelta(minutes=20)))
    code, _, err = cli("paper", "-c", "live.yaml")
    assert code == 3
    assert "not one of the last 50 bars of mine.csv begins when one of the store's does" in err


def test_a_source_that_a_backtest_would_refuse_is_refused(serve: Serve, cli: Cli) -> None:
    serve()
    bars = sample()[:900]
    write(bars.assign(high=bars["low"] * 0.9))
    code, _, err = cli("paper", "-c", "live.yaml")
    assert code == 3
    assert "high_below_low" in err
    assert "data.audit: warn" in err


def test_stamps_at_the_end_are_those_of_bars_that_begin_before(workdir: Path) -> None:
    bars = sample()[:9]
    write(bars.set_axis(bars.index + pd.Timedelta(hours=1)), stamp="end")
    config = load_config("live.yaml").config
    store = with_pasts(config, "venue", cast(Store, None), pytest.fail)
    assert isinstance(store, HistoryElsewhere)
    (past,) = store._pasts.values()
    assert list(past.opens) == list(bars.index.to_pydatetime())
    assert past.prices[3][3] == bars["close"].iloc[3]

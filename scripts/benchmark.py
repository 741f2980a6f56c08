"""What recording a run and keeping bars cost, as ratios in one run: python scripts/benchmark.py

Recording: a run of a moving-average cross through stock's bt.Cerebro, which keeps nothing; the same
with our recorder in its loop, and the whole run through atms; then what files and ledger add to
it, the picture apart. Bars: a CSV file imported into the ledger,
and read back as a feed, against that CSV file as a feed. Both on SQLite and, if the extra localdb
is installed, on a PostgreSQL server of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import backtrader as bt
import numpy as np
import pandas as pd

import atms
from atms import localdb
from atms.analyzers.orders import OrderRecorder
from atms.errors import MissingExtra
from atms.feeds.history import history_feed
from atms.feeds.importing import open_import
from atms.feeds.raw import finished
from atms.importing import import_bars
from atms.ledger.bars import Series, read_bars
from atms.model import Timeframe
from atms.strategies.ma_cross import MovingAverageCross

_MINUTE = Timeframe(1, "m")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=1_000_000)
    bars = parser.parse_args().bars
    frame = walk(bars)
    with tempfile.TemporaryDirectory(prefix="atms-benchmark-") as folder, databases(folder) as urls:
        os.chdir(folder)
        print(f"{bars:,} bars")
        recording(frame, urls)
        keeping(frame, urls)


def walk(count: int) -> pd.DataFrame:
    """Return a seeded random walk of one-minute bars."""
    rng = np.random.default_rng(1)
    close = np.round(10_000 * np.exp(np.cumsum(rng.normal(0, 0.0005, count))), 2)
    open_ = np.concatenate([[10_000.0], close[:-1]])
    spread = np.round(rng.uniform(0, 5, count), 2)
    index = pd.date_range("2020-01-01", periods=count, freq="1min", tz="UTC", name="datetime")
    return pd.DataFrame(
        {
            "open": open_,
            "high": np.maximum(open_, close) + spread,
            "low": np.minimum(open_, close) - spread,
            "close": close,
            "volume": rng.integers(1, 1000, count).astype(float),
        },
        index=index,
    )


def recording(frame: pd.DataFrame, urls: dict[str, str]) -> None:
    """Print what keeping a run adds to an unrecorded one."""
    # By turns: what a run leaves in memory slows the next.
    runs = [
        (timed(lambda: cerebro(frame).run()), timed(lambda: cerebro(frame, OrderRecorder).run()))
        for _ in range(2)
    ]
    plain, recorded = (min(each) for each in zip(*runs, strict=True))
    loop = recorded / plain - 1
    print(f"stock run, unrecorded           {plain:8.1f} s")
    print(f"with our recorder in the loop   {recorded:8.1f} s   {loop:+6.2%}")
    found: list[atms.Result] = []

    def run() -> None:
        found.append(atms.backtest(MovingAverageCross, data=frame, cash=1e6))

    whole = timed(run)
    print(f"all of it through atms          {whole:8.1f} s   {whole / plain - 1:+6.2%}")
    picture = timed(lambda: found[0].plot().savefig("equity.png", dpi=110))
    print(f"its picture                     {picture:8.1f} s")
    for name, url in urls.items():
        kept = saved_to(found[0], url)
        seconds = timed(lambda kept=kept: kept.save())
        together = loop + seconds / plain
        print(f"files and {name:<21} {seconds:8.1f} s   {together:+6.2%} with the recorder")


def cerebro(frame: pd.DataFrame, *analyzers: type[bt.Analyzer]) -> bt.Cerebro:
    """Return stock's Cerebro, ready to run."""
    ready = bt.Cerebro()
    ready.adddata(history_feed(frame))
    ready.addstrategy(MovingAverageCross)
    ready.broker.setcash(1e6)
    for analyzer in analyzers:
        ready.addanalyzer(analyzer)
    return ready


def saved_to(result: atms.Result, url: str) -> atms.Result:
    """Return the same result, to be kept in another ledger and without a picture."""
    config = result.config.model_copy(
        update={
            "ledger": result.config.ledger.model_copy(update={"url": url}),
            "report": result.config.report.model_copy(update={"picture": False}),
        }
    )
    return type(result)(**{**vars(result), "config": config})


def keeping(frame: pd.DataFrame, urls: dict[str, str]) -> None:
    """Print how long bars take into the ledger, and back as a feed beside a CSV file."""
    path = Path("bars.csv")
    frame.reset_index().to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    csv = timed(lambda: history_feed(path), times=5)
    print(f"CSV file as a feed              {csv:8.2f} s")
    series = Series("test", "WALK", _MINUTE, "start")
    for name, url in urls.items():
        seconds = timed(lambda url=url: import_bars(open_import(path), url, series))
        print(f"imported, {name:<21} {seconds:8.1f} s")
        seconds = timed(lambda url=url: history_feed(finished(read_bars(url, series))), times=5)
        print(f"read as a feed, {name:<15} {seconds:8.2f} s   {seconds / csv:6.2f} of CSV's")


def timed(call: Callable[[], object], times: int = 1) -> float:
    """Return the shortest of *times* durations, in seconds."""
    taken = []
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken)


@contextlib.contextmanager
def databases(folder: str) -> Iterator[dict[str, str]]:
    """Yield name -> URL of the databases that can be had, and stop what was started."""
    urls = {"SQLite": f"sqlite:///{folder}/atms.db"}
    home = Path(tempfile.mkdtemp(prefix="atms-benchmark-server-")) / "server"
    home.parent.chmod(0o755)  # as root the server is another user's
    try:
        urls["PostgreSQL"] = localdb.start(home).url
    except MissingExtra as error:
        print(f"without PostgreSQL: {error}")
    try:
        yield urls
    finally:
        localdb.stop(home)


if __name__ == "__main__":
    main()

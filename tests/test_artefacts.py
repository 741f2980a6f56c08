"""A run's folder: what is in it, that it is exact, whole or absent, and read back equal."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

import atms
from atms.config import Component
from atms.errors import ConfigError, OutputError, StrategyError
from atms.result import Result

FILES = {
    "metrics.json", "trades.csv", "fills.csv", "orders.parquet", "equity.parquet", "bars.parquet",
    "lines.parquet", "manifest.json", "run.log", "equity.png",
}  # fmt: skip
FILL_COLUMNS = [
    "run_id", "account", "venue", "symbol", "order_id", "trade_id", "ts", "side", "size", "price",
    "fee", "fee_currency", "reference_price", "spread_cost", "slippage_cost", "impact_cost",
    "currency", "multiplier", "settlement",
]  # fmt: skip
FRAMES = ("fills", "trades", "orders", "equity", "bars", "lines", "fill_trades")


class Dice(bt.Strategy):
    """Trades as the dice fall: fills with digits to the last bit, reversals, open trades."""

    params = dict(chance=0.3)

    def next(self) -> None:
        if random.random() < self.p.chance:
            size = np.random.random() * 10
            if self.position.size > 0:
                self.sell(size=size * 2)
            else:
                self.buy(size=size * 2)
        if len(self) == 3:
            print("the third bar")


class Idle(bt.Strategy):
    """Does nothing."""


_made: dict[str, Result] = {}


@pytest.fixture
def make(frame: Callable[..., pd.DataFrame]) -> Callable[..., Result]:
    """Run Dice on 200 hours of bars, without a picture and a ledger unless asked for.

    A run is made once and handed out again, unless it is to be *fresh*: nothing changes a Result.
    """

    def run(*, fresh: bool = False, **overrides: Any) -> Result:
        key = repr(sorted(overrides.items()))
        if fresh or "data" in overrides or key not in _made:
            settings = {"cash": 100_000, "commission": 0.001, "report__picture": False,
                        "ledger__enabled": False, "data": frame(), **overrides}  # fmt: skip
            _made[key] = atms.backtest(Dice, **settings)
        return _made[key]

    return run


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text()))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def same_times(texts: list[str], stamps: Any) -> bool:
    """Compare ISO texts with stamps as numbers of microseconds."""
    return [pd.Timestamp(text).value // 1000 for text in texts] == [
        pd.Timestamp(stamp).value // 1000 for stamp in stamps
    ]


# ---- what is in the folder ----------------------------------------------------------------------
def test_a_run_leaves_every_promised_file(make: Callable[..., Result]) -> None:
    folder = make(report__picture=True, ledger__enabled=True).save()
    assert {path.name for path in folder.iterdir()} >= FILES
    assert all(path.stat().st_size for path in folder.iterdir())
    assert [path.name for path in Path("runs").iterdir()] == [folder.name]
    assert Path("atms.db").is_file()


def test_the_manifest_has_the_hash_of_every_other_file(make: Callable[..., Result]) -> None:
    folder = make(report__analyzers=["backtrader.analyzers:SQN"]).save()
    others = {path.name: sha256(path) for path in folder.iterdir() if path.name != "manifest.json"}
    assert manifest(folder)["files"] == others
    assert "analyzers.json" in others


def test_the_manifest_says_what_the_run_was_made_of(make: Callable[..., Result]) -> None:
    found = manifest(make(seed=7).save())
    assert found["seed"] == 7
    assert set(found["hashes"]) == {"config", "data", "code"}
    assert found["versions"]["atms"] == atms.__version__
    assert found["versions"]["backtrader"] == "1.9.78.123"
    assert found["strategy"].endswith(":Dice")
    assert found["account"] == f"backtest:{found['run_id']}"
    assert found["config"]["broker"].items() >= {"cash": 100_000.0, "commission": 0.001}.items()


def test_the_picture_is_a_png_of_a_size_to_look_at(make: Callable[..., Result]) -> None:
    data = (make(report__picture=True).save() / "equity.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    assert 800 <= width <= 3000
    assert 400 <= height <= 2000
    assert data.rstrip(b"\0").endswith(b"IEND\xaeB`\x82")


def test_what_the_strategy_prints_is_in_the_log(make: Callable[..., Result]) -> None:
    assert (make().save() / "run.log").read_text() == "the third bar\n"


def test_the_figures_are_json_with_null_for_what_is_undefined(
    frame: Callable[..., pd.DataFrame],
) -> None:
    result = atms.backtest(Idle, data=frame(40), ledger__enabled=False)
    found = json.loads((result.save() / "metrics.json").read_text(), parse_constant=pytest.fail)
    assert found == result.metrics
    assert found["sharpe"] is None
    assert found["trades"] == 0


# ---- exactness ----------------------------------------------------------------------------------
def test_fills_have_exactly_the_promised_columns(make: Callable[..., Result]) -> None:
    with (make().save() / "fills.csv").open() as stream:
        assert next(csv.reader(stream)) == FILL_COLUMNS


@pytest.mark.parametrize(
    ("file", "frame_name", "columns"),
    [
        ("fills.csv", "fills", ["size", "price", "fee", "reference_price"]),
        ("trades.csv", "trades", ["size", "entry_price", "exit_price", "pnl", "fee", "net_pnl",
                                  "net_pnl_pct", "mae", "mfe", "mae_pct", "mfe_pct"]),
        ("fill_trades.csv", "fill_trades", ["size", "fee"]),
    ],
)  # fmt: skip
def test_every_float_in_a_csv_file_reads_back_equal(
    make: Callable[..., Result], file: str, frame_name: str, columns: list[str]
) -> None:
    result = make()
    read, kept = rows(result.save() / file), getattr(result, frame_name)
    assert len(read) == len(kept) > 20
    for column in columns:
        texts = [row[column] for row in read]
        numbers = [None if pd.isna(value) else value for value in kept[column]]
        assert [float(text) if text else None for text in texts] == numbers, column


def test_the_account_of_every_fill_is_the_runs_own(make: Callable[..., Result]) -> None:
    result = make()
    read = rows(result.save() / "fills.csv")
    assert {row["run_id"] for row in read} == {result.id}
    assert {row["account"] for row in read} == {f"backtest:{result.id}"}


def test_venue_symbol_and_currency_are_the_datas_and_have_defaults(
    make: Callable[..., Result], frame: Callable[..., pd.DataFrame]
) -> None:
    plain = rows(make().save() / "fills.csv")[0]
    said = {"source": frame(), "venue": "kraken", "symbol": "ETH/EUR", "currency": "EUR"}
    named = rows(make(data=said).save() / "fills.csv")[0]
    columns = ("venue", "symbol", "fee_currency")
    assert [plain[name] for name in columns] == ["sim", "data", "USD"]
    assert [named[name] for name in columns] == ["kraken", "ETH/EUR", "EUR"]


def test_fills_are_numbered_by_the_run_in_every_run_of_a_process(
    make: Callable[..., Result],
) -> None:
    for seed in (1, 2):
        read = rows(make(fresh=True, seed=seed).save() / "fills.csv")
        assert [int(row["trade_id"]) for row in read] == list(range(1, len(read) + 1))
        orders = [int(row["order_id"]) for row in read]
        assert orders[0] == 1  # the first order of the run, whatever ran before
        assert sorted(set(orders)) == list(range(1, max(orders) + 1))


@pytest.mark.parametrize("stamp", [None, "start", "end"])
@pytest.mark.parametrize("step", ["1h", "61.000013s"])
def test_times_are_the_sources_own_to_the_microsecond(
    make: Callable[..., Result], frame: Callable[..., pd.DataFrame], step: str, stamp: str | None
) -> None:
    # Backtrader's float days cannot tell .123457 from .123450.
    bars = frame(start="2024-01-01 12:00:00.123457", step=step)
    feed = {"source": bars, "stamp": stamp, "timeframe": "1h" if step == "1h" else "61s"}
    result = make(data=feed)
    folder = result.save()
    assert pd.read_parquet(folder / "equity.parquet").index.equals(bars.index)
    assert pd.read_parquet(folder / "lines.parquet").index.equals(bars.index)
    assert list(pd.read_parquet(folder / "bars.parquet")["datetime"]) == list(bars.index)
    # Dice orders at a close, so its fill is at the next bar's open: found here by that price.
    opens = dict(zip(bars["open"], bars.index, strict=True))
    read = rows(folder / "fills.csv")
    known = [row for row in read if (bars["open"] == float(row["price"])).sum() == 1]
    assert len(known) > 20
    assert same_times([row["ts"] for row in known], [opens[float(row["price"])] for row in known])
    orders = pd.read_parquet(folder / "orders.parquet")
    for column in ("created_ts", "updated_ts"):
        assert set(orders[column]) <= set(bars.index)
    trades = rows(folder / "trades.csv")
    entries = [pd.Timestamp(row["entry_ts"]) for row in trades]
    exits = [pd.Timestamp(row["exit_ts"]) for row in trades if row["exit_ts"]]
    assert set(entries) | set(exits) <= set(bars.index)


def test_times_in_csv_are_iso_8601_in_utc(make: Callable[..., Result]) -> None:
    texts = [row["ts"] for row in rows(make().save() / "fills.csv")]
    assert all(text.endswith("Z") and text[10] == "T" for text in texts)


def test_stamps_finer_than_a_microsecond_are_truncated_and_it_is_said(
    make: Callable[..., Result], frame: Callable[..., pd.DataFrame]
) -> None:
    bars = frame()
    bars.index = bars.index.as_unit("ns") + pd.Timedelta(123_456_789, unit="ns")
    result = make(data=bars)
    assert set(result.fills["ts"].dt.microsecond) == {123_456}
    assert set(result.fills["ts"].dt.nanosecond) == {0}
    assert any("finer than a microsecond" in line for line in manifest(result.save())["warnings"])


# ---- lines --------------------------------------------------------------------------------------
class Lines(bt.Strategy):
    """Indicators of one line and of several, one hidden, one on longer bars."""

    def __init__(self) -> None:
        self.average = bt.ind.SMA(self.data0, period=5)
        self.bands = bt.ind.BollingerBands(self.data0, period=7)
        self.cross = bt.ind.CrossOver(self.data0.close, self.average)
        self.hidden = bt.ind.EMA(self.data0, period=4, plot=False)
        self.longer = bt.ind.SMA(self.data1, period=2)


@pytest.fixture
def stock_lines(frame: Callable[..., pd.DataFrame]) -> dict[str, list[float]]:
    """What each line showed at each bar of the first data, in a plain Backtrader script."""

    class Watched(Lines):
        def prenext(self) -> None:
            for name, line in (
                ("average", self.average.sma),
                ("mid", self.bands.mid),
                ("top", self.bands.top),
                ("bot", self.bands.bot),
                ("cross", self.cross.crossover),
                ("longer", self.longer.sma),
            ):
                seen.setdefault(name, []).append(line[0] if len(line) else float("nan"))

        next = prenext

    seen: dict[str, list[float]] = {}
    cerebro = bt.Cerebro()
    plain = bt.feeds.PandasData(dataname=frame(60).tz_localize(None),
                                timeframe=bt.TimeFrame.Minutes, compression=60)  # fmt: skip
    cerebro.adddata(plain)
    cerebro.resampledata(plain, timeframe=bt.TimeFrame.Minutes, compression=240)
    cerebro.addstrategy(Watched)
    cerebro.run()
    return seen


@pytest.fixture
def line_run(frame: Callable[..., pd.DataFrame]) -> Result:
    return atms.backtest(
        Lines,
        data=[
            {"source": frame(60), "name": "h", "timeframe": "1h", "stamp": "end"},
            {"of": "h", "name": "4h", "resample": "4h"},
        ],
        ledger__enabled=False,
        report__picture=False,
    )


def test_plotted_indicators_are_kept_with_the_values_of_a_stock_run(
    line_run: Result, stock_lines: dict[str, list[float]]
) -> None:
    kept = pd.read_parquet(line_run.save() / "lines.parquet")
    assert len(kept.columns) == len(stock_lines) == 6
    assert kept.index.equals(line_run.equity.index)
    columns = [kept[name].to_numpy() for name in kept.columns]
    for name, values in stock_lines.items():
        assert len(values) == len(kept)
        assert any(np.array_equal(values, column, equal_nan=True) for column in columns), name


def test_a_line_is_named_by_its_indicator_and_its_parameters(line_run: Result) -> None:
    names = list(line_run.lines.columns)
    assert len(set(names)) == len(names)
    for wanted in ("5", "7", ".mid", ".top", ".bot", "CrossOver"):
        assert any(wanted in name for name in names), wanted
    assert not any("Exponential" in name or "EMA" in name for name in names)  # it is not plotted


# ---- the same run again -------------------------------------------------------------------------
def test_the_same_config_gives_the_same_run(make: Callable[..., Result]) -> None:
    random.seed(99)
    one = make(fresh=True)
    np.random.seed(4)
    other = make(fresh=True)
    assert len(one.trades) > 20
    own = ["run_id", "account"]
    for name in FRAMES:
        a, b = (getattr(result, name).drop(columns=own, errors="ignore") for result in (one, other))
        pd.testing.assert_frame_equal(a, b, check_exact=True)
    assert {**one.metrics, "seconds": 0} == {**other.metrics, "seconds": 0}
    assert one.provenance == other.provenance
    assert one.id != other.id
    files = [manifest(result.save())["files"] for result in (one, other)]
    for name in ("orders.parquet", "equity.parquet", "bars.parquet", "lines.parquet", "run.log"):
        assert files[0][name] == files[1][name]


def test_another_seed_gives_another_run(make: Callable[..., Result]) -> None:
    assert not make(seed=1).fills["size"].equals(make(seed=2).fills["size"])


@pytest.mark.parametrize(
    ("changed", "which"),
    [
        ({"params": {"chance": 0.31}}, {"config"}),
        ({"cash": 100_001}, {"config"}),
        ({"seed": 2}, {"config"}),
        ({"name": "another label"}, set()),
        ({"run__out": "elsewhere"}, set()),
        ({"ledger__url": "sqlite:///other.db"}, set()),
    ],
    ids=lambda value: next(iter(value), "nothing") if isinstance(value, dict) else "",
)
def test_the_config_hash_changes_with_what_decides_the_result(
    make: Callable[..., Result], changed: dict[str, Any], which: set[str]
) -> None:
    one, other = make().provenance.hashes, make(**changed).provenance.hashes
    assert {name for name in one if one[name] != other[name]} == which


@pytest.mark.parametrize("column", ["open", "close", "volume", "datetime"])
def test_one_changed_bar_changes_the_data_hash(
    make: Callable[..., Result], frame: Callable[..., pd.DataFrame], column: str
) -> None:
    bars = frame()
    if column == "datetime":
        bars.index = bars.index[:-1].append(bars.index[-1:] + pd.Timedelta(microseconds=1))
    else:
        at = bars.columns.get_loc(column)
        bars.iloc[150, at] = np.nextafter(bars.iloc[150, at], np.inf)
    one, other = make().provenance.hashes, make(data=bars).provenance.hashes
    assert {name for name in one if one[name] != other[name]} == {"data"}


def test_a_changed_strategy_file_changes_the_code_hash(
    write_strategy: Callable[..., str], frame: Callable[..., pd.DataFrame]
) -> None:
    body = "class Mine(bt.Strategy):\n    def next(self):\n        self.buy()\n"
    path = write_strategy(body)
    hashes = []
    for text in (body, body, body + "# changed\n"):
        write_strategy(text)
        hashes.append(atms.backtest(strategy=path, data=frame(30)).provenance.hashes)
    assert hashes[0] == hashes[1]
    assert {name for name in hashes[0] if hashes[0][name] != hashes[2][name]} == {"code"}


def test_a_changed_file_beside_the_strategy_is_used_and_changes_the_code_hash(
    write_strategy: Callable[..., str], frame: Callable[..., pd.DataFrame], workdir: Path
) -> None:
    path = write_strategy(
        "import beside_it\n\n\nclass Mine(bt.Strategy):\n    def next(self):\n"
        "        if len(self) == 2:\n            self.buy(size=beside_it.NUMBER)\n"
    )
    hashes, sizes = [], []
    for number in (1, 22):
        (workdir / "beside_it.py").write_text(f"NUMBER = {number}\n")
        result = atms.backtest(strategy=path, data=frame(30))
        hashes.append(result.provenance.hashes["code"])
        sizes += list(result.fills["size"])
    assert hashes[0] != hashes[1]
    assert sizes == [1, 22]  # what was hashed is what ran


def test_a_strategy_file_that_is_as_long_and_as_old_as_before_is_read_anew(
    write_strategy: Callable[..., str],
    frame: Callable[..., pd.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Python takes its compiled copy for current by length and by whole seconds.
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    hashes, sizes = [], []
    for number in (1, 2):
        path = write_strategy(
            "class Mine(bt.Strategy):\n    def next(self):\n"
            f"        if len(self) == 2:\n            self.buy(size={number})\n"
        )
        os.utime(path, (1_700_000_000, 1_700_000_000))
        result = atms.backtest(strategy=path, data=frame(30))
        hashes.append(result.provenance.hashes["code"])
        sizes += list(result.fills["size"])
    assert hashes[0] != hashes[1]
    assert sizes == [1, 2]


def test_the_code_hash_does_not_depend_on_what_else_ran_in_the_process(
    write_strategy: Callable[..., str], frame: Callable[..., pd.DataFrame]
) -> None:
    one = write_strategy("class One(bt.Strategy):\n    pass\n", "one.py")
    other = write_strategy("class Other(bt.Strategy):\n    pass\n", "other.py")
    hashes = [
        atms.backtest(strategy=path, data=frame(30)).provenance.hashes["code"]
        for path in (one, other, one)
    ]
    assert hashes[0] == hashes[2] != hashes[1]


# ---- read back ----------------------------------------------------------------------------------
@pytest.mark.parametrize("by", ["id", "prefix", "last", "folder"])
def test_a_run_is_found_again_equal(make: Callable[..., Result], by: str) -> None:
    make(ledger__enabled=True, seed=9, name="earlier").save()
    result = make(ledger__enabled=True, name="wanted", analyzers=["backtrader.analyzers:SQN"])
    folder = result.save()
    found = atms.load_run(
        {"id": result.id, "prefix": result.id[:-2], "last": "last", "folder": str(folder)}[by]
    )
    for name in FRAMES:
        pd.testing.assert_frame_equal(
            getattr(found, name), getattr(result, name), check_exact=True, obj=name
        )
    assert found.metrics == result.metrics
    assert found.config == result.config
    for name in ("id", "status", "account", "feeds", "provenance", "warnings", "log", "warmup"):
        assert getattr(found, name) == getattr(result, name), name
    assert (found.started, found.ended) == (result.started, result.ended)
    assert found.folder.resolve() == folder.resolve()
    assert list(found.analyzers) == list(result.analyzers)


def test_a_run_without_a_trade_is_found_again(frame: Callable[..., pd.DataFrame]) -> None:
    result = atms.backtest(Idle, data=frame(40), report__picture=False)
    result.save()
    found = atms.load_run("last")
    for name in FRAMES:
        kept, back = getattr(result, name), getattr(found, name)
        assert list(back.columns) == list(kept.columns), name
        assert len(back) == len(kept), name
    assert found.metrics == result.metrics
    assert found.explanation == result.explanation


def test_a_run_read_from_its_folder_can_be_drawn_and_saved_again(
    make: Callable[..., Result],
) -> None:
    found = atms.load_run(str(make().save()))
    assert found.plot().axes
    again = atms.load_run(str(found.save("again")))
    pd.testing.assert_frame_equal(again.trades, found.trades, check_exact=True)


def test_runs_lists_every_run_from_the_newest_on_with_its_figures(
    make: Callable[..., Result],
) -> None:
    saved = [make(ledger__enabled=True, seed=seed) for seed in (1, 2, 3)]
    for result in saved:
        result.save()
    listed = atms.runs()
    assert listed.index.name == "id"
    assert list(listed.index) == [result.id for result in saved[::-1]]
    assert list(listed["seed"]) == [3, 2, 1]
    assert list(listed["status"]) == ["finished"] * 3
    for name in ("sharpe", "total_return", "trades"):
        assert list(listed[name]) == [result.metrics[name] for result in saved[::-1]]


def test_without_runs_the_list_is_empty_and_no_ledger_is_made() -> None:
    assert len(atms.runs()) == 0
    assert not Path("atms.db").exists()


@pytest.mark.parametrize("run_id", ["last", "20240101", "nowhere/at/all"])
def test_without_runs_a_run_asked_for_is_a_clear_error(run_id: str) -> None:
    with pytest.raises(ConfigError, match="no runs yet"):
        atms.load_run(run_id)


def test_an_unknown_or_ambiguous_id_is_a_clear_error(make: Callable[..., Result]) -> None:
    ids = []
    for seed in (1, 2):
        ids.append(make(ledger__enabled=True, seed=seed))
        ids[-1].save()
    with pytest.raises(ConfigError, match="did you mean"):
        atms.load_run(ids[0].id[1:])
    with pytest.raises(ConfigError, match="2 runs start with"):
        atms.load_run("2")


@pytest.mark.parametrize("gone", [*sorted(FILES - {"equity.png"}), "fill_trades.csv"])
def test_a_missing_file_is_an_error_that_names_it(make: Callable[..., Result], gone: str) -> None:
    folder = make(ledger__enabled=True).save()
    (folder / gone).unlink()
    with pytest.raises(OutputError, match=gone.replace(".", r"\.")) as caught:
        atms.load_run("last")
    assert folder.name in str(caught.value)


@pytest.mark.parametrize("broken", ["manifest.json", "metrics.json", "equity.parquet", "fills.csv"])
@pytest.mark.parametrize("content", ["", "no such thing\n1,2,3\n"])
def test_a_file_that_cannot_be_read_is_an_error(
    make: Callable[..., Result], broken: str, content: str
) -> None:
    folder = make(ledger__enabled=True).save()
    (folder / broken).write_text(content)
    with pytest.raises(OutputError, match=folder.name):
        atms.load_run("last")


def test_a_folder_that_was_moved_away_is_an_error_and_found_by_its_new_place(
    make: Callable[..., Result],
) -> None:
    result = make(ledger__enabled=True)
    moved = result.save().rename("moved")
    with pytest.raises(OutputError, match="gone"):
        atms.load_run("last")
    assert atms.load_run(str(moved)).id == result.id


# ---- whole or absent ----------------------------------------------------------------------------
FULL = """
import resource
from pathlib import Path
import atms

result = atms.load_run("kept")
sizes = sorted({path.stat().st_size for path in Path("kept").iterdir()})
assert len(sizes) > 6
for number, size in enumerate(sizes):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size * 9 // 10, resource.RLIM_INFINITY))
    try:
        result.save(f"out-{number}")
        print("saved")
    except atms.OutputError as error:
        print(type(error).__name__, f"out-{number}" in str(error), "too large" in str(error))
"""


def test_a_write_that_fails_leaves_no_part_of_a_folder(make: Callable[..., Result]) -> None:
    # One limit a file: below the size of each in turn, so that one after another fails first.
    make(report__picture=True).save("kept")
    done = subprocess.run(
        [sys.executable, "-c", FULL], capture_output=True, text=True, check=False, timeout=120
    )
    answers = set(done.stdout.splitlines())
    assert answers == {"OutputError True True"}, done.stdout + done.stderr
    assert [path.name for path in Path().iterdir()] == ["kept"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_save_that_is_interrupted_leaves_no_part_of_a_folder(
    make: Callable[..., Result], error: type[BaseException]
) -> None:
    class Stops:
        def __str__(self) -> str:
            raise error

    result = replace(make(), analyzers={"mine": Stops()})  # written after all the frames
    with pytest.raises(error):
        result.save("out")
    assert list(Path().iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(
    make: Callable[..., Result],
) -> None:
    Path("file").write_text("in the way")
    with pytest.raises(OutputError, match="file/out"):
        make().save("file/out")


def test_a_folder_that_holds_something_is_kept_and_a_new_one_made_beside_it(
    make: Callable[..., Result],
) -> None:
    Path("out").mkdir()
    Path("out/mine.txt").write_text("keep me")
    folders = [make().save("out") for _ in range(2)]
    assert [folder.name for folder in folders] == ["out-2", "out-3"]
    assert [path.name for path in Path("out").iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_used(make: Callable[..., Result]) -> None:
    Path("out").mkdir()
    assert make().save("out") == Path("out")
    assert manifest(Path("out"))["status"] == "finished"


def test_a_run_that_failed_leaves_a_whole_folder_too(frame: Callable[..., pd.DataFrame]) -> None:
    class Breaks(Dice):
        def next(self) -> None:
            super().next()
            if len(self) == 100:
                raise RuntimeError("on the hundredth bar")

    with pytest.raises(StrategyError) as caught:
        atms.backtest(Breaks, data=frame(), cash=100_000, ledger__enabled=False)
    partial = caught.value.result
    folder = partial.save()
    assert {path.name for path in folder.iterdir()} >= FILES
    found = manifest(folder)
    assert found["status"] == "failed"
    assert "on the hundredth bar" in (folder / "run.log").read_text()
    assert len(pd.read_parquet(folder / "equity.parquet")) == 100
    assert len(atms.load_run(str(folder)).fills) == len(partial.fills) > 10


def test_a_component_named_by_text_alone_is_read_back_as_it_was(
    make: Callable[..., Result],
) -> None:
    found = atms.load_run(str(make(sizer="backtrader.sizers:AllInSizer").save()))
    assert found.config.sizer == Component(name="backtrader.sizers:AllInSizer")

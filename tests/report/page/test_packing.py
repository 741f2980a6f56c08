"""What is packed comes back bit by bit, in few bytes; what may become coarser says so."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
import pytest

import atms
from atms.bench.bars import walk
from atms.report.page.packing import Packed, pack, unpack
from atms.report.page.series import Series, series
from atms.result import Result
from tests.report.page.runs import SETTINGS, bars, ran
from tests.report.page.strategies import PageFlip, PageIdle, PageIndicators, PageSaver, PageSwing
from tests.report.page.vectors import hard, same

SERIES = hard()
PLENTY = 10**9


def read(packed: Packed) -> dict[str, Any]:
    """Return what comes back from the JSON as it stands in a page."""
    return unpack(json.loads(json.dumps(packed.data, allow_nan=False)))


def differing(given: Any, found: Any) -> list[tuple[str, str]]:
    return [
        (name, column)
        for name, one in given.items()
        for column, values in one.items()
        if column not in found[name] or not same(values, found[name][column])
    ]


def kinds(packed: Packed) -> dict[tuple[str, str], dict[str, Any]]:
    """Return how each column is stored."""
    index = json.loads(gzip.decompress(base64.b64decode(packed.data["index"])))
    return {(name, column): spec for name, column, spec in index["columns"]}


HARD = read(pack(SERIES, PLENTY))


@pytest.mark.parametrize(
    ("name", "column"), [(name, column) for name, one in SERIES.items() for column in one]
)
def test_a_hard_column_comes_back_bit_by_bit(name: str, column: str) -> None:
    assert same(SERIES[name][column], HARD[name][column])


def test_columns_come_back_in_their_order() -> None:
    assert {name: list(one) for name, one in HARD.items()} == {
        name: list(one) for name, one in SERIES.items()
    }


def test_averages_of_the_close_take_no_bytes_of_their_own() -> None:
    stored = kinds(pack(SERIES, PLENTY))
    for of, name in (("lines:0", "SMA(30)"), ("lines:2", "SMA(7)")):
        assert stored[of, name] == {"kind": "formula", "n": 5000} | {
            "formula": ["mean", ["column", of.replace("lines", "bars"), "close"], int(name[4:-1])]
        }
    # Alpha is 2 / (1 + 10).
    assert stored["lines:0", "EMA(10)"]["formula"][2:] == [2 / 11, 10]


# ---- runs ---------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def flipping() -> Result:
    return ran(PageFlip, bars(1200), commission="0.1%")


def slipping() -> Result:
    return ran(PageFlip, bars(600), commission="0.1%", broker__slippage="0.05%")


@pytest.mark.parametrize(
    "made",
    [
        lambda: ran(PageIdle),
        lambda: ran(PageSaver, bars(400)),
        lambda: ran(PageSwing, {f"feed{n}": bars(90, seed=n) for n in range(12)}),
        slipping,
    ],
    ids=["no fills", "cash added and taken", "many feeds", "slippage"],
)
def test_a_runs_series_come_back_bit_by_bit(made: Any) -> None:
    given = series(made())
    assert differing(given, read(pack(given, PLENTY))) == []


def test_what_follows_from_fills_and_bars_is_not_stored(flipping: Result) -> None:
    given = series(flipping)
    packed = pack(given, PLENTY)
    assert differing(given, read(packed)) == []
    stored = kinds(packed)
    followed = [
        ("equity", ("value", "drawdown", "exposure", "hold")),
        ("fills", ("time", "reference_price", "price", "fee", "slippage_cost")),
        ("trades", ("time", "feed", "entry_bar", "size", "entry_price", "exit_price", "pnl",
                    "net_pnl", "mae", "mfe", "mae_pct", "mfe_pct")),
    ]  # fmt: skip
    for name, columns in followed:
        for column in columns:
            spec = stored[name, column]
            assert spec["kind"] in ("formula", "constant"), (name, column)
            # Some trades have several exits: Python's sum rounds otherwise than one by one.
            assert spec.get("odd", {"at": {"n": 0}})["at"]["n"] <= 0.1 * spec["n"], (name, column)
    # What reverses a position is charged twice, and a fill says only what both came to.
    assert stored["equity", "cash"]["at"]["n"] <= 0.02 * 1200


def test_backtraders_own_indicators_are_worked_out_from_the_bars() -> None:
    given = series(ran(PageIndicators, bars(3000)))
    packed = pack(given, PLENTY)
    assert differing(given, read(packed)) == []
    odd = {
        column: spec.get("odd", {"at": {"n": 0}})["at"]["n"]
        for (name, column), spec in kinds(packed).items()
        if name == "lines:0" and spec["kind"] == "formula"
    }
    assert {name.partition("(")[0] for name in set(given["lines:0"]) - set(odd)} == {"WMA"}
    exact = {name for name, count in odd.items() if not count}
    # Powers and square roots are rounded by the C library as it likes, now and then.
    assert {name.partition("(")[0] for name in set(odd) - exact} <= {
        "BollingerBands",
        "StdDev",
        "ATR",
    }
    assert max(odd.values()) < 0.25 * 3000


def test_cash_that_is_no_fills_is_stored_at_its_own_rows() -> None:
    given = series(ran(PageSaver, bars(400)))
    stored = kinds(pack(given, PLENTY))["equity", "cash"]
    assert stored["kind"] == "cash"
    assert stored["at"]["n"] == 7  # on the bars after 50, 100 ... 350; none after 400


# ---- bytes --------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def long() -> Series:
    """100,000 bars of one minute and 3,870 fills; ``bench report`` has ten times as many."""
    frame = walk(100_000)
    frame.index = frame.index.tz_localize("UTC")
    return series(atms.backtest(strategy="ma_cross", data=frame, **{**SETTINGS, "cash": 1_000_000}))


def test_a_tenth_of_a_million_bars_fits_into_a_tenth_of_the_bytes(long: Series) -> None:
    packed = pack(long, 430_000)
    assert len(long["fills"]["time"]) > 3_800
    assert len(json.dumps(packed.data)) <= 430_000
    found = read(packed)
    coarse = [("bars:0", "volume")]
    assert differing(long, found) == coarse
    assert packed.notes == (
        "To keep the page within report.max_mb: volume of data is the mean of every 4 bars.",
    )
    assert packed.data["meta"]["coarser"] == {"bars:0": {"volume": "the mean of every 4 bars"}}
    means = long["bars:0"]["volume"].reshape(-1, 4).mean(axis=1)
    np.testing.assert_allclose(found["bars:0"]["volume"][::4], means, rtol=0.005)


def test_with_more_bytes_the_volume_keeps_its_digits(long: Series) -> None:
    found = read(pack(long, 500_000))["bars:0"]["volume"]
    np.testing.assert_allclose(found, long["bars:0"]["volume"], rtol=0.05)  # two digits
    assert not same(found, long["bars:0"]["volume"])


def test_what_cannot_be_made_coarser_stays_exact_whatever_it_takes(long: Series) -> None:
    packed = pack(long, 100_000)
    found = read(packed)
    assert differing(long, found) == [("bars:0", "volume"), ("lines:0", "CrossOver()")]
    assert "volume" not in found["bars:0"]
    assert packed.notes == (
        "Bars, equity, fills and trades take 0.4 MB, and report.max_mb leaves 0.1 MB for them: "
        "they are kept exact, and the page is larger.",
        "To keep the page within report.max_mb: volume of data and CrossOver() on data are "
        "left out.",
    )


def test_an_indicator_becomes_coarser_step_by_step_and_stays_undefined_where_it_was() -> None:
    random = np.random.default_rng(3)
    close = np.round(100 + np.cumsum(random.normal(0, 0.1, 20_000)), 2)
    times = 1.7e15 + 6e7 * np.arange(20_000)
    noise = np.where(np.arange(20_000) < 100, np.nan, random.normal(50, 10, 20_000))
    given = {
        "bars:0": {"time": times, "close": close},
        "lines:0": {"time": times, "RSI(14)": noise},
    }
    whole = len(json.dumps(pack(given, PLENTY).data))
    worst = []
    for share in (0.5, 0.4, 0.3, 0.2):
        packed = pack(given, int(whole * share))
        assert len(json.dumps(packed.data)) <= whole * share
        found = read(packed)["lines:0"]["RSI(14)"]
        assert np.isnan(found[:100]).all()
        assert not np.isnan(found[100:]).any()
        worst.append(float(np.nanmax(np.abs(found - noise))))
    assert worst == sorted(worst)
    assert worst[0] < 0.01


def test_a_run_of_many_feeds_names_three_columns_and_counts_the_rest() -> None:
    random = np.random.default_rng(1)
    volumes = {f"bars:{n}": {"volume": random.normal(9, 1, 400)} for n in range(20)}
    notes = pack(volumes, 0).notes
    assert notes[-1] == (
        "To keep the page within report.max_mb: volume of bars:0, volume of bars:1, volume of "
        "bars:2 and 17 more are left out."
    )

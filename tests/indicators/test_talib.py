"""TA-Lib's functions as indicators: what they are given, called and refused."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest
import talib as raw

import atms
from atms import registry
from atms.indicators import talib
from tests.indicators.bench import Watched, spy, watch

FRAME = spy(120)


def made(name: str, *lines: Callable[[Any], Any], **params: Any) -> Watched:
    def make(strategy: Any) -> dict[str, Any]:
        return {name: getattr(talib, name)(*(line(strategy) for line in lines), **params)}

    return watch(make, FRAME)


def close(strategy: Any) -> Any:
    return strategy.data.close


def high(strategy: Any) -> Any:
    return strategy.data.high


def low(strategy: Any) -> Any:
    return strategy.data.low


def volume(strategy: Any) -> Any:
    return strategy.data.volume


def feed(strategy: Any) -> Any:
    return strategy.data


def column(name: str) -> np.ndarray:
    return FRAME[name].to_numpy(dtype=float)


# ---- inputs --------------------------------------------------------------------------------------
def test_one_feed_gives_every_price_by_its_name() -> None:
    expected = raw.MFI(column("high"), column("low"), column("close"), column("volume"))
    np.testing.assert_array_equal(made("MFI", feed).values("MFI")[:, 0], expected)


def test_without_inputs_it_is_the_strategys_first_feed() -> None:
    expected = raw.ATR(column("high"), column("low"), column("close"))
    np.testing.assert_array_equal(made("ATR").values("ATR")[:, 0], expected)


def test_lines_may_be_given_one_by_one_in_talibs_order() -> None:
    expected = raw.AROON(column("low"), column("high"))
    found = made("AROON", low, high).values("AROON")
    np.testing.assert_array_equal(found.T, np.array(expected))


def test_a_line_in_the_place_of_a_close() -> None:
    expected = raw.RSI(column("high"), timeperiod=5)
    found = made("RSI", high, timeperiod=5).values("RSI")[:, 0]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("line", [feed, volume])
def test_a_function_of_volume_reads_a_feeds_volume(line: Any) -> None:
    expected = raw.PVO(column("volume"))
    np.testing.assert_array_equal(made("PVO", line).values("PVO")[:, 0], expected)


def test_two_feeds_are_two_closes() -> None:
    other = FRAME.assign(close=FRAME["close"].iloc[::-1].to_numpy())

    def make(strategy: Any) -> dict[str, Any]:
        return {"CORREL": talib.CORREL(strategy.data0, strategy.data1, timeperiod=10)}

    expected = raw.CORREL(column("close"), other["close"].to_numpy(dtype=float), timeperiod=10)
    np.testing.assert_array_equal(watch(make, FRAME, other).values("CORREL")[:, 0], expected)


@pytest.mark.parametrize(
    ("name", "lines", "words"),
    [
        (
            "CORREL",
            [feed],
            "talib.CORREL: was given 1 inputs; give a line for each of price0",
        ),
        ("MAVP", [feed], "give a line for each of price, periods"),
        ("ATR", [high, low], "give one feed, or a line for each of high, low, close"),
        ("ATR", [close], "what it was given has no high, low, close; give a line for each"),
        ("RSI", [high, low], "was given 2 inputs; give one feed, or a line for each of close"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(name: str, lines: list[Any], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        made(name, *lines)


@pytest.mark.parametrize("modes", [{}, {"runonce": False}])
def test_feeds_with_bars_at_other_times_are_not_paired(modes: dict[str, Any]) -> None:
    def make(strategy: Any) -> dict[str, Any]:
        return {"BETA": talib.BETA(strategy.data0, strategy.data1)}

    with pytest.raises(ValueError, match=r"talib.BETA: its inputs have \d+ and \d+ bars, and it"):
        watch(make, FRAME, FRAME.drop(FRAME.index[40]), **modes)


# ---- parameters, lines, names --------------------------------------------------------------------
def test_lines_have_talibs_names() -> None:
    macd = made("MACD", feed, fastperiod=5, slowperiod=9, signalperiod=3).made["MACD"]
    expected = raw.MACD(column("close"), fastperiod=5, slowperiod=9, signalperiod=3)
    for line, output in zip((macd.macd, macd.macdsignal, macd.macdhist), expected, strict=True):
        np.testing.assert_array_equal(np.array(line.array)[10:], output[10:])


def test_the_period_to_wait_follows_the_parameters() -> None:
    assert made("RSI", timeperiod=5).first == 6
    assert made("SMA", timeperiod=5).first == 5


def test_a_whole_float_is_a_whole_number() -> None:
    assert made("RSI", timeperiod=5.0).first == 6  # as YAML or an optimizer may write it


def test_a_moving_average_has_a_number() -> None:
    expected = raw.MA(column("close"), timeperiod=5, matype=raw.MA_Type.WMA)
    found = made("MA", timeperiod=5, matype=talib.MA_Type.WMA).values("MA")[:, 0]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("RSI", {"timeperiod": 0}, "talib.RSI: TA-Lib does not take timeperiod=0"),
        ("RSI", {"timeperiod": 2.5}, "talib.RSI: timeperiod is 2.5; give a whole number"),
        ("RSI", {"timeperiod": "14"}, "timeperiod is '14'; give a whole number"),
        ("RSI", {"timeperiod": math.nan}, "timeperiod is nan; give a whole number"),
        ("BBANDS", {"nbdevup": None}, "talib.BBANDS: nbdevup is None; give a number"),
        ("BBANDS", {"nbdevup": math.nan}, "nbdevup is nan; give a number"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(
    name: str, params: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        made(name, feed, **params)


def test_a_parameter_that_is_not_there_is_refused() -> None:
    words = "talib.RSI: period=: its parameters, by name, are: timeperiod="
    with pytest.raises(TypeError, match=re.escape(words)):
        made("RSI", feed, period=14)


def test_a_parameter_without_its_name_is_refused() -> None:
    with pytest.raises(TypeError, match=r"talib\.RSI: 14: its parameters, by name"):
        made("RSI", feed, lambda _: 14)


def test_a_function_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="has no function 'RSII'"):
        _ = talib.RSII


def test_every_function_is_listed_and_described() -> None:
    assert set(raw.get_functions()) < set(dir(talib))
    assert talib.RSI.__doc__.startswith("Relative Strength Index.")
    assert talib.RSI is talib.RSI


def test_an_indicator_is_found_by_its_name_in_a_config() -> None:
    assert registry.load("indicators", "atms.indicators.talib:RSI") is talib.RSI


def test_backtraders_own_indicators_stay_what_they_are() -> None:
    assert talib.SMA is not bt.ind.SMA
    assert bt.Indicator._indcol.get("SMA") is not talib.SMA


def test_a_subclass_is_the_same_function() -> None:
    class Fast(talib.RSI):  # type: ignore[misc,name-defined]
        params = dict(timeperiod=5)

    def make(strategy: Any) -> dict[str, Any]:
        return {"fast": Fast(strategy.data)}

    found = watch(make, FRAME).values("fast")[:, 0]
    np.testing.assert_array_equal(found, raw.RSI(column("close"), timeperiod=5))


@pytest.mark.parametrize("modes", [{}, {"runonce": False}])
def test_fewer_bars_than_the_first_value_needs(modes: dict[str, Any]) -> None:
    def make(strategy: Any) -> dict[str, Any]:
        return {"RSI": talib.RSI(strategy.data)}

    ran = watch(make, FRAME[:10], **modes)
    assert np.isnan(ran.values("RSI")).all()
    assert not ran.first


# ---- exactbars -----------------------------------------------------------------------------------
def test_exactbars_cannot_go_on_from_a_bar_without_a_number() -> None:
    broken = FRAME.astype(float)
    broken.iloc[60] = np.nan

    def make(strategy: Any) -> dict[str, Any]:
        return {"RSI": talib.RSI(strategy.data)}

    words = r"talib.RSI: bar 61 or one before it has no number, and exactbars keeps too few"
    with pytest.raises(ValueError, match=words):
        watch(make, broken, exactbars=1)


def test_exactbars_takes_leading_bars_without_numbers() -> None:
    late = FRAME.astype(float)
    late.iloc[:40, late.columns.get_loc("volume")] = np.nan

    def make(strategy: Any) -> dict[str, Any]:
        return {"OBV": talib.OBV(strategy.data)}

    kept, saved = watch(make, late), watch(make, late, exactbars=1)
    np.testing.assert_array_equal(kept.values("OBV"), saved.values("OBV"))
    assert np.isfinite(saved.values("OBV")[40:]).all()


# ---- without the package -------------------------------------------------------------------------
STRATEGY = """from atms.indicators import talib


class Uses(bt.Strategy):
    def __init__(self):
        self.rsi = talib.RSI(self.data)
"""
ABSENT = "import sys; sys.modules['talib'] = None; "


def python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_without_the_package_a_config_gets_the_command_that_installs_it(
    write_strategy: Callable[..., str], frame: Callable[..., pd.DataFrame]
) -> None:
    frame(50).to_csv("bars.csv")
    path = write_strategy(STRATEGY)
    Path("c.yaml").write_text(f"data: {{feeds: [{{source: bars.csv}}]}}\nstrategy: {path}\n")
    backtest = "from atms.cli.main import main; sys.argv[1:] = ['backtest', '-c', 'c.yaml']; main()"
    done = python(ABSENT + backtest)
    assert done.returncode == 2, done.stderr
    assert "needs talib: pip install '" in done.stderr
    assert "[talib]'" in done.stderr


def test_without_the_package_a_plain_script_gets_it_too() -> None:
    done = python(ABSENT + "from atms.indicators import talib")
    assert "ModuleNotFoundError: atms.indicators.talib needs TA-Lib: pip install" in done.stderr


def test_an_older_package_is_refused() -> None:
    older = "import talib; del talib.InsufficientHistory; "  # there were no streams before 0.8
    done = python(older + "from atms.indicators import talib")
    assert "needs TA-Lib 0.8.2 or later, and " in done.stderr


def test_a_strategy_with_it_runs_from_a_file(
    write_strategy: Callable[..., str], frame: Callable[..., pd.DataFrame]
) -> None:
    result = atms.backtest({"strategy": write_strategy(STRATEGY)}, data=frame(50))
    assert len(result.equity) == 50

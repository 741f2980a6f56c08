"""What a sizer refuses, and the line that says so."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import backtrader as bt
import pytest

import atms
from atms import registry
from tests.sizers.trading import Offers, buy, run

FLAT = [100.0] * 6
NEEDED: dict[str, dict[str, Any]] = {"volatility": {"periods_per_year": 252}}


def sizer(name: str) -> type[bt.Sizer]:
    return registry.load("sizers", name)


# ---- parameters ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("fixed", {"units": 0}, "units is 0; give a number above 0"),
        ("fixed", {"units": "7"}, "units is '7'"),
        ("fixed", {"units": True}, "units is True"),
        ("fixed", {"step": 0}, "step is 0"),
        ("fixed", {"step": "small"}, "step is 'small'"),
        ("fixed", {"minimum": -1}, "minimum is -1"),
        ("fixed", {"against": "all"}, "against is 'all'; give close or reverse or size"),
        ("fixed_cash", {"cash": -5}, "cash is -5"),
        ("percent", {"percent": math.nan}, "percent is nan"),
        ("percent", {"percent": math.inf}, "percent is inf"),
        ("risk", {"percent": 0}, "percent is 0"),
        ("risk", {"of": "margin"}, "of is 'margin'; give equity or cash"),
        ("risk", {"stop": "sar"}, "stop is 'sar'; give strategy or atr"),
        ("risk", {"period": 2.5}, "period is 2.5; give a whole number of at least 1"),
        ("volatility", {}, "give periods_per_year, how many bars a year has"),
        ("volatility", {"periods_per_year": 252, "period": 1}, "period is 1"),
        ("kelly", {"floor": 0}, "floor is 0"),
        ("kelly", {"floor": 30}, "floor (30) is above cap (25.0)"),
        ("kelly", {"min_trades": 60}, "min_trades (60) is above window (50)"),
        ("confidence", {"cap": 0}, "cap is 0"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(
    name: str, params: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        run(sizer(name), FLAT, strategy=Offers, **params)
    assert str(caught.value).startswith(f"sizer {name}: ")


# ---- what the strategy does not offer ------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "method"), [("risk", "stop_for"), ("confidence", "confidence_for")]
)
def test_without_the_method_the_run_does_not_begin(name: str, method: str) -> None:
    begun: list[bool] = []

    def note(_: Any) -> None:
        begun.append(True)

    with pytest.raises(ValueError, match=rf"sizer {name}: Planned has no {method}\(data\), .*add"):
        run(sizer(name), FLAT, {1: note})
    assert not begun


# ---- no numbers ----------------------------------------------------------------------------------
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("name", "what"), [("risk", "stop"), ("confidence", "confidence")])
def test_an_answer_that_is_no_number_is_refused(name: str, what: str, bad: float) -> None:
    words = f"sizer {name}: toy at 2024-01-05 00:00:00: Offers.{what}_for is {bad}; return"
    with pytest.raises(ValueError, match=re.escape(words)):
        run(sizer(name), FLAT, strategy=Offers, offers={what: bad})


@pytest.mark.parametrize("confidence", [-0.1, 1.1])
def test_a_confidence_beyond_its_range_is_refused(confidence: float) -> None:
    words = f"Offers.confidence_for is {confidence}; return 0 to 1"
    with pytest.raises(ValueError, match=re.escape(words)):
        run(sizer("confidence"), FLAT, strategy=Offers, offers={"confidence": confidence})


@pytest.mark.parametrize("name", ["confidence", "fixed_cash", "kelly", "percent", "risk"])
def test_a_price_that_is_no_number_is_refused(name: str) -> None:
    offers = {"stop": 95.0, "confidence": 0.5}
    with pytest.raises(ValueError, match=r"toy at 2024-01-05 00:00:00: the price is nan; mend"):
        run(sizer(name), [100.0] * 4 + [math.nan] * 2, strategy=Offers, offers=offers)


@pytest.mark.parametrize(
    ("name", "params"),
    [("risk", {"stop": "atr", "period": 3}), ("volatility", {"period": 3})],
)
def test_a_bar_without_a_number_in_the_window_is_refused(name: str, params: dict[str, Any]) -> None:
    closes = [100.0, 100.0, math.nan, 101.0, 100.0, 100.0]
    columns = {"high": [102.0] * 6, "low": [99.0] * 6}
    with pytest.raises(ValueError, match="close in the last 4 bars is nan; mend the bars"):
        run(sizer(name), closes, columns=columns, **{**NEEDED.get(name, {}), **params})


def test_exactbars_that_keeps_too_few_bars_is_refused() -> None:
    with pytest.raises(ValueError, match="3 bars are needed and exactbars keeps 1"):
        run(sizer("risk"), FLAT, modes={"exactbars": 1}, stop="atr", period=3)


@pytest.mark.parametrize("price", [0.0, -5.0])
def test_a_price_that_is_not_above_zero_sizes_nothing(
    price: float, caplog: pytest.LogCaptureFixture
) -> None:
    assert run(sizer("percent"), [price] * 4, {2: buy}).given == [None]
    assert f"a unit is worth {price:g}: nothing can be sized" in caplog.text


# ---- from a config -------------------------------------------------------------------------------
STRATEGY = """class Stops(bt.Strategy):
    def next(self):
        if len(self) == 30:
            self.buy()
        if len(self) == 60:
            self.close()

    def stop_for(self, data):
        return data.close[0] * 0.95

    def confidence_for(self, data):
        return 0.5
"""


@pytest.fixture
def config(frame: Callable[..., Any], write_strategy: Callable[..., str], workdir: Path) -> str:
    frame(100).to_csv("bars.csv")
    return f"""data:
  feeds: [{{source: bars.csv, name: toy, instrument: {{step: 0.01, min_size: 0.01}}}}]
broker: {{rules: reject}}
strategy: {write_strategy(STRATEGY)}
"""


@pytest.mark.parametrize("name", registry.BUILT_IN["sizers"])
def test_every_sizer_runs_from_a_config_by_its_name(
    name: str, config: str, cli: Callable[..., tuple[int, str, str]]
) -> None:
    given = f"sizer: {{name: {name}, params: {NEEDED.get(name, {})}}}\n".replace("'", "")
    Path("c.yaml").write_text(config + given)
    code, _, err = cli("backtest", "-c", "c.yaml")
    assert code == 0, err
    fills = atms.load_run("last").fills
    assert list(fills["side"]) == ["buy", "sell"]
    assert fills["size"].iloc[0] > 0
    assert round(fills["size"].iloc[0] * 100, 6) % 1 == 0


def test_a_parameter_that_a_sizer_does_not_have_is_named(
    config: str, cli: Callable[..., tuple[int, str, str]]
) -> None:
    Path("c.yaml").write_text(config + "sizer: {name: percent, params: {percents: 50}}\n")
    code, _, err = cli("backtest", "-c", "c.yaml")
    assert code == 2
    assert "percent: has no parameter 'percents'; did you mean 'percent'?" in err


def test_a_sizer_that_nobody_knows_is_named(
    config: str, cli: Callable[..., tuple[int, str, str]]
) -> None:
    Path("c.yaml").write_text(config + "sizer: kely\n")
    code, _, err = cli("backtest", "-c", "c.yaml")
    assert code == 2
    assert "sizers: there is no 'kely'; did you mean 'kelly'?" in err


def test_what_was_not_sized_stands_in_the_runs_log(
    config: str, cli: Callable[..., tuple[int, str, str]]
) -> None:
    sizer_lines = "sizer: {name: fixed_cash, params: {cash: 0.5}}\n"
    Path("c.yaml").write_text(config + sizer_lines)
    code, _, err = cli("backtest", "-c", "c.yaml")
    assert code == 0
    assert "no order: 0.00" in err
    assert "units are under the least, 0.01; said once" in atms.load_run("last").log


def test_a_sizer_without_its_method_ends_the_run_with_the_way_out(
    config: str, write_strategy: Callable[..., str], cli: Callable[..., tuple[int, str, str]]
) -> None:
    write_strategy("class Bare(bt.Strategy):\n    pass\n")
    Path("c.yaml").write_text(config + "sizer: risk\n")
    code, _, err = cli("backtest", "-c", "c.yaml")
    assert code == 1
    assert "sizer risk: Bare has no stop_for(data), the price of the stop: add it" in err
    assert "or give the sizer stop: atr" in err

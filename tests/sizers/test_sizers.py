"""What each sizer sizes, by hand."""

from __future__ import annotations

import logging

import backtrader as bt
import pytest

from atms.sizers.confidence import ConfidenceSizer
from atms.sizers.fixed import FixedSizer
from atms.sizers.fixed_cash import FixedCashSizer
from atms.sizers.percent import PercentSizer
from atms.sizers.risk import RiskSizer
from atms.sizers.volatility import VolatilitySizer
from tests.sizers.trading import Offers, Plan, buy, run, sell

FLAT = [100.0] * 4


def future(cerebro: bt.Cerebro) -> None:
    cerebro.broker.setcommission(commission=0.0, mult=50.0, margin=100.0)


# ---- fixed, fixed cash, percent ------------------------------------------------------------------
def test_fixed_is_so_many_units_each_way() -> None:
    sized = run(FixedSizer, FLAT, {1: buy, 3: sell}, units=2.5)
    assert sized.sizes == [2.5, 2.5]


def test_fixed_cash_is_cash_over_price() -> None:
    # 1500 / 40 = 37.5
    assert run(FixedCashSizer, [40.0] * 4, cash=1500).sizes == [37.5]


def test_fixed_cash_of_a_future_is_its_value_not_its_margin() -> None:
    # 1,000,000 / (100 x 50) = 200, whatever margin a contract ties
    assert run(FixedCashSizer, FLAT, equip=future, cash=1e6).sizes == [200.0]


def test_percent_is_a_share_of_equity_with_open_profit() -> None:
    # 20 % of 10,000 at 100 buys 20, filled at 100; at 150 the account is worth 11,000:
    # 20 % of 11,000 = 2200, and 2200 / 150 = 14.666..., down to 14.66
    closes = [100.0, 100.0, 150.0, 150.0]
    sized = run(PercentSizer, closes, {1: buy, 3: buy}, step="0.01")
    assert sized.sizes == [20.0, 14.66]


def test_a_short_is_sized_as_a_long() -> None:
    # 20 % of 10,000 / 100
    assert run(PercentSizer, FLAT, {1: sell}).sizes == [20.0]


# ---- risk ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("what", "stop", "size"),
    [
        (buy, 95.0, 20.0),  # 1 % of 10,000 = 100 to lose; 100 / (100 - 95) = 20
        (sell, 104.0, 25.0),  # 100 / (104 - 100)
        (buy, 99.9, 100.0),  # 100 / 0.1 = 1000, and the cap is 10,000 / 100 = 100
    ],
)
def test_risk_is_what_the_stop_may_lose(what: object, stop: float, size: float) -> None:
    plan: Plan = {2: what}  # type: ignore[dict-item]
    sized = run(RiskSizer, FLAT, plan, strategy=Offers, offers={"stop": stop}, step="0.001")
    assert sized.sizes == [size]


def test_risk_of_a_future_counts_its_multiplier() -> None:
    # 100,000 x 1 % = 1000 to lose; a contract loses (100 - 95) x 50 = 250; 1000 / 250 = 4
    sized = run(
        RiskSizer, FLAT, strategy=Offers, offers={"stop": 95.0}, account=100_000, equip=future
    )
    assert sized.sizes == [4.0]


def test_risk_may_be_a_share_of_cash() -> None:
    # The first buys 1 % of 10,000 / 5 = 20 units for 2000; 1 % of 8000 / 5 = 16
    sized = run(
        RiskSizer, FLAT, {1: buy, 3: buy}, strategy=Offers, offers={"stop": 95.0}, of="cash",
        step="0.01",
    )  # fmt: skip
    assert sized.sizes == [20.0, 16.0]


def test_risk_by_true_ranges_takes_the_gap_in() -> None:
    # True ranges: bar 2: max(103, 100) - min(99, 100) = 4; bar 3: gap up, max(112, 101) -
    # min(110, 101) = 11; mean 7.5, twice it 15; 100 / 15 = 6.666...
    columns = {
        "high": [101.0, 103.0, 112.0, 112.0],
        "low": [99.0, 99.0, 110.0, 110.0],
        "open": [100.0, 100.0, 111.0, 111.0],
    }
    closes = [100.0, 101.0, 111.0, 111.0]
    sized = run(RiskSizer, closes, columns=columns, stop="atr", period=2, step="0.0001")
    assert sized.sizes == [6.6666]


def test_before_there_are_bars_for_the_range_nothing_is_sized(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sized = run(RiskSizer, FLAT, {1: buy, 2: buy}, stop="atr", period=2)
    assert sized.given == [None, None]
    assert [record.getMessage() for record in caplog.records] == [
        "sizer risk: toy at 2024-01-01 00:00:00: no order: there are not 3 bars yet; said once"
    ]


@pytest.mark.parametrize(("what", "stop"), [(buy, 100.0), (buy, 101.0), (sell, 99.0)])
def test_a_stop_on_the_wrong_side_sizes_nothing(
    what: object, stop: float, caplog: pytest.LogCaptureFixture
) -> None:
    plan: Plan = {2: what}  # type: ignore[dict-item]
    assert run(RiskSizer, FLAT, plan, strategy=Offers, offers={"stop": stop}).given == [None]
    assert f"Offers.stop_for is {stop:g}; the stop of a " in caplog.text


# ---- volatility ----------------------------------------------------------------------------------
def test_volatility_is_the_target_over_the_realised() -> None:
    # Closes 100, 110, 100, 110: log returns a, -a, a with a = ln 1.1 = 0.0953102; mean a / 3;
    # variance ((2a/3)^2 x 2 + (4a/3)^2) / 2 = 4a^2 / 3, deviation 1.1547005 a = 0.1100547; over
    # 4 periods a year, x 2: 22.01094 %. 10 / 22.01094 = 0.4543195 of 10,000 = 4543.195 / 110 =
    # 41.30177, down to 41.3017
    sized = run(
        VolatilitySizer, [100.0, 110.0, 100.0, 110.0, 110.0], {4: buy}, target=10, period=3,
        periods_per_year=4, step="0.0001",
    )  # fmt: skip
    assert sized.sizes == [41.3017]


def test_a_calm_market_is_held_to_the_cap() -> None:
    # The same deviation of 22.01094 % with a target of 100 % asks for 4.5 times equity; the cap is
    # 1.5 times 10,000 = 15,000 / 110 = 136.36
    sized = run(
        VolatilitySizer, [100.0, 110.0, 100.0, 110.0, 110.0], {4: buy}, target=100, period=3,
        periods_per_year=4, cap=1.5, step="0.01",
    )  # fmt: skip
    assert sized.sizes == [136.36]


@pytest.mark.parametrize(
    ("closes", "why"),
    [
        ([100.0] * 5, "the last 3 returns are all the same"),
        ([1.0, 0.0, 1.0, 1.0, 1.0], "a close of 0 has no log return"),
        ([100.0, 110.0, 100.0], "there are not 4 bars yet"),
    ],
)
def test_where_there_is_no_volatility_nothing_is_sized(
    closes: list[float], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    plan: Plan = {len(closes) - 1: buy}
    sized = run(VolatilitySizer, closes, plan, period=3, periods_per_year=252)
    assert sized.given == [None]
    assert why in caplog.text


# ---- confidence ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("confidence", "size"),
    [
        (0.5, 25.0),  # 50 % x 0.5 of 10,000 = 2500 / 100
        (0.9, 30.0),  # 45 %, and the cap is 30 %
        (1.0, 30.0),
    ],
)
def test_confidence_scales_up_to_the_cap(confidence: float, size: float) -> None:
    sized = run(ConfidenceSizer, FLAT, strategy=Offers, offers={"confidence": confidence})
    assert sized.sizes == [size]


def test_no_confidence_sizes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    sized = run(ConfidenceSizer, FLAT, strategy=Offers, offers={"confidence": 0.0})
    assert sized.given == [None]
    assert "no order: the confidence is 0" in caplog.text


# ---- next_open -----------------------------------------------------------------------------------
class AtTheOpen(Offers):
    """Buys at the open of the last bar."""

    def next(self) -> None:
        pass

    def next_open(self) -> None:
        if len(self.data) == 4:
            self.sizes.append(abs(self.buy().created.size))


@pytest.mark.parametrize("last", [100.0, 500.0])
def test_with_cheat_on_open_the_bar_to_come_is_not_looked_at(last: float) -> None:
    # 20 % of 10,000 = 2000 over the open of 125; the close, 100 or 500, is not known yet
    closes, opens = [100.0, 100.0, 100.0, last], [100.0, 100.0, 100.0, 125.0]
    columns = {"open": opens, "high": [500.0] * 4}
    coo = {"cheat_on_open": True}
    assert run(PercentSizer, closes, strategy=AtTheOpen, columns=columns, modes=coo).sizes == [16.0]


@pytest.mark.parametrize("last", [100.0, 500.0])
def test_with_cheat_on_open_ranges_are_of_bars_that_are_over(last: float) -> None:
    # Ranges of bars 2 and 3: 4 each; 100 / (2 x 4) = 12.5
    closes, opens = [100.0, 100.0, 100.0, last], [100.0, 100.0, 100.0, 125.0]
    columns = {"open": opens, "high": [102.0, 102.0, 102.0, 600.0], "low": [98.0] * 4}
    sized = run(
        RiskSizer, closes, strategy=AtTheOpen, columns=columns, modes={"cheat_on_open": True},
        stop="atr", period=2,
    )  # fmt: skip
    assert sized.sizes == [12.5]


@pytest.fixture(autouse=True)
def _hear_warnings(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

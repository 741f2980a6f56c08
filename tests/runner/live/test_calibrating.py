"""Figures of a run's fills: shares by value, intervals, delays, and the file of costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from atms.config import load_config
from atms.errors import DataError
from atms.running.calibrating import calibrate, costs_yaml
from atms.running.observed import Fill, Observation, Observed

AT = datetime(2026, 1, 5, 10, tzinfo=UTC)


def order(
    price: float, *, close: float | None = 100.0, side: int = 1, units: float = 1.0,
    fee: float | None = 0.001, kind: str = "market", taker: bool = True, ms: float = 10.0,
) -> Observed:  # fmt: skip
    """Return an order of one fill; *fee* is a share of its value."""
    value = price * units
    return Observed(
        key="k", instrument="venue-1:BTC/USDT", side=side, kind=kind, close=close, taker=taker,
        fills=(Fill(units=units, price=price, value=value,
                    fee=None if fee is None else fee * value, fee_asset="BNB"),),
        decided=AT, durable=AT + timedelta(milliseconds=1),
        acked=AT + timedelta(milliseconds=ms), heard=AT + timedelta(milliseconds=2 * ms),
    )  # fmt: skip


def seen(*orders: Observed, mode: str = "live", lost: int = 0) -> Observation:
    return Observation(run="run-1", mode=mode, orders=list(orders), lost=lost)


def test_slippage_is_a_share_of_the_closes_by_value() -> None:
    """Five buys of 1 at 101 and five sales of 3 at 99.5, each decided at 100.

    Worse by 5 x 1 x 1 and 5 x 3 x 0.5, 12.5 in all, of 5 x 100 and 15 x 100, 2000 in all.
    """
    orders = [order(101.0)] * 5 + [order(99.5, side=-1, units=3.0)] * 5
    found = calibrate(seen(*orders))
    assert found.slippage is not None
    assert found.slippage.share == pytest.approx(12.5 / 2000)
    assert (found.slippage.orders, found.slippage.fills) == (10, 10)
    assert 0.005 <= found.slippage.low < found.slippage.share < found.slippage.high <= 0.01


def test_fees_are_shares_of_what_was_traded_takers_and_makers_apart() -> None:
    takers = [order(100.0, fee=0.001)] * 10
    makers = [order(50.0, kind="limit", taker=False, fee=0.0002)] * 10
    found = calibrate(seen(*takers, *makers))
    assert found.taker is not None and found.maker is not None
    assert found.taker.share == pytest.approx(0.001)
    assert found.maker.share == pytest.approx(0.0002)
    assert (found.maker.low, found.maker.high) == pytest.approx((0.0002, 0.0002))


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Slippage of 0.1 % and noise of 1 %, forty orders a run: of 60 runs at least 51 cover it."""
    import random

    draw, covered = random.Random(7), 0
    for _ in range(60):
        orders = [order(100 * (1.001 + draw.gauss(0, 0.01))) for _ in range(40)]
        found = calibrate(seen(*orders)).slippage
        assert found is not None
        covered += found.low <= 0.001 <= found.high
    assert 51 <= covered < 60


def test_too_few_orders_say_nothing_and_none_at_all_is_an_error() -> None:
    found = calibrate(seen(*[order(101.0)] * 10, *[order(99.0, kind="limit", taker=False)] * 9))
    assert found.maker is None
    assert found.missing == ("maker's fee: 9 orders, and 10 are needed",)
    assert any("10 orders are few" in line for line in found.warnings)
    with pytest.raises(DataError, match="too few fills to calibrate with: slippage: 9 orders"):
        calibrate(seen(*[order(101.0)] * 9))
    assert calibrate(seen(*[order(101.0)] * 9), least=9).slippage is not None


def test_thirty_orders_are_not_few() -> None:
    assert calibrate(seen(*[order(101.0 + n / 100) for n in range(30)])).warnings == ()


@pytest.mark.parametrize(
    ("observation", "told"),
    [
        (seen(*[order(101.0)] * 30, mode="paper"), "a paper run's costs are those of its own"),
        (seen(*[order(101.0)] * 30, order(101.0, fee=None)), "1 orders are left out: paid in BNB"),
        (seen(*[order(101.0), order(99.0)] * 15), "the interval holds 0"),
        (seen(*[order(99.0)] * 30), "fills were better than the closes"),
        (seen(*[order(101.0)] * 30, lost=3), "3 entries of the recording are missing"),
        (seen(*[order(101.0)] * 30, replace(order(101.0), instrument="venue-1:ETH/USDT")),
         "several instruments are taken together"),
    ],
)  # fmt: skip
def test_why_to_doubt_it_is_told(observation: Observation, told: str) -> None:
    assert [line for line in calibrate(observation).warnings if told in line]


def test_delays_are_those_of_orders_that_wait_for_nothing() -> None:
    """Answers after 1, 2 ... 100 ms: the median is 50.5, the 95th percentile 95.05."""
    orders = [order(101.0, ms=float(n)) for n in range(1, 101)]
    waits = [order(101.0, kind="limit", taker=False, ms=9_000.0)]
    found = calibrate(seen(*orders, *waits)).delays
    assert found["acked"].orders == 101
    assert (found["heard"].orders, found["heard"].p50) == (100, pytest.approx(101.0))
    assert found["durable"].p50 == pytest.approx(1.0)
    assert calibrate(seen(*orders)).delays["acked"].p95 == pytest.approx(95.05)


def test_an_order_of_no_decision_of_a_strategys_counts_for_fees_alone() -> None:
    leg = replace(order(90.0, close=None, kind="stop"), decided=None, heard=None)
    found = calibrate(seen(*[order(101.0)] * 10, *[leg] * 10))
    assert found.slippage is not None and found.taker is not None
    assert (found.slippage.orders, found.taker.orders) == (10, 20)
    assert found.delays["acked"].orders == 10


# ---- the file ------------------------------------------------------------------------------------
CONFIG = {"data": {"feeds": [{"source": "sample:BTCUSD_1h"}]}, "strategy": "ma_cross"}


@pytest.mark.parametrize(
    "broker",
    [{}, {"commission": 0.005}, {"preset": "binance_spot"}, {"slippage": {"fixed": 0.5}},
     {"commission": {"maker": 0.5, "taker": 0.5}, "slippage": "1%"},
     {"commission": {"per_share": 1, "minimum": 2, "maximum": "1%"}, "slippage": {"percent": 0.5}},
     {"commission": {"per_contract": 1, "currency": "EUR", "conversion": 1.1}},
     {"commission": {"tiers": [{"volume": 0, "maker": 0, "taker": 0.1}]}}],
)  # fmt: skip
def test_the_file_is_laid_over_whatever_a_configs_broker_says(broker: dict[str, object]) -> None:
    makers = [order(100.0, kind="limit", taker=False, fee=0.0002)] * 10
    text = costs_yaml(calibrate(seen(*[order(101.0)] * 10, *makers)), latency=False)
    Path("c.yaml").write_text(yaml.safe_dump({**CONFIG, "broker": broker}))
    Path("costs.yaml").write_text(text)
    found = load_config("c.yaml", "costs.yaml").config.broker
    assert found.commission.maker == pytest.approx(0.0002)  # type: ignore[union-attr]
    assert found.commission.taker == pytest.approx(0.001)  # type: ignore[union-attr]
    assert found.slippage is not None
    assert (found.slippage.percent, found.slippage.fixed) == (pytest.approx(0.01), 0.0)


def test_a_delay_is_a_key_only_where_it_can_be_simulated() -> None:
    found = calibrate(seen(*[order(101.0, ms=12.0)] * 10))
    assert "latency" not in yaml.safe_load(costs_yaml(found, latency=False))["broker"]
    assert yaml.safe_load(costs_yaml(found, latency=True))["broker"]["latency"] == "12ms"


def test_a_gain_is_not_written_as_slippage() -> None:
    text = costs_yaml(calibrate(seen(*[order(99.0)] * 30)), latency=False)
    assert yaml.safe_load(text)["broker"]["slippage"]["percent"] == 0

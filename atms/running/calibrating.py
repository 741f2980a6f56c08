"""Observed slippage, delay and fees -> figures with intervals, and a file of costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from atms.errors import DataError
from atms.running.observed import Observation, Observed

FEW = 30  # orders of which an interval says little
_DRAWS = 5_000
_LOW, _HIGH = 2.5, 97.5
# Layers are laid over each other key by key: another schedule must be taken out of the way.
_NO_OTHER = (
    "per_share: null, minimum: 0, maximum: null, per_contract: null, tiers: null, currency: null, "
    "conversion: null"
)

Cost = Callable[[Observed], float]


@dataclass(frozen=True, kw_only=True)
class Share:
    """A cost as a share of the value traded.

    Attributes:
        orders, fills: how many it was measured on.
        share: the sum of the costs over the sum of the values.
        low, high: 95 % of the shares of samples drawn from the orders with replacement, percentile
            bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
    """

    orders: int
    fills: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Delay:
    """Milliseconds from the decision: how many orders, their median, and the 95th percentile."""

    orders: int
    p50: float
    p95: float


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What a run's fills cost; None: not enough was seen.

    Attributes:
        slippage: of market orders, fill price against the close that the strategy saw.
        taker, maker: fees.
        delays: to the journal, the venue's answer, and the strategy's hearing of the first fill.
        missing: what could not be measured, and why.
        warnings: why to doubt what was.
    """

    run: str
    mode: str
    first: datetime | None
    last: datetime | None
    instruments: tuple[str, ...]
    slippage: Share | None
    taker: Share | None
    maker: Share | None
    delays: dict[str, Delay]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


def calibrate(seen: Observation, *, least: int = 10, seed: int = 1) -> Calibration:
    """Return what a run's orders cost.

    Args:
        least: orders below which nothing is said of a cost.
        seed: of the samples that intervals are made of.

    Raises:
        DataError: nothing of it can be measured.
    """
    missing: list[str] = []
    warnings: list[str] = []
    rng = np.random.default_rng(seed)

    def share(name: str, orders: list[Observed], cost: Cost, of: Cost = _value) -> Share | None:
        if len(orders) < least:
            missing.append(f"{name}: {len(orders)} orders, and {least} are needed")
            return None
        if len(orders) < FEW:
            warnings.append(f"{name}: {len(orders)} orders are few; the interval says little")
        return _share(orders, cost, of, rng)

    market = [one for one in seen.orders if one.kind == "market" and one.close]
    slippage = share("slippage", market, _slipped, _expected)
    charged = [one for one in seen.orders if all(fill.fee is not None for fill in one.fills)]
    taker = share("taker's fee", [one for one in charged if one.taker], _charged)
    maker = share("maker's fee", [one for one in charged if not one.taker], _charged)
    if slippage is None and taker is None and maker is None:
        raise DataError(
            f"run {seen.run}: too few fills to calibrate with: {'; '.join(missing)}; let it trade "
            "longer, or give --min-orders"
        )
    warnings += _warnings(seen, charged, slippage)
    return Calibration(
        run=seen.run, mode=seen.mode,
        first=min((one.durable for one in seen.orders), default=None),
        last=max((one.durable for one in seen.orders), default=None),
        instruments=tuple(dict.fromkeys(one.instrument for one in seen.orders)),
        slippage=slippage, taker=taker, maker=maker, delays=_delays(seen.orders),
        missing=tuple(missing), warnings=tuple(warnings),
    )  # fmt: skip


def _slipped(order: Observed) -> float:
    """Return what the price was worse than the close, over all units; below 0: better."""
    return order.side * (order.value - _expected(order))


def _expected(order: Observed) -> float:
    """Return what was traded at the close: what a backtest's slippage is a share of."""
    assert order.close is not None
    return order.value / order.average * order.close


def _value(order: Observed) -> float:
    return order.value


def _charged(order: Observed) -> float:
    return sum(fill.fee or 0.0 for fill in order.fills)


def _share(orders: Sequence[Observed], cost: Cost, of: Cost, rng: np.random.Generator) -> Share:
    costs = np.array([cost(one) for one in orders])
    values = np.array([of(one) for one in orders])
    drawn = rng.integers(0, len(orders), (_DRAWS, len(orders)))
    shares = costs[drawn].sum(axis=1) / values[drawn].sum(axis=1)
    low, high = np.percentile(shares, (_LOW, _HIGH))
    return Share(
        orders=len(orders), fills=sum(len(one.fills) for one in orders),
        share=float(costs.sum() / values.sum()), low=float(low), high=float(high),
    )  # fmt: skip


def _warnings(seen: Observation, charged: Sequence[Observed], slippage: Share | None) -> list[str]:
    found = []
    if seen.mode == "paper":
        found.append(
            "a paper run's costs are those of its own config, and its delays those of bars: "
            "calibrate with a live run"
        )
    if len(charged) < len(seen.orders):
        assets = {
            fill.fee_asset or "unknown"
            for one in seen.orders
            for fill in one.fills
            if fill.fee is None
        }
        found.append(
            f"fees of {len(seen.orders) - len(charged)} orders are left out: paid in "
            f"{', '.join(sorted(assets))}, whose price is not in the journal"
        )
    if slippage is not None and slippage.low < 0 < slippage.high:
        found.append("slippage: the interval holds 0: it cannot be told from none")
    if slippage is not None and slippage.share < 0:
        found.append("slippage: fills were better than the closes; 0 is written, not a gain")
    if seen.lost:
        found.append(f"{seen.lost} entries of the recording are missing; their orders are left out")
    if len({one.instrument for one in seen.orders}) > 1:
        found.append("several instruments are taken together, by the value traded")
    return found


def _delays(orders: Sequence[Observed]) -> dict[str, Delay]:
    found = {}
    for name in ("durable", "acked", "heard"):
        taken = [
            (at - one.decided).total_seconds() * 1000
            for one in orders
            if one.decided is not None
            and (at := getattr(one, name)) is not None
            and (one.kind == "market" or name != "heard")  # others wait for their price
        ]
        if taken:
            p50, p95 = np.percentile(np.array(taken), (50, 95))
            found[name] = Delay(orders=len(taken), p50=float(p50), p95=float(p95))
    return found


def costs_yaml(found: Calibration, *, latency: bool) -> str:
    """Return a config's layer with the costs: ``backtest -c strategy.yaml -c costs.yaml``.

    Args:
        latency: whether the config that it is for has finer bars, ``broker.intrabar``, without
            which a delay cannot be simulated.
    """
    lines = [
        f"# Costs as observed in {found.mode} run {found.run}",
        f"# from {found.first:%Y-%m-%d %H:%M} to {found.last:%Y-%m-%d %H:%M} UTC, of "
        f"{', '.join(found.instruments)}.",
        *(f"# {line}" for line in (*found.missing, *found.warnings)),
        "# It is laid over a config: python -m atms backtest -c FILE -c THIS",
        "broker:",
    ]
    if found.taker is not None:
        maker = found.maker or found.taker
        lines.append(f"  # {_told(found.taker)}")
        if found.maker is None:
            lines.append("  # the maker's was not seen, and is taken to be the taker's")
        else:
            lines.append(f"  # maker: {_told(found.maker)}")
        rates = f"maker: {_number(min(maker.share, found.taker.share))}, "
        lines.append(f"  commission: {{{rates}taker: {_number(found.taker.share)}, {_NO_OTHER}}}")
    if found.slippage is not None:
        lines.append(f"  # fill price against the close at the decision: {_told(found.slippage)}")
        percent = _number(max(0.0, found.slippage.share))
        lines.append(f"  slippage: {{percent: {percent}, fixed: 0, ticks: 0, half_spread: false}}")
    delay = found.delays.get("acked")
    if delay is not None:
        key = f"latency: {delay.p50:.0f}ms"
        told = f"decision to the venue's answer: median {delay.p50:.1f} ms, 95 % within "
        told += f"{delay.p95:.1f} ms, {delay.orders} orders"
        lines += [f"  # {told}", f"  {key}" if latency else f"  # with broker.intrabar: {key}"]
    return "\n".join(lines) + "\n"


def _told(one: Share) -> str:
    return (
        f"{100 * one.share:.4f} % ({100 * one.low:.4f} to {100 * one.high:.4f} %, 95 %), "
        f"{one.orders} orders, {one.fills} fills"
    )


def _number(share: float) -> str:
    return f"{round(share, 8):.8f}".rstrip("0").rstrip(".") or "0"

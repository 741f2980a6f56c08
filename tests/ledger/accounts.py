"""Runs whose cash moves in every way that Backtrader's broker knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtrader as bt
import pandas as pd

import atms
from atms.result import Result
from tests.ledger.strategies import AtTheOpen, AutoMargin, DayInterest, Trading, WithInfo

Frame = Callable[..., pd.DataFrame]
Make = Callable[[Frame], Result]
Account = tuple[Make, frozenset[str]]


SHARES: dict[str, Any] = {"commission": 0.001}
FUTURE: dict[str, Any] = {"margin": 800.0, "mult": 12.5, "commission": 2.15}
FIXED = {"commission": 0.5, "stocklike": True, "commtype": bt.CommInfoBase.COMM_FIXED}
HEDGE = (SHARES, {**FUTURE, "name": "future"})


def run(
    frame: Frame,
    strategy: type[bt.Strategy] = Trading,
    bars: int = 120,
    scale: float = 1.0,
    data: Any = None,
    **settings: Any,
) -> Result:
    """Run on hours, unless other data are given; of a broken run, return the rest."""
    settings = {"cash": 50_000, "report__picture": False, **settings}
    made = frame(bars) * scale if data is None else data
    try:
        return atms.backtest(strategy, data=made, **settings)
    except (atms.StrategyError, KeyboardInterrupt) as broken:
        return broken.result  # type: ignore[union-attr, return-value]


def _longer(how: str, *costs: dict[str, Any]) -> Make:
    def make(frame: Frame) -> Result:
        feeds = {"h": frame(300), "long": {"of": "h", how: "6h"}}
        return run(frame, data=feeds, params={"costs": costs})

    return make


def _several(frame: Frame) -> Result:
    late = frame(120, seed=3, start="2024-01-04")
    gaps = frame(240, seed=2)
    feeds = {
        "future": {"source": frame(240, seed=1), "timeframe": "1h", "venue": "cme"},
        "share": {"source": gaps.drop(gaps.index[[20, 21, 60, 200]]), "timeframe": "1h"},
        "late": {"source": late, "timeframe": "1h", "symbol": "OTHER", "venue": "nyse"},
    }
    return run(frame, data=feeds, params={"costs": HEDGE})


def account(*flows: str, **settings: Any) -> Account:
    """Return an account of a run with *settings*, and the kinds of flow that are to be in it."""
    return lambda frame: run(frame, **settings), frozenset(flows)


def interest(bars: int, *flows: str, **options: Any) -> Account:
    """Return an account that is charged by the day."""
    params = {"info": DayInterest, "options": options}

    def make(frame: Frame) -> Result:
        return run(frame, WithInfo, params=params, data=frame(bars, step="1D"))

    return make, frozenset(flows)


MARGIN = ("locked_margin", "variation_margin")
# At the end of 75 and 78 days it is short and long; of 72, out of the market.
ACCOUNTS: dict[str, Account] = {
    "long shares": account(params={"short": False}),
    "long shares with commission": account(params={"short": False}, **SHARES),
    "a fixed fee a share": account(params={"costs": [FIXED]}),
    "short selling": account(**SHARES),
    "a future": account(*MARGIN, params={"costs": [FUTURE]}),
    "a future of few bars a day": (
        lambda frame: run(frame, data=frame(240, step="8h"), params={"costs": [FUTURE]}),
        frozenset(MARGIN),
    ),
    "a margin that follows the price": account(
        *MARGIN, strategy=WithInfo, params={"info": AutoMargin}
    ),
    "shares on credit": account("loan", params={"size": 150.0, "costs": [{"leverage": 3.0}]}),
    "shares with a multiplier": account("loan", params={"costs": [{**SHARES, "mult": 10.0}]}),
    "shares on credit with a multiplier": account(
        "loan", params={"costs": [{**SHARES, "mult": 7.0, "leverage": 2.0}]}
    ),
    "a future on credit": account(*MARGIN, params={"costs": [{**FUTURE, "leverage": 4.0}]}),
    "interest on shorts, out at the end": interest(72),
    "interest on shorts, short at the end": interest(75, "interest"),
    "interest on all, out at the end": interest(72, interest_long=True),
    "interest on all, long at the end": interest(78, "interest", interest_long=True),
    "cash added and taken": account("deposit", params={"add": 1234.5}, **SHARES),
    "cash added to a future": account(
        "deposit", *MARGIN, params={"add": 1234.5, "costs": [FUTURE]}
    ),
    "partial fills": account(params={"filler": 1.0, "size": 30.0}, **SHARES),
    "partial fills of a future": account(
        *MARGIN, params={"filler": 1.0, "size": 30.0, "costs": [FUTURE]}
    ),
    "several data": (_several, frozenset(MARGIN)),
    "resampled": (_longer("resample", SHARES), frozenset()),
    "a future resampled": (_longer("resample", FUTURE), frozenset(MARGIN)),
    "replayed": (_longer("replay", SHARES), frozenset()),
    "a future replayed": (_longer("replay", FUTURE), frozenset(MARGIN)),
    "closed at the end": account(close_at_end=True, bars=115, **SHARES),
    "a future closed at the end": account(
        *MARGIN, close_at_end=True, bars=115, params={"costs": [FUTURE]}
    ),
    "cheat on open": account(strategy=AtTheOpen, cheat_on_open=True, **SHARES),
    "a future with cheat on open": account(
        *MARGIN, strategy=AtTheOpen, cheat_on_open=True, params={"costs": [FUTURE]}
    ),
    "after a warm-up": account(timerange="2024-01-03..2024-01-09", warmup=24, **SHARES),
    "failed": account(params={"raise_at": 73}, **SHARES),
    "a future failed": account(*MARGIN, params={"raise_at": 73, "costs": [FUTURE]}),
    "interrupted": account(params={"stop_at": 73}, **SHARES),
    "failed on an order": account(params={"raise_on_order": 42}, **SHARES),
    "a future failed on an order": account(
        *MARGIN, params={"raise_on_order": 42, "costs": [FUTURE]}
    ),
    "tiny prices": account(scale=1e-7, params={"size": 1e6}, **SHARES),
    "huge sizes": account(cash=1e15, params={"size": 1e9 / 3}, **SHARES),
    "no fill": account(params={"raise_at": 1}),
}

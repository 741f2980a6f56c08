"""Small runs for the tests of the page, and what every page has to be."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

import atms
from atms.errors import StrategyError
from atms.report.page.blocks import Block, Chart, Contents, Table, Text
from atms.result import Result
from tests.report.page.strategies import PageIdle

SETTINGS: dict[str, Any] = {
    "cash": 100_000, "ledger__enabled": False, "report__picture": False,
}  # fmt: skip


def bars(
    n: int = 200, *, seed: int = 7, start: str = "2024-01-01", step: str = "1h", **columns: Any
) -> pd.DataFrame:
    """Return a seeded walk from 100 on; *columns* take the place of its own."""
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, n))), 2)
    open_ = np.concatenate([[close[0]], close[:-1]])
    frame = pd.DataFrame(
        {
            "open": open_,
            "high": np.maximum(open_, close) + 0.1,
            "low": np.minimum(open_, close) - 0.1,
            "close": close,
            "volume": 1.0,
        },
        index=pd.date_range(start, periods=n, freq=step, tz="UTC", name="datetime"),
    )
    return frame.assign(**columns)


def ran(strategy: type[bt.Strategy], data: Any = None, **settings: Any) -> Result:
    """Return a run's result, also of one that broke off."""
    data = bars() if data is None else data
    try:
        return atms.backtest(strategy, data=data, **{**SETTINGS, **settings})
    except StrategyError as error:
        assert error.result is not None
        return error.result


def held(
    values: list[float],
    *,
    start: str = "2024-01-01",
    step: str = "1D",
    cash: float = 100.0,
    **metrics: Any,
) -> Result:
    """Return a run whose account held *values* and began with *cash*; its benchmark stood still."""
    index = pd.date_range(start, periods=len(values), freq=step, tz="UTC", name="datetime")
    value = np.array(values, dtype=float)
    wealth = np.concatenate([[cash], value])
    drawdown = (wealth / np.maximum.accumulate(wealth) - 1)[1:]
    equity = pd.DataFrame(
        {"cash": value, "value": value, "position": 0.0, "exposure": 0.0, "drawdown": drawdown},
        index=index,
    )
    base = _base()
    prices = dict.fromkeys(("open", "high", "low", "close", "volume"), 50.0)
    return replace(
        base,
        equity=equity,
        bars=pd.DataFrame({"feed": "data", "datetime": index, **prices}),
        metrics={**base.metrics, "start_value": cash, "periods_per_year": 252.0, **metrics},
    )


_kept: list[Result] = []


def _base() -> Result:
    if not _kept:
        _kept.append(ran(PageIdle, bars(40, step="1D")))
    return _kept[0]


def blocks(contents: Contents) -> list[Block]:
    """Return every block of a page."""
    return [block for section in contents.sections for block in section.blocks]


def tables(contents: Contents) -> dict[str, Table]:
    """Return a page's tables by their ids."""
    return {block.id: block for block in blocks(contents) if isinstance(block, Table)}


def texts(contents: Contents, section: str) -> str:
    """Return the paragraphs of a section."""
    (found,) = [one for one in contents.sections if one.id == f"{section}-section"]
    return "\n".join(block.text for block in found.blocks if isinstance(block, Text))


def assert_sane(contents: Contents) -> None:
    """Hold what every page has to be: JSON, with ids that are one's own, and tables that fit."""
    json.dumps(asdict(contents), allow_nan=False)
    named = [block.id for block in blocks(contents) if not isinstance(block, Text)]
    named += [section.id for section in contents.sections]
    assert sorted(set(named)) == sorted(named)
    found = tables(contents)
    for table in found.values():
        assert table.rows or table.series, f"{table.id} is empty"
        assert all(len(row) == len(table.columns) for row in table.rows), table.id
        assert len(table.rows) <= 60 or table.tall, table.id  # all figures, and all bins
    for chart in (block for block in blocks(contents) if isinstance(block, Chart)):
        keys = {column.key for column in found[chart.table].columns}
        assert {key for key in (chart.x, *chart.y, chart.by) if key} <= keys, chart.id

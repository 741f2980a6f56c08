"""Closed trades by what they have in common: exit reason, tag, symbol, side, hour, weekday."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from atms.report.page.blocks import Block, Chart, Column, Table
from atms.report.page.parts.given import Floats, Given, floats, plain
from atms.report.page.parts.phrases import phrases

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DRAWN = 25  # groups; an hour has 24
_MOST = 500  # groups of a table
_NET = 4  # the place of net profit in a row


def breakdowns(given: Given) -> list[Block]:
    """Return a table and a chart a matter in which the trades differ."""
    closed = given.closed
    if not len(closed):
        return []
    zone = given.result.config.run.timezone
    entries = pd.DatetimeIndex(closed["entry_ts"]).tz_convert(zone)
    found: list[Block] = []
    for key, title, labels, always in (
        ("exit_reason", "exit reason", _phrases(closed["exit_reason"]), True),
        ("tag", "tag", _texts(closed["tag"]), False),
        ("symbol", "symbol", _texts(closed["symbol"]), False),
        ("side", "side", _texts(closed["side"]), True),
        ("hour", f"hour of entry ({zone})", np.char.mod("%02d:00", entries.hour), False),
        ("weekday", f"weekday of entry ({zone})", np.array(entries.day_of_week), False),
    ):
        rows = grouped(closed, np.asarray(labels))
        if key == "weekday":
            rows = [[_DAYS[row[0]], *row[1:]] for row in rows]
        elif key != "hour":
            rows.sort(key=lambda row: -row[_NET])
        if len(rows) > 1 or always:
            found += _blocks(given, key, title, rows)
    return found


def grouped(closed: pd.DataFrame, labels: Any) -> list[list[Any]]:
    """Return a row a label: trades, win rate, profit factor, net, expectancy, return, fees.

    Win rate and profit factor are None where they are undefined; the rows rise by their labels.
    """
    names, place = np.unique(labels, return_inverse=True)
    net = floats(closed["net_pnl"])
    trades = np.bincount(place, minlength=len(names))

    def sums(values: Floats) -> Floats:
        found: Floats = np.bincount(place, weights=values, minlength=len(names)).astype(float)
        return found

    won, lost = sums(np.maximum(net, 0)), sums(np.maximum(-net, 0))
    returns = floats(closed["net_pnl_pct"])
    with np.errstate(all="ignore"):
        columns = (
            trades,
            np.bincount(place, weights=net > 0, minlength=len(names)) / trades,
            np.where(lost > 0, won / lost, np.nan),
            sums(net),
            sums(net) / trades,
            sums(returns) / trades,
            sums(floats(closed["fee"])),
        )
    return [
        [name.item() if isinstance(name, np.generic) else name, *plain(row)]
        for name, *row in zip(names, *columns, strict=True)
    ]


def _blocks(given: Given, key: str, title: str, rows: list[list[Any]]) -> list[Block]:
    money = given.currency
    columns = (
        Column(key, title.partition(" (")[0].capitalize()),
        Column("trades", "Trades", "count"),
        Column("win_rate", "Win rate", "percent"),
        Column("profit_factor", "Profit factor", "number"),
        Column("net", "Net profit", "money", money),
        Column("expectancy", "Expectancy", "money", money),
        Column("return", "Average return", "percent"),
        Column("fees", "Fees", "money", money),
    )
    table = Table(f"by_{key}", f"Closed trades by {title}", columns, rows, tall=len(rows) > _DRAWN)
    if not 1 < len(rows) <= _DRAWN:
        return [table]
    chart = Chart(f"by_{key}-chart", "bars", f"Net profit by {title}", table.id, x=key, y=("net",))
    return [chart, table]


def _phrases(column: pd.Series) -> Any:
    """Return a column's reasons, those that differ in measured numbers as one."""
    return _texts(column.map(phrases(column.dropna().unique()), na_action="ignore"))


def _texts(column: pd.Series) -> Any:
    """Return a column's words; where there is none, a dash, and of too many the rarest as one."""
    found = column.astype(object).where(column.notna(), "–").astype(str)
    counts = found.value_counts()
    if len(counts) > _MOST:
        rare = counts.index[_MOST - 1 :]
        found = found.mask(found.isin(rare), f"({len(rare):,} others)")
    return found.to_numpy(dtype=str)

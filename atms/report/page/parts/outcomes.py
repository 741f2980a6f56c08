"""Winners beside losers: how many, how much, how long, how many in a row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from atms.report.page.blocks import Block, Column, Table
from atms.report.page.parts.given import Floats, Given, floats, plain


def outcomes(given: Given) -> list[Block]:
    """Return a table of all closed trades, of those that won and of those that lost."""
    closed = given.closed.sort_values("exit_ts", kind="stable") if len(given.closed) else None
    if closed is None:
        return []
    net, held = floats(closed["net_pnl"]), floats(closed["bars"])
    returns = floats(closed["net_pnl_pct"])
    rows = [
        [name, *_row(mine, net, returns, held), None if mine.all() else in_a_row(mine)]
        for name, mine in (
            ("all", np.ones(len(net), dtype=bool)),
            ("winners", net > 0),
            ("losers", net < 0),
        )
        if mine.any()
    ]
    money = given.currency
    columns = (
        Column("which", "Closed trades"),
        Column("trades", "Trades", "count"),
        Column("net", "Net profit", "money", money),
        Column("mean", "Average", "money", money),
        Column("return", "Average return", "percent"),
        Column("bars", "Average bars held", "number"),
        Column("longest", "Longest, bars", "count"),
        Column("row", "Most in a row", "count"),
    )
    return [Table("outcomes", "Winners and losers", columns, rows)]


def in_a_row(mine: NDArray[np.bool_]) -> int:
    """Return the length of the longest run of trues."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mine, [False]]).astype(np.int8)))
    return int(np.diff(edges.reshape(-1, 2), axis=1).max(initial=0))


def _row(mine: NDArray[np.bool_], net: Floats, returns: Floats, held: Floats) -> list[Any]:
    known = returns[mine][np.isfinite(returns[mine])]
    return plain(
        [
            int(mine.sum()),
            float(net[mine].sum()),
            float(net[mine].mean()),
            float(known.mean()) if len(known) else None,
            float(held[mine].mean()),
            int(held[mine].max()),
        ]
    )

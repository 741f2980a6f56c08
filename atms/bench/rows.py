"""The rows of the benchmark: what work, how much of it, and how it is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind of work.

    Attributes:
        name: on the command line.
        title: what it is, in the table.
        work: the module under ``atms.bench.work``.
        bars: how many bars, of each feed, our engine runs, and with ``--full`` stock too.
        stock_bars: how many stock runs without it; cost a bar is what is compared.
        kind: ``recorded`` runs ours as ``python -m atms backtest`` does; ``trials`` is optstrategy.
        trials: parameter pairs, of ours and of stock.
        stock: the row whose stock run this one is compared with; default: its own.
    """

    name: str
    title: str
    work: str
    bars: int
    stock_bars: int
    kind: Literal["run", "recorded", "trials"] = "run"
    trials: tuple[int, int] = (1, 1)
    stock: str = ""


ROWS: tuple[Row, ...] = (
    Row(
        name="cross",
        title="SMA 10/30 cross",
        work="cross",
        bars=1_000_000,
        stock_bars=100_000,
    ),
    Row(
        name="sparse",
        title="  sparse",
        work="cross_sparse",
        bars=1_000_000,
        stock_bars=100_000,
        stock="cross",
    ),
    Row(
        name="analyzed",
        title="  stdstats, four analyzers",
        work="cross_analyzed",
        bars=1_000_000,
        stock_bars=50_000,
    ),
    Row(
        name="recorded",
        title="  recorders, files, ledger",
        work="cross",
        bars=1_000_000,
        stock_bars=100_000,
        kind="recorded",
        stock="cross",
    ),
    Row(
        name="slow",
        title="SMA 200/1000 cross",
        work="slow_cross",
        bars=100_000,
        stock_bars=50_000,
    ),
    Row(
        name="slow-sparse",
        title="  sparse",
        work="slow_cross_sparse",
        bars=100_000,
        stock_bars=50_000,
        stock="slow",
    ),
    Row(
        name="feeds",
        title="ten feeds, brackets, aligned",
        work="ten_feeds",
        bars=100_000,
        stock_bars=5_000,
    ),
    Row(
        name="feeds-gaps",
        title="  5 % of bars missing",
        work="ten_gapped_feeds",
        bars=100_000,
        stock_bars=5_000,
    ),
    Row(
        name="resample",
        title="1m, 15m, 1h, contiguous",
        work="resampled",
        bars=100_000,
        stock_bars=10_000,
    ),
    Row(
        name="resample-sessions",
        title="  gaps, sessions, days, zone",
        work="resampled_sessions",
        bars=100_000,
        stock_bars=10_000,
    ),
    Row(
        name="brackets",
        title="limit brackets pending",
        work="brackets",
        bars=100_000,
        stock_bars=50_000,
    ),
    Row(
        name="trailing",
        title="a trailing stop always live",
        work="trailing",
        bars=100_000,
        stock_bars=50_000,
    ),
    Row(
        name="event",
        title="event mode, feed in Python",
        work="event",
        bars=100_000,
        stock_bars=30_000,
    ),
    Row(
        name="optimise",
        title="optstrategy, two processes",
        work="optimised",
        bars=100_000,
        stock_bars=10_000,
        kind="trials",
        trials=(200, 8),
    ),
)
BY_NAME = {row.name: row for row in ROWS}

"""What a run gives back: frames, figures, a folder, a picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from atms.config import Config
from atms.report.decisions import frames
from atms.report.funnel import Funnel, funnel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from atms.feeds.audit import Audit


@dataclass(frozen=True)
class Provenance:
    """What a run was made of.

    Attributes:
        hashes: of config, data and code; SHA-256 in hex.
        code: file -> hash, the strategy's module and its siblings.
        data: feed -> hash of its bars.
        versions: package -> version.
        strategy: the class, as ``module:Class``.
    """

    hashes: dict[str, str]
    code: dict[str, str]
    data: dict[str, str]
    versions: dict[str, str]
    strategy: str


@dataclass(frozen=True)
class FeedInfo:
    """How the results call a feed."""

    name: str
    symbol: str
    venue: str
    currency: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """A finished run, or what was done of a broken one. Columns: docs/results.md.

    Attributes:
        id: the run's id, in its folder's name and in the ledger.
        status: ``finished``, ``failed`` or ``interrupted``.
        config: the config it ran by.
        feeds: the feeds, in the order of the strategy's datas.
        metrics: the run's figures, name -> value; None where undefined.
        equity: cash, value, position, exposure, drawdown at every bar; index ``datetime`` UTC.
        trades: round trips, one row each.
        orders: every order, one row each, by its number.
        fills: every fill, one row each, in the order of booking.
        fill_trades: which fill belongs to which trade, with the size and fee of its part.
        cash_flows: what moved cash and is no fill, one row each: deposits, margins, interest.
        balances: cash at the start and at the end, one row an account and currency.
        positions: what was held at the end, one row a venue and symbol.
        bars: the bars as used, the warm-up's too: feed, datetime, then every line.
        lines: every plotted indicator's lines at every bar, the warm-up's too.
        decisions: what a strategy that explains itself said, one row a signal or refusal.
        gates: the conditions that its signals met, one row each, by the signal's number.
        started, ended: aware UTC.
        provenance: hashes and versions.
        warmup: what the warm-up was, in words.
        audit: what was found in the data, one entry a feed that was read.
        warnings: lines that the user should read.
        log: what the strategy printed.
        failure: why it broke off, with the user's own lines; empty if it did not.
        analyzers: name -> what get_analysis() returned, of the config's analyzers.
        strategy, cerebro: Backtrader's live objects; None for a run read from its folder.
        folder: where it was read from, if it was.
        mode: ``backtest``, ``paper`` or ``live``.
    """

    id: str
    status: str
    config: Config
    feeds: tuple[FeedInfo, ...]
    metrics: dict[str, Any]
    equity: pd.DataFrame
    trades: pd.DataFrame
    orders: pd.DataFrame
    fills: pd.DataFrame
    fill_trades: pd.DataFrame
    cash_flows: pd.DataFrame
    balances: pd.DataFrame
    positions: pd.DataFrame
    bars: pd.DataFrame
    lines: pd.DataFrame
    started: pd.Timestamp
    ended: pd.Timestamp
    provenance: Provenance
    decisions: pd.DataFrame = field(default_factory=lambda: frames([], [])[0])
    gates: pd.DataFrame = field(default_factory=lambda: frames([], [])[1])
    warmup: str = ""
    audit: tuple[Audit, ...] = ()
    warnings: tuple[str, ...] = ()
    log: str = ""
    failure: str = ""
    analyzers: dict[str, Any] = field(default_factory=dict)
    strategy: Any = None
    cerebro: Any = None
    folder: Path | None = None
    mode: str = "backtest"

    @property
    def account(self) -> str:
        """The account that the fills are booked on.

        Of a live run with several the first; empty while none has told what it holds.
        """
        return str(self.balances["account"].iloc[0]) if len(self.balances) else ""

    @property
    def funnel(self) -> Funnel:
        """How many bars became signals, orders, fills and trades, and what was refused most."""
        return funnel(
            len(self.equity), self.decisions, self.gates, self.orders, self.fills, self.trades
        )

    @property
    def explanation(self) -> str:
        """Why the run made no trade, in a sentence; empty if it made one."""
        if len(self.trades):
            return ""
        if not len(self.orders):
            return f"the strategy placed no order on {len(self.equity)} bars"
        counts = self.orders["status"].value_counts()
        said = ", ".join(f"{count} {status}" for status, count in counts.items())
        hint = next((_NO_FILL[status] for status in counts.index if status in _NO_FILL), "")
        return f"no order filled ({said})" + (f"; {hint}" if hint else "")

    def save(self, folder: str | Path | None = None) -> Path:
        """Write the run's files, and file it in the ledger if the config says so.

        Args:
            folder: where; default ``<run.out>/<id>``. A folder that holds something is kept, and
                a new one made beside it.

        Returns:
            The folder that was written.

        Raises:
            OutputError: a file could not be written; nothing half-written stays.
            LedgerError: the database could not be written; the files are kept.
        """
        from atms.keeping import keep

        return keep(self, Path(folder) if folder is not None else None)

    def report(self, path: str | Path | None = None) -> Path:
        """Write the run's page, one file that needs no network, and return where it is.

        Args:
            path: the file; default: ``report.html`` in the run's folder, or ``<id>.html`` here if
                it has none. What is there is replaced.

        Raises:
            OutputError: the file cannot be written.
        """
        from atms.reporting import write_page

        return write_page(self, Path(path) if path is not None else None)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the main figures, and the equity as a small picture."""
        from atms.report.card import card

        return card(self)

    def plot(self) -> Figure:
        """Return the equity picture as a matplotlib figure; a notebook shows it."""
        from atms.report.figures import equity_figure

        return equity_figure(self)

    def __repr__(self) -> str:
        total = self.metrics.get("total_return")
        shown = "n/a" if total is None else f"{total:+.2%}"
        return f"<Result {self.id}: {self.status}, return {shown}, {len(self.trades)} trades>"


_NO_FILL = {
    "margin": "the account's cash was too small for the size: raise broker.cash, or choose a "
    "smaller sizer",
    "submitted": "an order made on the last bar has no next bar to fill on",
    "accepted": "limit and stop prices were not reached",
}


def account(run_id: str) -> str:
    """Return the account on which a backtest's fills are booked."""
    return f"backtest:{run_id}"

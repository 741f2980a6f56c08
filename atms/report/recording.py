"""What a finished run left behind, as plain numbers: the input of everything in this room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.report.reasons import Words


@dataclass(frozen=True, kw_only=True)
class FeedRecord:
    """The bars that a run saw of one feed, in the order of time.

    Attributes:
        days: Backtrader's stamps, float days, shape (n,).
        stamps: the source's own, microseconds since 1970 UTC, shape (n,).
        columns: every line but datetime, shape (n,) each.
        multiplier: quote value of one unit at a price of 1.
        leverage: cash is value divided by it.
        marks: when the price that a position is valued at changed (float days) and to what, shape
            (m,) each; None: at each bar, to its close. In a replay a bar grows many times.
        margins: what one unit ties up at each mark, shape (m,), where a purchase costs a margin,
            as a future's does; None where it costs its value.
    """

    name: str
    symbol: str
    venue: str
    currency: str
    days: NDArray[np.float64]
    stamps: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]
    marks: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    margins: NDArray[np.float64] | None = None
    multiplier: float = 1.0
    leverage: float = 1.0

    @property
    def mark_path(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """When the price that a position is valued at changed, and to what."""
        return self.marks or (self.days, self.columns["close"])

    def bar_at(self, days: float) -> int:
        """Return the index of the last bar at or before *days*."""
        return int(np.searchsorted(self.days, days, side="right")) - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class FillRecord:
    """One fill.

    Attributes:
        tick: index of the broker's round (a step, or in a replay a tick) that booked it.
        feed: index of its feed.
        bar: index of the feed's bar on which it filled.
        stamp: the source's own stamp of that bar, microseconds since 1970 UTC.
        order_id: the run's own order counter.
        group: Backtrader's tradeid, by which a strategy keeps trades apart.
        size: units, negative for a sale.
        closed, opened: the parts of size that closed and opened a position.
        closed_fee, opened_fee: the fee of each part, in the account's currency.
        booked: what the broker moved in cash for it, before fees.
        reference: the price before costs.
        spread_cost, slippage_cost, impact_cost: what the price is worse by, times size, in the
            account's currency.
        cash: the account's cash after all fills of that round.
        ends: whether what it closed is all that was held, by an exact count; False: the sum of
            sizes tells.
    """

    tick: int
    feed: int
    bar: int
    stamp: int
    order_id: int
    group: int
    size: float
    price: float
    closed: float
    opened: float
    closed_fee: float
    opened_fee: float
    booked: float
    cash: float
    reference: float
    spread_cost: float = 0.0
    slippage_cost: float = 0.0
    impact_cost: float = 0.0
    ends: bool = False

    @property
    def fee(self) -> float:
        """The whole fee."""
        return self.closed_fee + self.opened_fee


class CashMove(NamedTuple):
    """Cash that moved by something that is no fill.

    Attributes:
        tick: the round from which it counts.
        amount: negative if it left the account.
        cash: the account's, after it.
        first: whether it was there before that round's fills, or came after them.
        kind: deposit, what a strategy added or took; funding, borrow, interest or liquidation.
        feed: index of the feed that it is for; None: the account.
    """

    tick: int
    amount: float
    cash: float
    first: bool = False
    kind: str = "deposit"
    feed: int | None = None


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A run, recorded.

    Attributes:
        steps: Backtrader's stamp of every step of the strategy, float days, shape (n,).
        stamps: the same as microseconds since 1970 UTC, shape (n,).
        ticks: Backtrader's stamp of every round of the broker, float days, shape (t,), where these
            are more than the steps: in a replay. None: the steps.
        first: index of the first step in the time range; those before are warm-up.
        feeds: one entry a data of the strategy, in its order.
        position_order: indices of feeds, in the order in which the broker adds up positions.
        orders: one row an order; see docs/results.md for the columns.
        fills: in the order of the broker's booking.
        start_cash: cash before the first fill.
        final_cash: the broker's own, after everything.
        interest: what the broker charged for positions and has not yet put into a fill's fee.
        cash_moves: in the order of booking.
        words: a fill's order_id -> what stands at that order.
        short_cash: whether a short sale's proceeds are in the cash; else it ties up as a long does.
    """

    steps: NDArray[np.float64]
    stamps: NDArray[np.int64]
    first: int
    feeds: tuple[FeedRecord, ...]
    position_order: tuple[int, ...]
    orders: pd.DataFrame
    fills: tuple[FillRecord, ...]
    start_cash: float
    final_cash: float
    interest: float = 0.0
    ticks: NDArray[np.float64] | None = None
    cash_moves: tuple[CashMove, ...] = ()
    short_cash: bool = True
    words: Mapping[int, Words] = field(default_factory=dict)
    lines: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def currency(self) -> str:
        """The account's currency: the simulated broker has one, whatever the feeds say."""
        return self.feeds[0].currency

    @property
    def deposits(self) -> tuple[CashMove, ...]:
        """Cash that the strategy added or took."""
        return tuple(move for move in self.cash_moves if move.kind == "deposit")

    @property
    def rounds(self) -> NDArray[np.float64]:
        """Backtrader's stamp of every round of the broker: the ticks, or else the steps."""
        return self.steps if self.ticks is None else self.ticks

    @property
    def last_rounds(self) -> NDArray[np.int64]:
        """Index of each step's last round, shape (n,)."""
        if self.ticks is None:
            return np.arange(len(self.steps))
        return np.searchsorted(self.ticks, self.steps, side="left")

    def bars_at_steps(self, feed: int) -> NDArray[np.int64]:
        """Return, for every step, the index of the last bar of *feed*; -1 before its first."""
        return np.searchsorted(self.feeds[feed].days, self.steps, side="right") - 1

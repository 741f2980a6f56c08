"""What a venue can do by itself, as its store says when it connects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from atms.stores.requests import Kind


@dataclass(frozen=True, kw_only=True)
class KeyRule:
    """What a venue makes of our keys.

    Attributes:
        unique: among open orders only, for ever, or not at all.
        kinds: whose key it keeps.
        lookup: whether an order can be asked for by it.
    """

    max_len: int
    alphabet: str
    unique: Literal["open", "forever", "none"]
    kinds: frozenset[Kind]
    lookup: bool


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A dead man's switch."""

    scope: Literal["instrument", "account"]
    shortest: timedelta
    longest: timedelta
    spares_protection: bool


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How many units may be spent in a time; *reserve* is kept for cancels and protection."""

    name: str
    per: timedelta
    units: int
    shared_by: Literal["address", "account", "connection"]
    reserve: int


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """A venue's manners, for one account.

    Attributes:
        worst: whether it enforces ``Ticket.worst``.
        links: of ``oco`` and ``bracket``.
        protection_scales: whether a protective leg follows a partial entry.
        as_backtest: whether it stands for a backtest: its brackets are used as they are.
        amend: ``replace`` makes new names under the same key.
        read_lag: how long an order may exist and not be shown.
        outcome_bound: when an unknown order that nobody shows was never placed; above read_lag.
        finality: how long a fill may still be undone; None: it is final when seen.
        history_bars: of so many bars of a timeframe, back from now, there is history; None: of all.
        trade_history: whether public trades of the past can be read, by ids that rise;
            *newest_trades*: where not, how many of the newest are told; None: that is not known.
        can_withdraw: of this credential; None: the venue does not tell.
        exercised: whether orders were ever tried there; where not, none is made.
    """

    keys: KeyRule
    kinds: frozenset[Kind]
    tifs: frozenset[str]
    post_only: bool = False
    worst: bool = False
    reduces: Literal["flag", "bucket", "no"] = "no"
    links: frozenset[str] = frozenset()
    protection_scales: bool = False
    as_backtest: bool = False
    trigger_on: Literal["last", "mark", "quote", "mixed"] = "last"
    amend: Literal["in_place", "replace", "no"] = "no"
    partial_fills: bool = True
    buckets: Literal["net", "sides", "lots"] = "net"
    read_lag: timedelta
    outcome_bound: timedelta
    corrections: bool = False
    finality: timedelta | None = None
    log: Literal["contiguous", "per_instrument", "window"]
    log_depth: timedelta | None = None
    snapshot_atomic: bool = False
    stream_replays: bool = False
    fees: Literal["with_fill", "later"] = "with_fill"
    bar_stamp: Literal["open", "close"] = "open"
    bar_end: Literal["flag", "next_bar", "clock"] = "clock"
    bar_lag: timedelta = timedelta(0)
    bars_omit_empty: bool = False
    history_depth: timedelta | None = None
    history_bars: int | None = None
    timeframes: frozenset[str] = frozenset()
    switch: Switch | None = None
    budgets: tuple[Budget, ...] = ()
    book_depth: int | None = None
    prints: bool = False
    trade_history: bool = False
    newest_trades: int | None = None
    can_withdraw: bool | None = None
    exercised: bool = True

"""What the reference matcher is given and what it answers, in plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

Row = dict[str, float]

MARKET, CLOSE, LIMIT, STOP = "Market", "Close", "Limit", "Stop"
STOP_LIMIT, TRAIL, TRAIL_LIMIT = "StopLimit", "StopTrail", "StopTrailLimit"
KINDS = (MARKET, CLOSE, LIMIT, STOP, STOP_LIMIT, TRAIL, TRAIL_LIMIT)


@dataclass(frozen=True)
class Feed:
    """One instrument's bars, and the finer bars (by the time of their end) within them."""

    name: str
    stamps: tuple[datetime, ...]
    rows: tuple[Row, ...]
    finer: tuple[tuple[datetime, Row], ...] = ()
    finer_step: timedelta = timedelta(0)


@dataclass(frozen=True)
class Make:
    """An order that the strategy makes after the round *at*; side is 1 (buy) or -1 (sell)."""

    at: int
    number: int
    feed: str
    side: int
    size: float
    kind: str = MARKET
    price: float | None = None
    limit: float | None = None
    trail_amount: float | None = None
    trail_percent: float | None = None
    valid: datetime | timedelta | None = None
    oco: int | None = None
    parent: int | None = None
    transmit: bool = True


@dataclass(frozen=True)
class Cancel:
    """The cancellation, after the round *at*, of the order *number*."""

    at: int
    number: int


@dataclass(frozen=True)
class Step:
    """What an instrument's orders must fit."""

    tick: str | None = None
    size: str | None = None
    min_size: str | None = None
    min_notional: str | None = None


@dataclass(frozen=True)
class Settings:
    """The account, the venue and its costs; every default is "off"."""

    cash: float = 10_000.0
    stock: bool = False  # Backtrader's own broker, which overlooks losses of other positions
    margin_account: bool = False
    leverage: float = 1.0
    per_contract: float | None = None
    multiplier: float = 1.0
    session_end: time | None = None
    slip_percent: float = 0.0
    slip_fixed: float = 0.0
    slip_ticks: float = 0.0
    tick: float = 0.0
    half_spread: bool = False
    impact: tuple[float, int] | None = None
    participation: float | None = None
    latency: timedelta = timedelta(0)
    rules: dict[str, Step] = field(default_factory=dict)
    reject: bool = False
    maintenance: float = 0.0
    maintenance_per_contract: float = 0.0
    liquidation_fee: float = 0.0
    funding: str | None = None
    borrow: float = 0.0
    credit: float = 0.0
    debit: float = 0.0
    fee: str | None = None
    terms: tuple[tuple[float, ...], ...] = ()
    days: int = 30
    conversion: float | str = 1.0


@dataclass(frozen=True)
class Scenario:
    """A market, a script of orders, and the settings of a run."""

    feeds: tuple[Feed, ...]
    script: tuple[Make | Cancel, ...]
    settings: Settings

    def rounds(self) -> list[datetime]:
        """Tell the stamps at which the broker is called: those of any feed, once each."""
        return sorted({stamp for feed in self.feeds for stamp in feed.stamps})


@dataclass(frozen=True)
class Fill:
    """One execution; the three costs are totals in the account's currency."""

    stamp: datetime
    size: float
    price: float
    reference: float
    spread: float
    slippage: float
    impact: float
    fee: float
    maker: bool


@dataclass
class Outcome:
    """What a run did: fills and last status by order, cash and value by round, charges.

    Attributes:
        fills: by the order's number; liquidations are numbered -1, -2 ... as they happen.
        charges: (round, kind, feed's name or None) -> amount.
    """

    fills: dict[int, list[Fill]] = field(default_factory=dict)
    statuses: dict[int, str] = field(default_factory=dict)
    cash: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    charges: dict[tuple[int, str, str | None], float] = field(default_factory=dict)

"""What a venue of the sandbox is made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class MarketConfig:
    """One symbol and where its market comes from.

    Attributes:
        symbol: ``BTCUSDT``, or ``BTC/USDT`` where the quote asset is not a usual one.
        source: a .csv or .parquet file of bars or of trades, or ``sample:NAME``; None: moved by
            hand.
        timeframe: of bars that are made from prints by hand, ``1m``; a file has its own.
        tick, step: of price and quantity; None: as fine as the file's prices, and 0.00001.
        depth: units of the base asset on each level of the book, before a bar says more.
        history: bars of the file that lie in the past on start; None: 1,000, or half of the file.
    """

    symbol: str = "BTCUSDT"
    source: str | None = None
    timeframe: str = "1m"
    tick: Decimal | None = None
    step: Decimal | None = None
    depth: Decimal = Decimal(10)
    history: int | None = None


@dataclass(frozen=True, kw_only=True)
class VenueConfig:
    """A venue of the sandbox.

    Attributes:
        markets: the symbols that it serves.
        speed: market seconds a second of wall time.
        port: on 127.0.0.1; 0 is any free one.
        key, secret: None: made at start.
        may_withdraw: a second key is there that may withdraw.
        balances: asset -> units at start.
        commission: share of a fill's price.
        faults: name -> probability, 0 to 1.
        seed: of the faults and of nothing else.
        log: file of the venue's own truth, JSON lines; None: none.
        ping: seconds between ping frames.
        life: seconds that a websocket connection lives.
    """

    markets: tuple[MarketConfig, ...] = (MarketConfig(),)
    speed: float = 1.0
    port: int = 0
    key: str | None = None
    secret: str | None = None
    may_withdraw: bool = False
    balances: Mapping[str, Decimal] = field(
        default_factory=lambda: {"USDT": Decimal(10_000), "BTC": Decimal(1)}
    )
    commission: Decimal = Decimal("0.001")
    faults: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    log: Path | None = None
    ping: float = 20.0
    life: float = 86_400.0

"""ccxt's unified answers of the public side, read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.errors import VenueError
from atms.model import Timeframe
from atms.stores.ccxt.names import Contracts
from atms.stores.market import Bar, Instrument

_MONTHS = ("M", "y", "Y")  # of no fixed length: their ends are not known from their beginnings


class Unified(Contracts):
    """Symbols as ccxt writes them, on both sides."""

    def guess(self, symbol: str) -> str:
        """Return the same."""
        return symbol


def usable(timeframes: tuple[str, ...]) -> frozenset[str]:
    """Return the timeframes whose bars are of one length."""
    found = set()
    for text in timeframes:
        try:
            Timeframe.parse(text)
        except ValueError:
            continue
        if not text.endswith(_MONTHS):
            found.add(text)
    return frozenset(found)


def moment(milliseconds: Any) -> datetime:
    """Return a time; ccxt's are milliseconds."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(milliseconds))


def instrument_of(row: Mapping[str, Any], id_: str, *, decimal_places: bool) -> Instrument:
    """Return what may be traded of a market.

    Raises:
        VenueError: it is none of spot, and no contract whose profits are in its quote currency.
    """
    contract = bool(row.get("contract"))
    if row.get("option") or (contract and not row.get("linear")):
        raise VenueError(f"{id_}: only spot and linear contracts are known here")
    limits, precision = row.get("limits") or {}, row.get("precision") or {}
    step = _step(precision.get("amount"), decimal_places)
    return Instrument(
        id=id_, base=str(row["base"]), quote=str(row["quote"]),
        settle=str(row.get("settle") or row["quote"]),
        multiplier=_decimal(row.get("contractSize")) or Decimal(1) if contract else Decimal(1),
        qty_step=step, min_qty=_limit(limits, "amount", "min") or step,
        max_qty=_limit(limits, "amount", "max"), min_notional=_limit(limits, "cost", "min"),
        price_steps=((Decimal(0), _step(precision.get("price"), decimal_places)),),
        cash="margin" if contract else "exchange", tradable=row.get("active") is not False,
    )  # fmt: skip


def bars_of(rows: Any, instrument: str, timeframe: str, start: datetime) -> list[Bar]:
    """Return bars from a start on, the oldest first; whether the last is over is not told."""
    step = timedelta(seconds=Timeframe.parse(timeframe).seconds)
    found = {}
    for at, *prices, volume in (row[:6] for row in rows):
        opened = moment(at)
        if opened >= start and None not in prices:
            first, high, low, close = (Decimal(str(price)) for price in prices)
            found[opened] = Bar(
                instrument=instrument, open_at=opened, close_at=opened + step, open=first,
                high=high, low=low, close=close, volume=_decimal(volume), final=True,
            )  # fmt: skip
    return [found[opened] for opened in sorted(found)]


def _limit(limits: Mapping[str, Any], what: str, end: str) -> Decimal | None:
    return _decimal((limits.get(what) or {}).get(end))


def _decimal(told: Any) -> Decimal | None:
    return None if told is None else Decimal(str(told))


def _step(told: Any, decimal_places: bool) -> Decimal:
    """Return a step; where none is told, one that is finer than any that is."""
    if told is None:
        return Decimal("1e-8")
    return Decimal(1).scaleb(-int(told)) if decimal_places else Decimal(str(told))

"""Coinbase's public side that is asked for: products, candles, the newest trade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.names import check_listed
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.coinbase import codes
from atms.stores.ccxt.profiles.coinbase.orders import Products, moment
from atms.stores.market import Bar, Instrument

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TRADES = "v3PublicGetBrokerageMarketProductsProductIdTicker"
_BUCKETS = 300  # candles that one question may be about; the venue's limit is 350
_MINUTES = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "2h": 120, "6h": 360, "1d": 1440}
_WORDS = {
    "1m": "ONE_MINUTE", "5m": "FIVE_MINUTE", "15m": "FIFTEEN_MINUTE", "30m": "THIRTY_MINUTE",
    "1h": "ONE_HOUR", "2h": "TWO_HOUR", "6h": "SIX_HOUR", "1d": "ONE_DAY",
}  # fmt: skip
STEPS = {name: timedelta(minutes=minutes) for name, minutes in _MINUTES.items()}


def public(method: str, *expects: str, **params: Any) -> Call:
    """Return a request that reads what everybody may."""
    return Call(method=method, params=params, costs={"public": 1}, expects=frozenset(expects))


# ---- what is traded ------------------------------------------------------------------------
async def instruments(
    ask: Ask, names: Products, symbols: Sequence[str], place: str
) -> tuple[Instrument, ...]:
    """Return what is traded; VenueError names what is unknown."""
    wanted = [names.guess(symbol) for symbol in symbols]
    rows = await _products(ask, wanted) if wanted else {}
    if any(raw not in rows for raw in wanted):
        rows = await _products(ask, [])  # which one is meant is told by the whole list
    known = {f"{row['base_currency_id']}/{row['quote_currency_id']}" for row in rows.values()}
    known |= {symbol for symbol, raw in zip(symbols, wanted, strict=True) if raw in rows}
    check_listed(symbols, known, place)
    for symbol, raw in zip(symbols, wanted, strict=True):
        row = rows[raw]
        names.learn(raw, symbol, row["base_currency_id"], row["quote_currency_id"])
        if row.get("alias"):
            names.aliases[raw] = row["alias"]
    return tuple(instrument(rows[raw], names.id(raw)) for raw in wanted)


async def _products(ask: Ask, raws: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    method = "v3PublicGetBrokerageMarketProducts"
    params: dict[str, Any] = {"product_ids": list(raws)} if raws else {"product_type": "SPOT"}
    try:
        reply = await ask(public(method, codes.NOT_FOUND, "INVALID_ARGUMENT", **params))
    except Said:
        return {}
    spot = [row for row in reply["products"] if row["product_type"] == "SPOT"]
    return {row["product_id"]: row for row in spot}


def instrument(row: Mapping[str, Any], id_: str) -> Instrument:
    """Return an instrument from a product; the numbers are the venue's own digits."""
    shut = ("trading_disabled", "is_disabled", "cancel_only", "view_only", "auction_mode")
    return Instrument(
        id=id_, base=row["base_currency_id"], quote=row["quote_currency_id"],
        settle=row["quote_currency_id"], qty_step=_number(row["base_increment"]),
        min_qty=_number(row["base_min_size"]), max_qty=_number(row["base_max_size"]) or None,
        price_steps=((Decimal(0), _number(row.get("price_increment") or row["quote_increment"])),),
        min_notional=_number(row["quote_min_size"]) or None,
        tradable=not any(row.get(name) for name in shut),
    )  # fmt: skip


def _number(text: str) -> Decimal:
    """Return a number without the zeros behind it."""
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


# ---- candles -------------------------------------------------------------------------------
async def history(
    ask: Ask, names: Products, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
) -> tuple[list[Bar], bool]:
    """Return bars from a start on, the oldest first, and whether there are more.

    Where nothing was traded there is no candle, and a question about many such has no answer.
    """
    step = STEPS[timeframe]
    at = start - (start - EPOCH) % step
    while at < end:
        till = min(at + min(rows, _BUCKETS) * step, end)
        found = await _candles(ask, raw, timeframe, at, till)
        if found:
            bars = [_bar(row, names.id(raw), step) for row in found]
            return sorted(bars, key=lambda bar: bar.open_at), await _goes_on(ask, raw, till, end)
        at = max(till, await _first_day(ask, raw, till, end)) if till < end else till
    return [], False


async def _goes_on(ask: Ask, raw: str, till: datetime, end: datetime) -> bool:
    """Return whether there are bars from *till* on, before *end*."""
    if till >= end:
        return False
    last = await newest(ask, raw)
    return last is not None and last >= till


async def _first_day(ask: Ask, raw: str, at: datetime, end: datetime) -> datetime:
    """Return the first day with a trade, so that a market's time before it is not walked."""
    day = STEPS["1d"]
    at -= (at - EPOCH) % day
    while at < end:
        till = min(at + _BUCKETS * day, end)
        found = await _candles(ask, raw, "1d", at, till)
        if found:
            return min(_time(row["start"]) for row in found)
        at = till
    return end


async def _candles(
    ask: Ask, raw: str, timeframe: str, start: datetime, end: datetime
) -> list[Mapping[str, Any]]:
    last = (end - EPOCH - timedelta(microseconds=1)) // timedelta(seconds=1)
    reply = await ask(
        public(
            "v3PublicGetBrokerageMarketProductsProductIdCandles", product_id=raw,
            start=str((start - EPOCH) // timedelta(seconds=1)), end=str(last),
            granularity=_WORDS[timeframe],
        )
    )  # fmt: skip
    found: list[Mapping[str, Any]] = reply["candles"]
    return found


def _bar(row: Mapping[str, Any], instrument: str, step: timedelta) -> Bar:
    """Return a bar; whether it is over is told by the time alone."""
    at = _time(row["start"])
    return Bar(
        instrument=instrument, open_at=at, close_at=at + step, open=Decimal(row["open"]),
        high=Decimal(row["high"]), low=Decimal(row["low"]), close=Decimal(row["close"]),
        volume=Decimal(row["volume"]), final=True,
    )  # fmt: skip


def _time(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


async def newest(ask: Ask, raw: str) -> datetime | None:
    """Return when the newest trade was; None: there is none."""
    trades = (await ask(public(TRADES, product_id=raw, limit=1)))["trades"]
    return moment(trades[0]["time"]) if trades else None

"""What OKX tells anybody when it is asked: pairs, bars, the newest trade, the best prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.names import check_listed
from atms.stores.ccxt.profile import Ask, Names
from atms.stores.ccxt.profiles.okx.orders import Pairs
from atms.stores.ccxt.profiles.stamps import milliseconds, moment
from atms.stores.market import Bar, Instrument, Quote

# ours -> the venue's; from six hours on bars begin by UTC only where that is said
BARS: Mapping[str, tuple[str, timedelta]] = {
    "1s": ("1s", timedelta(seconds=1)),
    **{f"{n}m": (f"{n}m", timedelta(minutes=n)) for n in (1, 3, 5, 15, 30)},
    **{f"{n}h": (f"{n}H", timedelta(hours=n)) for n in (1, 2, 4)},
    **{f"{n}h": (f"{n}Hutc", timedelta(hours=n)) for n in (6, 12)},
    **{f"{n}d": (f"{n}Dutc", timedelta(days=n)) for n in (1, 3)},
    "1w": ("1Wutc", timedelta(weeks=1)),
}
UNITS, OF_SWAPS = 5, 6  # where a bar has its volume in base currency: before it are contracts
_MOST = 300  # bars in an answer
_NEWEST = 1400  # of the 1440 newest bars, which another list has
_ALONE = 5  # so many pairs are read one by one
_MILLISECOND = timedelta(milliseconds=1)


def call(method: str, budget: str = "public", *expects: str, **params: Any) -> Call:
    """Return a request of the public side."""
    return Call(method=method, params=params, costs={budget: 1}, expects=frozenset(expects))


async def instruments(
    ask: Ask, names: Pairs, symbols: Sequence[str], place: str
) -> tuple[Instrument, ...]:
    """Return what is traded of symbols; VenueError names what is unknown."""
    rows = await _listed(ask, [names.guess(symbol) for symbol in symbols])
    check_listed(symbols, rows, place)
    found = []
    for symbol in symbols:
        row = rows[symbol]
        names.learn(row["instId"], symbol, row["baseCcy"], row["quoteCcy"])
        found.append(instrument_of(row, names.id(row["instId"])))
    return tuple(found)


async def _listed(ask: Ask, raws: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return symbol -> row, of some pairs, or of all where one of them is unknown."""
    rows: list[Mapping[str, Any]] = []
    method = "publicGetPublicInstruments"
    try:
        for raw in raws if len(raws) <= _ALONE else ():
            one = await ask(call(method, "public", "51001", "51000", instType="SPOT", instId=raw))
            rows += one["data"]
    except Said:
        rows = []
    if not rows or len(rows) < len(set(raws)):
        rows = (await ask(call(method, instType="SPOT")))["data"]
    return {f"{row['baseCcy']}/{row['quoteCcy']}": row for row in rows}


def instrument_of(row: Mapping[str, Any], instrument: str) -> Instrument:
    """Return a pair; the limit of a market order, which is in money, is left to the venue."""
    most = row.get("maxLmtSz") or ""
    return Instrument(
        id=instrument, base=row["baseCcy"], quote=row["quoteCcy"], settle=row["quoteCcy"],
        qty_step=Decimal(row["lotSz"]), min_qty=Decimal(row["minSz"]),
        max_qty=Decimal(most) if most else None,
        price_steps=((Decimal(0), Decimal(row["tickSz"])),), tradable=row["state"] == "live",
    )  # fmt: skip


async def history(
    ask: Ask, names: Names, raw: str, timeframe: str, start: datetime, end: datetime, rows: int,
    volume: int = UNITS,
) -> tuple[list[Bar], bool]:  # fmt: skip
    """Return bars that begin at a time or later, and whether there are more.

    Asked for by a window, as an answer holds the newest of what fits. Where windows have no bars,
    before a pair was there, the next is twice as wide, until there is one that has too many.
    """
    word, step = BARS[timeframe]
    rows = min(rows, _MOST)
    least = width = rows * step
    wider = 2
    while start < end:
        until = start + min(width, end - start)
        page = await ask(_window(raw, word, step, start, until, rows))
        bars = [bar_of(row, names.id(raw), step, volume) for row in reversed(page["data"])]
        if bars and (len(bars) < rows or width <= least):
            return bars, until < end
        if bars:  # there may be older ones
            width, wider = max(least, width / 2), 1
        else:
            start, width = until, wider * width
    return [], False


def _window(
    raw: str, word: str, step: timedelta, start: datetime, until: datetime, rows: int
) -> Call:
    quick = start > datetime.now(UTC) - _NEWEST * step
    return call(
        "publicGetMarketCandles" if quick else "publicGetMarketHistoryCandles",
        "candles" if quick else "old_candles", instId=raw, bar=word, limit=rows,
        before=milliseconds(start) - 1, after=milliseconds(until),
    )  # fmt: skip


def bar_of(row: Sequence[str], instrument: str, step: timedelta, volume: int = UNITS) -> Bar:
    """Return a bar of a list or of a stream, with the venue's word of whether it is over.

    Args:
        volume: where its volume stands in base currency: `UNITS`, or `OF_SWAPS`.
    """
    opened = moment(row[0])
    return Bar(
        instrument=instrument, open_at=opened, close_at=opened + step, open=Decimal(row[1]),
        high=Decimal(row[2]), low=Decimal(row[3]), close=Decimal(row[4]),
        volume=Decimal(row[volume]), final=row[8] == "1",
    )  # fmt: skip


async def newest(ask: Ask, raw: str) -> datetime | None:
    """Return when the newest trade was; None: there is none."""
    rows = (await ask(call("publicGetMarketTrades", instId=raw, limit=1)))["data"]
    return moment(rows[0]["ts"]) if rows else None


def best(row: Mapping[str, Any], at: datetime, instrument: str) -> Quote | None:
    """Return the best prices of a ticker; None: a side is empty."""
    if not Decimal(row["bidPx"] or 0) or not Decimal(row["askPx"] or 0):
        return None
    return Quote(
        at=at, instrument=instrument, bid=Decimal(row["bidPx"]), ask=Decimal(row["askPx"]), qty=None
    )

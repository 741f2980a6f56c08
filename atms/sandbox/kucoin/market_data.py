"""What KuCoin tells anybody (docs-new, "Spot Trading", market data)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atms.sandbox.kucoin.refusals import Refused
from atms.sandbox.kucoin.replies import Json, plain, symbol_row, ticker_row
from atms.sandbox.kucoin.venue import KucoinVenue
from atms.sandbox.venue.depth import Levels, best, levels
from atms.sandbox.venue.klines import CLOSE, HIGH, LOW, OPEN, QUOTE, VOLUME, Row
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.numbers import ZERO

INTERVALS = {
    "1min": "1m", "3min": "3m", "5min": "5m", "15min": "15m", "30min": "30m", "1hour": "1h",
    "2hour": "2h", "4hour": "4h", "6hour": "6h", "8hour": "8h", "12hour": "12h", "1day": "1d",
    "1week": "1w", "1month": "1M",
}  # fmt: skip
_MOST_BARS, _MOST_TRADES = 1500, 100


def symbols(venue: KucoinVenue, asked: Json) -> Any:
    """Return the list of symbols."""
    return [symbol_row(market.symbol) for market in venue.markets.values()]


def symbol(venue: KucoinVenue, asked: Json) -> Any:
    """Return one symbol."""
    return symbol_row(venue.dashed(asked["symbol"]).symbol)


def currencies(venue: KucoinVenue, asked: Json) -> Any:
    """Return the assets, without the chains that they move on."""
    return [
        {"currency": asset, "name": asset, "fullName": asset, "precision": 8, "confirms": None,
         "contractAddress": None, "isMarginEnabled": False, "isDebitEnabled": False, "chains": []}
        for asset in venue.assets()
    ]  # fmt: skip


def tops(venue: KucoinVenue, market: Market) -> tuple[Levels, Levels]:
    """Return the best bid and the best ask, each a list of one or none."""
    return best(market, venue.resting(market.symbol.name))


def _prices(venue: KucoinVenue, market: Market) -> tuple[Decimal, Decimal]:
    bids, asks = tops(venue, market)
    return (bids[0][0] if bids else ZERO), (asks[0][0] if asks else ZERO)


def all_tickers(venue: KucoinVenue, asked: Json) -> Any:
    """Return a ticker of each symbol."""
    rows = [ticker_row(one, *_prices(venue, one)) for one in venue.markets.values()]
    return {"time": venue.clock.now(), "ticker": rows}


def stats(venue: KucoinVenue, asked: Json) -> Any:
    """Return the last day of a symbol."""
    market = venue.dashed(asked["symbol"])
    return {"time": venue.clock.now()} | ticker_row(market, *_prices(venue, market))


def level1(venue: KucoinVenue, asked: Json) -> Any:
    """Return the best prices and the last one."""
    market = venue.dashed(asked["symbol"])
    bids, asks = tops(venue, market)
    bid, ask = (levels[0] if levels else (ZERO, ZERO) for levels in (bids, asks))
    return {
        "time": venue.clock.now(), "sequence": str(market.ladder.version),
        "price": plain(market.last or ZERO), "size": "0", "bestBid": plain(bid[0]),
        "bestBidSize": plain(bid[1]), "bestAsk": plain(ask[0]), "bestAskSize": plain(ask[1]),
    }  # fmt: skip


def book_rows(venue: KucoinVenue, market: Market, depth: int) -> Json:
    """Return the sides of a book."""
    bids, asks = levels(market, venue.resting(market.symbol.name))
    sides = {"bids": bids[:depth], "asks": asks[:depth]}
    return {
        name: [[plain(price), plain(qty)] for price, qty in side] for name, side in sides.items()
    }


def book(venue: KucoinVenue, asked: Json) -> Any:
    """Return an order book, of 20 or 100 levels or whole."""
    market = venue.dashed(asked["symbol"])
    sides = book_rows(venue, market, int(asked.get("depth", 1000)))
    return {"time": venue.clock.now(), "sequence": str(market.ladder.version)} | sides


def trade_row(trade: Trade) -> Json:
    """Return a public trade of the latest ones."""
    return {
        "sequence": str(trade.id), "price": plain(trade.price), "size": plain(trade.qty),
        "side": "buy" if trade.buyer_took else "sell", "time": trade.time * 1_000_000,
    }  # fmt: skip


def trades(venue: KucoinVenue, asked: Json) -> Any:
    """Return the latest public trades, the oldest first."""
    market = venue.dashed(asked["symbol"])
    return [trade_row(one) for one in list(market.trades)[-_MOST_TRADES:]]


def candle_row(row: Row) -> list[str]:
    """Return a bar: start in seconds, open, close, high, low, volume, turnover."""
    values = row[2:]
    told = [values[index] for index in (OPEN, CLOSE, HIGH, LOW, VOLUME, QUOTE)]
    return [str(row[0] // 1000), *(plain(Decimal(f"{one:.8f}")) for one in told)]


def candles(venue: KucoinVenue, asked: Json) -> Any:
    """Return bars of a span, the newest first; at most 1,500, of a longer span the newest.

    Those without a trade are left out, as the file leaves them out.

    Raises:
        Refused: there are no bars of such a length.
    """
    market = venue.dashed(asked["symbol"])
    if asked.get("type") not in INTERVALS:
        raise Refused("400100", "Incorrect candlestick type.")
    interval = INTERVALS[asked["type"]]
    start, end = int(asked.get("startAt", 0)) * 1000, int(asked.get("endAt", 0)) * 1000 - 1
    if end < 0:
        rows = market.klines.rows(interval, None, None, _MOST_BARS)
    else:
        rows = market.klines.rows(interval, start, end, 10**6)
    return [candle_row(row) for row in reversed(rows[-_MOST_BARS:])]


def nothing(venue: KucoinVenue, asked: Json) -> Any:
    """Return an empty list: what this venue has not."""
    return []


def no_items(venue: KucoinVenue, asked: Json) -> Any:
    """Return an empty page: what this venue has not."""
    return {"timestamp": venue.clock.now(), "items": []}


def time(venue: KucoinVenue, asked: Json) -> Any:
    """Return the venue's time."""
    return venue.clock.now()


def status(venue: KucoinVenue, asked: Json) -> Any:
    """Return that the venue is open."""
    return {"status": "open", "msg": ""}

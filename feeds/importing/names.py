"""What the names of files say: symbol, venue, length of a bar. Hints, which their user may change.

The patterns are those of the programs that write the files: see the modules of the formats.
"""

from __future__ import annotations

import re
from pathlib import Path

from atms.feeds.importing.plan import Hints
from atms.model import Timeframe

_MONTH, _MINUTE = "mo", "min"
_LENGTH = r"\d+(?:s|min|m|h|d|w|M|mo|Mo)"
_BINANCE = re.compile(rf"([A-Z0-9_]+)-({_LENGTH}|trades|aggTrades)(?:-\d{{4}}-\d\d(?:-\d\d)?)?")
_KRAKEN = re.compile(r"([A-Z0-9.]+)_(\d+)")
_METATRADER = re.compile(r"(.+?)_(M\d+|H\d+|D1|W1|MN1|Daily|Weekly|Monthly)(?:_\d{12}_\d{12})?")
_METATRADER_LONG = {"daily": "1d", "weekly": "1w", "monthly": "1M", "mn1": "1M"}
_FREQTRADE = re.compile(rf"([A-Za-z0-9_-]+?)-({_LENGTH}|trades)(?:-([a-zA-Z_]+))?")
_ANY = re.compile(rf"([A-Za-z0-9.^=-]+?)[_-]({_LENGTH}|trades)(?:[_-].*)?")
_SYMBOL = re.compile(r"[A-Z0-9.^=-]*[A-Z][A-Z0-9.^=-]*")


def length(text: str | None) -> Timeframe | None:
    """Read ``5m``, ``5min`` or ``1mo``; None if it is no length."""
    if not text or not re.fullmatch(_LENGTH, text):
        return None
    if text.lower().endswith(_MONTH):
        text = text[:-2] + "M"
    return Timeframe.parse(text.removesuffix("in") if text.endswith(_MINUTE) else text)


def stem(name: str) -> str:
    """Return a file's name without its ending."""
    return re.sub(r"\.(csv|txt|tsv|json|parquet|feather|zip)$", "", name, flags=re.IGNORECASE)


def any_name(name: str) -> Hints:
    """``XRPETH_1m_2019-10.csv``; a name of capitals alone is a symbol: ``SPY.csv``."""
    found = _ANY.fullmatch(stem(name))
    if found:
        return Hints(found[1], None, length(found[2]))
    return Hints(stem(name) if _SYMBOL.fullmatch(stem(name)) else None)


def yahoo_name(name: str) -> Hints:
    """``SPY.csv``, ``^GSPC.csv``."""
    return Hints(any_name(name).symbol, "yahoo", Timeframe(1, "d"))


def binance_name(name: str) -> Hints:
    """``BTCUSDT-1m-2024-01.csv``, ``BTCUSDT-aggTrades-2024-01-31.csv``."""
    found = _BINANCE.fullmatch(stem(name))
    return Hints(found[1], "binance", length(found[2])) if found else Hints(None, "binance")


def kraken_name(name: str) -> Hints:
    """``XBTUSD_60.csv``, in minutes; of trades ``XBTUSD.csv``."""
    found = _KRAKEN.fullmatch(stem(name))
    if found:
        return Hints(found[1], "kraken", Timeframe.from_seconds(60 * int(found[2])))
    return Hints(any_name(name).symbol, "kraken")


def metatrader_name(name: str) -> Hints:
    """``XAUUSD_M30.csv``, ``EURUSD_Daily_202001010000_202012310000.csv``."""
    found = _METATRADER.fullmatch(stem(name))
    if not found:
        return Hints(any_name(name).symbol)
    text = _METATRADER_LONG.get(found[2].lower(), f"{found[2][1:]}{found[2][0].lower()}")
    return Hints(found[1], None, length(text))


def ninjatrader_name(name: str) -> Hints:
    """``ES 12-06.Last.txt``."""
    return Hints(re.sub(r"\.(Last|Bid|Ask)$", "", stem(name)) or None)


def freqtrade_name(path: Path, name: str) -> tuple[Hints, str]:
    """``BTC_USDT-5m.feather``, ``XRP_USDT_USDT-5m-futures.feather``: hints, and the candles' type.

    The venue is the folder below ``data``, as in ``user_data/data/binance``.
    """
    folder = path.parent.parent if path.parent.name == "futures" else path.parent
    venue = folder.name if folder.parent.name == "data" else None
    found = _FREQTRADE.fullmatch(stem(name))
    if not found:
        return Hints(None, venue), ""
    symbol = found[1].replace("_", "/", 1).replace("_", ":", 1)
    return Hints(symbol, venue, length(found[2])), found[3] or ""

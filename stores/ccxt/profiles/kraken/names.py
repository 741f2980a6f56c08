"""Kraken's names of assets and pairs: one thing has up to four of them, by age and by door.

Bitcoin against the dollar is ``XXBTZUSD`` where pairs are listed and trades are told, ``XBTUSD``
where orders are, and ``BTC/USD`` on the newer websocket; the last is how ccxt and we write it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atms.stores.ccxt.names import Symbols

_OLD = {"XBT": "BTC", "XDG": "DOGE"}
_NEW = {new: old for old, new in _OLD.items()}
# assets of the first years, which REST prefixes: X a coin, Z a currency
_COINS = frozenset({"XBT", "ETC", "ETH", "LTC", "MLN", "REP", "XDG", "XLM", "XMR", "XRP", "ZEC"})
_MONEY = frozenset({"AUD", "CAD", "EUR", "GBP", "JPY", "USD"})
EARNING = ".F"  # of a balance that earns and can be traded all the same


def asset(word: str) -> str:
    """Return an asset as ccxt and the newer websocket write it; a suffix stays."""
    name, dot, suffix = word.partition(".")
    if len(name) == 4 and name[0] in "XZ" and name[1:] in _COINS | _MONEY:
        name = name[1:]
    return _OLD.get(name, name) + dot + suffix


def old(name: str) -> str:
    """Return an asset's older short name: XBT for BTC."""
    return _NEW.get(name, name)


def prefixed(name: str) -> str:
    """Return an asset's name in balances and lists: XXBT for BTC, USDT for USDT."""
    short = old(name)
    prefix = "X" if short in _COINS else "Z" if short in _MONEY else ""
    return prefix + short


class KrakenSymbols(Symbols):
    """Pairs by the name that orders have: ``XBTUSD``."""

    def __init__(self) -> None:
        super().__init__()
        self._others: dict[str, str] = {}  # another name of a pair -> the one that orders have

    def guess(self, symbol: str) -> str:
        """Return the name that a symbol's orders have."""
        return "".join(map(old, symbol.split("/")))

    def learn(self, raw: str, symbol: str, base: str, quote: str) -> None:
        """Remember a pair, with the names that its assets make."""
        super().learn(raw, symbol, base, quote)
        for other in (symbol, f"{old(base)}/{old(quote)}", prefixed(base) + prefixed(quote)):
            self._others[other] = raw

    def listed(self, id_: str, row: Mapping[str, Any]) -> str:
        """Remember a row of the list of pairs; return its symbol."""
        raw, base, quote = str(row["altname"]), asset(row["base"]), asset(row["quote"])
        self.learn(raw, f"{base}/{quote}", base, quote)
        self._others[id_] = self._others[row.get("wsname", raw)] = raw
        return f"{base}/{quote}"

    def of(self, word: str) -> str:
        """Return a pair's name in orders, given by any of its names."""
        return self._others.get(word, word)

    def id(self, raw: str) -> str:
        """Return the id of a pair, given by any of its names."""
        return super().id(self.of(raw))

    def spoken(self, raw: str) -> str:
        """Return a pair's name on the websocket, which is ours."""
        return self.id(raw)[len(self.account) + 1 :]

"""Kraken's names of assets, pairs, orders and trades (api-specs, spot-rest)."""

from __future__ import annotations

from dataclasses import dataclass

from atms.sandbox.venue.symbols import Symbol

_SHORT = {"BTC": "XBT", "DOGE": "XDG"}
_COINS = frozenset({"XBT", "ETC", "ETH", "LTC", "MLN", "REP", "XDG", "XLM", "XMR", "XRP", "ZEC"})
_MONEY = frozenset({"AUD", "CAD", "EUR", "GBP", "JPY", "USD"})
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
NAMELESS = "~"  # begins the client id that an order without one has here


def short(asset: str) -> str:
    """Return an asset's older short name."""
    return _SHORT.get(asset, asset)


def long(asset: str) -> str:
    """Return an asset's name in lists and balances."""
    word = short(asset)
    return ("X" if word in _COINS else "Z" if word in _MONEY else "") + word


@dataclass(frozen=True)
class Pair:
    """A symbol by its four names, and how many places its numbers have."""

    symbol: Symbol

    @property
    def id(self) -> str:
        """In the list of pairs and with trades; only pairs of two old assets have long names."""
        base, quote = long(self.symbol.base), long(self.symbol.quote)
        both_old = base != short(self.symbol.base) and quote != short(self.symbol.quote)
        return base + quote if both_old else self.altname

    @property
    def altname(self) -> str:
        """With orders."""
        return short(self.symbol.base) + short(self.symbol.quote)

    @property
    def wsname(self) -> str:
        """On the first websocket."""
        return f"{short(self.symbol.base)}/{short(self.symbol.quote)}"

    @property
    def v2name(self) -> str:
        """On the second websocket."""
        return f"{self.symbol.base}/{self.symbol.quote}"

    @property
    def names(self) -> tuple[str, str, str, str]:
        """All of them."""
        return self.id, self.altname, self.wsname, self.v2name

    @property
    def price_places(self) -> int:
        """Of a price."""
        return _places(self.symbol.tick)

    @property
    def qty_places(self) -> int:
        """Of a quantity."""
        return _places(self.symbol.step)


def _places(step: object) -> int:
    text = f"{step:f}".rstrip("0")
    return len(text.partition(".")[2])


def _coded(number: int, letter: str) -> str:
    digits = ""
    for _ in range(16):
        number, digit = divmod(number, 32)
        digits = _LETTERS[digit] + digits
    return f"{letter}{digits[:5]}-{digits[5:10]}-{digits[10:]}"


def txid(order: int) -> str:
    """Return the venue's number of an order."""
    return _coded(order, "O")


def exec_id(trade: int) -> str:
    """Return the venue's number of an execution."""
    return _coded(trade, "T")


def ledger_id(number: int) -> str:
    """Return the number of a line of the ledger."""
    return _coded(number, "L")


def decoded(name: str, letter: str) -> int | None:
    """Return what a name of ours was made of; None: it is none."""
    text = name.replace("-", "")
    if len(text) != 17 or text[0] != letter or any(one not in _LETTERS for one in text[1:]):
        return None
    number = 0
    for one in text[1:]:
        number = number * 32 + _LETTERS.index(one)
    return number

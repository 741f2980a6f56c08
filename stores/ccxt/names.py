"""Symbols of a venue and ids of instruments, both ways."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from atms.errors import did_you_mean
from atms.stores.base import NoSymbol


def check_listed(
    symbols: Sequence[str], listed: Collection[str], place: str, written: str = "BTC/USDT"
) -> None:
    """Raise `NoSymbol` unless a venue lists all of *symbols*; *written*: an example of them."""
    missing = tuple(symbol for symbol in symbols if symbol not in listed)
    if missing:
        told = ", ".join(
            f"no symbol {symbol!r}"
            + (did_you_mean(symbol, listed) or f"; symbols are written like {written}")
            for symbol in missing
        )
        raise NoSymbol(f"{place}: {told}", missing)


class Symbols:
    """A spot market's symbols: ``BTC/USDT`` as people write it, ``BTCUSDT`` as the venue does.

    Attributes:
        account: the first part of every id.
    """

    def __init__(self) -> None:
        self.account = ""
        self._symbols: dict[str, str] = {}  # the venue's -> ours
        self._assets: dict[str, tuple[str, str]] = {}

    def learn(self, raw: str, symbol: str, base: str, quote: str) -> None:
        """Remember a symbol and its two assets."""
        self._symbols[raw] = symbol
        self._assets[raw] = (base, quote)

    @property
    def all(self) -> tuple[str, ...]:
        """Return the venue's symbols that were named here."""
        return tuple(self._symbols)

    def guess(self, symbol: str) -> str:
        """Return the venue's way to write a symbol that was not read yet."""
        return symbol.replace("/", "")

    def id(self, raw: str) -> str:
        """Return the id of a venue's symbol; one that nobody named is called as the venue does."""
        return f"{self.account}:{self._symbols.get(raw, raw)}"

    def symbol(self, instrument: str) -> str:
        """Return the symbol of an id; a spot symbol has no colon."""
        return instrument.rpartition(":")[2]

    def raw(self, instrument: str) -> str:
        """Return the venue's symbol of an id, and remember how it is written here."""
        symbol = self.symbol(instrument)
        raw = self.guess(symbol)
        if "/" in symbol and raw not in self._symbols:
            base, quote = symbol.split("/", 1)
            self.learn(raw, symbol, base, quote)
        return raw

    def pair(self, raw: str) -> tuple[str, str] | None:
        """Return base and quote of a venue's symbol; None: it was never named here."""
        return self._assets.get(raw)

    def assets(self, raws: Iterable[str]) -> frozenset[str]:
        """Return the assets of symbols, as far as they are known."""
        return frozenset(asset for raw in raws for asset in self._assets.get(raw, ()))


class Contracts(Symbols):
    """A market of contracts: ``BTC/USDT:USDT`` as ccxt writes it, ``BTCUSDT`` as the venue does.

    What stands behind the colon is what profits are paid in; a date may follow: ``-261225``.
    """

    def guess(self, symbol: str) -> str:
        """Return the venue's way to write a symbol that was not read yet."""
        pair, _, rest = symbol.partition(":")
        _, dash, date = rest.partition("-")
        return pair.replace("/", "") + ("_" + date if dash else "")

    def symbol(self, instrument: str) -> str:
        """Return the symbol of an id; before the slash a colon can only end an account's name."""
        base, slash, rest = instrument.partition("/")
        return base.rpartition(":")[2] + slash + rest

    def raw(self, instrument: str) -> str:
        """Return the venue's symbol of an id, and remember how it is written here."""
        symbol = self.symbol(instrument)
        raw = self.guess(symbol)
        pair, colon, rest = symbol.partition(":")
        if colon and raw not in self._symbols:
            self.learn(raw, symbol, pair.partition("/")[0], rest.partition("-")[0])
        return raw

    def assets(self, raws: Iterable[str]) -> frozenset[str]:
        """Return what the profits of symbols are paid in, as far as they are known."""
        return frozenset(self._assets[raw][1] for raw in raws if raw in self._assets)

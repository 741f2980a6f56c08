"""OKX's swaps: how they are written, and what one contract is of the base currency.

The venue counts in contracts, here everything is in units of the base currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.names import Contracts
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.okx.past import call
from atms.stores.market import Instrument

KIND = "SWAP"
Row = Mapping[str, Any]


class Swaps(Contracts):
    """Symbols, ``BTC/USDT:USDT`` as ccxt writes it, ``BTC-USDT-SWAP`` as the venue does."""

    def __init__(self) -> None:
        super().__init__()
        self._sizes: dict[str, Decimal] = {}
        self._most: dict[str, Decimal] = {}  # units of a stop that becomes one order at the market

    def guess(self, symbol: str) -> str:
        """Return the venue's way to write a symbol that was not read yet."""
        return symbol.partition(":")[0].replace("/", "-") + f"-{KIND}"

    def id(self, raw: str) -> str:
        """Return the id of a swap; of one that nobody named as it would be written here."""
        if raw in self._symbols:
            return super().id(raw)
        base, _, quote = raw.removesuffix(f"-{KIND}").partition("-")
        return super().id(f"{base}/{quote}:{quote}")

    # ---- sizes ------------------------------------------------------------------------------
    @property
    def measured(self) -> bool:
        """Whether sizes of contracts are known."""
        return bool(self._sizes)

    def measure(self, row: Row) -> None:
        """Remember what one contract is, in base currency, and how large a stop may be."""
        raw = row["instId"]
        self._sizes[raw] = Decimal(row["ctVal"]) * Decimal(row.get("ctMult") or 1)
        most = self.most(row, "maxMktSz", "maxStopSz")
        if most is not None:
            self._most[raw] = most

    def most(self, row: Row, *fields: str) -> Decimal | None:
        """Return the smallest of some limits of a row, in units; None: it has none of them."""
        told = [self.units(row["instId"], row[one]) for one in fields if Decimal(row.get(one) or 0)]
        return min(told, default=None)

    def splits(self, raw: str, units: Decimal) -> bool:
        """Return whether a stop at the market would become several orders."""
        return raw in self._most and units > self._most[raw]

    def counts(self, raw: str) -> bool:
        """Return whether a swap is one of these: others are paid in coins, or are gone."""
        return raw in self._sizes

    def units(self, raw: str, contracts: str) -> Decimal:
        """Return units of the base currency of so many contracts; KeyError: of no known size."""
        return Decimal(contracts or 0) * self._sizes[raw]

    def contracts(self, raw: str, units: Decimal) -> Decimal:
        """Return so many units of the base currency in contracts; KeyError: of no known size."""
        return units / self._sizes[raw]


async def listed(ask: Ask, names: Swaps) -> dict[str, Row]:
    """Return symbol -> row, of every swap that is paid in its quote currency."""
    rows = (await ask(call("publicGetPublicInstruments", instType=KIND)))["data"]
    found = {}
    for row in rows:
        if row.get("ctType") != "linear" or not row.get("ctVal"):  # or it is not open yet
            continue
        names.measure(row)
        found[symbol_of(row)] = row
    return found


def symbol_of(row: Row) -> str:
    """Return ``BTC/USDT:USDT``."""
    return f"{row['uly'].replace('-', '/')}:{row['settleCcy']}"


def instrument_of(row: Row, names: Swaps) -> Instrument:
    """Return a swap, its quantities in base currency."""
    raw = row["instId"]
    base, _, quote = row["uly"].partition("-")
    return Instrument(
        id=names.id(raw), base=base, quote=quote, settle=row["settleCcy"],
        qty_step=names.units(raw, row["lotSz"]), min_qty=names.units(raw, row["minSz"]),
        max_qty=names.most(row, "maxLmtSz"),
        max_market_qty=names.most(row, "maxMktSz"),
        price_steps=((Decimal(0), Decimal(row["tickSz"])),), tradable=row["state"] == "live",
        cash="margin",
    )  # fmt: skip

"""Placing and cancelling at OKX: one order in a request, or several."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from atms.sandbox.okx.grounds import NAMELESS, OkxGrounds, client_id, far
from atms.sandbox.okx.private import Private
from atms.sandbox.okx.public import Given, needed
from atms.sandbox.okx.refusals import Refused
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.numbers import down
from atms.sandbox.venue.orders import Wish

Row = dict[str, Any]
TYPES = {
    "market": ("MARKET", "GTC"), "limit": ("LIMIT", "GTC"), "post_only": ("LIMIT_MAKER", "GTC"),
    "ioc": ("LIMIT", "IOC"), "fok": ("LIMIT", "FOK"),
}  # fmt: skip
_CLIENT = re.compile(r"[A-Za-z0-9]{1,32}")
_FROZEN = Decimal("1.05")  # what of its price a market order freezes until it is through


class Trading:
    """The endpoints that change something."""

    def __init__(self, venue: OkxGrounds, private: Private) -> None:
        self._venue = venue
        self._private = private

    def place(self, given: Given) -> Row:
        """Take one order; return its row.

        Raises:
            Refused: it is not taken.
        """
        self._venue.strike_order()
        market = self._venue.named(needed(given, "instId"))
        order = self._venue.exchange.place(self._wish(given, market))
        return self._row(client_id(order), far(order.id))

    def cancel(self, given: Given) -> Row:
        """Take one order back; return its row.

        Raises:
            Refused: it is not open.
        """
        market = self._venue.named(needed(given, "instId"))
        order = self._private.found(given, market.symbol.name)
        if order is None or not order.is_open:
            raise Refused("51400")
        self._venue.exchange.cancel(order)
        return self._row(client_id(order), far(order.id))

    def each(self, what: Callable[[Given], Row], wishes: list[Given]) -> tuple[str, list[Row]]:
        """Do several things, and return how many were done, by a code, with a row of each."""
        done = []
        for given in wishes:
            try:
                done.append(what(given))
            except Refused as refused:
                if not refused.of_row:
                    raise
                self._venue.truth.note("reject", code=refused.code, message=refused.text)
                mine = self._blank(what, given)
                done.append({**mine, "sCode": refused.code, "sMsg": refused.text})
        good = sum(row["sCode"] == "0" for row in done)
        return "0" if good == len(done) else "2" if good else "1", done

    def _blank(self, what: Callable[[Given], Row], given: Given) -> Row:
        """Return the row of an order that was not taken."""
        return self._row(str(given.get("clOrdId") or ""), str(given.get("ordId") or ""))

    def _row(self, client: str, number: str) -> Row:
        return {
            "clOrdId": client, "ordId": number, "tag": "", "ts": str(self._venue.clock.now()),
            "sCode": "0", "sMsg": "", "subCode": "",
        }  # fmt: skip

    def _wish(self, given: Given, market: Market) -> Wish:
        """Return an order in the shared words.

        Raises:
            Refused: a parameter is missing or wrong.
        """
        self._check(given)
        kind, tif = TYPES[given["ordType"]]
        size, step = number_of(given, "sz"), market.symbol.step
        by_quote = kind == "MARKET" and self._unit(given) == "quote_ccy"
        if kind == "MARKET" and not by_quote:
            size = self._affordable(given, market, size)
        if not by_quote and size < step:
            raise Refused("51020")
        number = self._venue.ids.rank()
        return Wish(
            symbol=market.symbol, side=given["side"].upper(), type=kind, tif=tif,
            client_id=str(given.get("clOrdId") or "") or f"{NAMELESS}{number}",
            qty=None if by_quote else size, quote_qty=size if by_quote else None,
            price=None if kind == "MARKET" else number_of(given, "px"),
        )  # fmt: skip

    def _check(self, given: Given) -> None:
        for name in ("tdMode", "side", "ordType", "sz"):
            needed(given, name)
        allowed = {
            "tdMode": self._modes(), "side": ("buy", "sell"), "ordType": tuple(TYPES),
            "tgtCcy": ("base_ccy", "quote_ccy", "", None),
        }  # fmt: skip
        for name, words in allowed.items():
            if given.get(name) not in words:
                raise Refused("51000", name)
        client = given.get("clOrdId")
        if client and not _CLIENT.fullmatch(str(client)):
            raise Refused("51000", "clOrdId")

    def _modes(self) -> tuple[str, ...]:
        """Return the margin modes that an order may have."""
        return ("cash",) if self._venue.config.account_level <= 2 else ("cross",)

    def _unit(self, given: Given) -> str:
        return given.get("tgtCcy") or ("quote_ccy" if given["side"] == "buy" else "base_ccy")

    def _affordable(self, given: Given, market: Market, size: Decimal) -> Decimal:
        """Return how much of a market order is carried out: without ``banAmend`` less than asked.

        Raises:
            Refused: it cannot be paid whole, and is not to be made smaller.
        """
        wallet, symbol = self._venue.desk.wallet, market.symbol
        if given["side"] == "sell":
            most = wallet.free[symbol.base]
        else:
            cost = market.ladder.cost(True, size) * _FROZEN
            free = wallet.free[symbol.quote]
            most = size if cost <= free else down(size * free / cost, symbol.step)
        if most >= size:
            return size
        if given.get("banAmend") in (True, "true") or most < symbol.step:
            raise Refused("51008")
        return most


def number_of(given: Given, name: str) -> Decimal:
    try:
        number = Decimal(needed(given, name))
    except InvalidOperation:
        raise Refused("51000", name) from None
    if not number.is_finite() or number <= 0:
        raise Refused("51000", name)
    return number

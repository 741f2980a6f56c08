"""Placing and cancelling at OKX's swaps: orders in contracts, and stops beside them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atms.sandbox.okx.grounds import NAMELESS, far
from atms.sandbox.okx.public import Given, needed
from atms.sandbox.okx.refusals import Refused
from atms.sandbox.okx.trading import TYPES, Row, Trading, number_of
from atms.sandbox.okxlinear import rows
from atms.sandbox.okxlinear.private import SwapPrivate
from atms.sandbox.okxlinear.venue import OkxLinearVenue
from atms.sandbox.venue.futures.orders import Ask, Conditional
from atms.sandbox.venue.market import Market

_YES = (True, "true")
_AT_MARKET = "-1"


class SwapTrading(Trading):
    """The endpoints that change something."""

    _venue: OkxLinearVenue
    _private: SwapPrivate

    # ---- stops ------------------------------------------------------------------------------
    def place_stop(self, given: Given) -> Row:
        """Take a stop; return its row.

        Raises:
            Refused: it is not taken.
        """
        venue = self._venue
        venue.strike_order()
        market = venue.named(needed(given, "instId"))
        ask, trigger = self._stopped(given, market)
        buys, last = ask.side == "BUY", market.last
        if last is not None and (last >= trigger if buys else last <= trigger):
            raise Refused("51278" if buys else "51280")
        name = str(given.get("algoClOrdId") or given.get("clOrdId") or "")
        if name and any(one.client_id == name for one in venue.desk.waiting()):
            raise Refused("51068", name)
        made = venue.stops.place(
            lambda number: Conditional(
                id=number, client_id=name, ask=ask, trigger=trigger, rises=buys,
                by_mark=given.get("slTriggerPxType") == "mark", time=venue.clock.now(),
                seen_from=venue.exchange.hidden_until,
            )
        )  # fmt: skip
        return _stop_row(far(made.id), name)

    def cancel_stop(self, given: Given) -> Row:
        """Take one stop back; return its row.

        Raises:
            Refused: it does not wait.
        """
        self._venue.named(needed(given, "instId"))
        one = self._private.named_stop(given)
        if one is None or not one.is_open:
            raise Refused("51400")
        self._venue.stops.cancel(one)
        return _stop_row(far(one.id), one.client_id)

    def set_leverage(self, given: Given) -> Row:
        """Set a symbol's leverage; return its row.

        Raises:
            Refused: no bracket goes so high.
        """
        market, lever = self._venue.named(needed(given, "instId")), number_of(given, "lever")
        if lever > self._venue.contract(market.symbol.name).most_leverage:
            raise Refused("59102")
        self._venue.account.leverage[market.symbol.name] = lever
        return rows.leverage_row(self._venue, market, "net") | {"sCode": "0"}

    # ---- inside -----------------------------------------------------------------------------
    def _blank(self, what: Callable[[Given], Row], given: Given) -> Row:
        if what in (self.place_stop, self.cancel_stop):
            return _stop_row(str(given.get("algoId") or ""), str(given.get("algoClOrdId") or ""))
        return super()._blank(what, given)

    def _modes(self) -> tuple[str, ...]:
        return ("cross", "isolated")

    def _wish(self, given: Given, market: Market) -> Ask:
        self._check(given)
        kind, tif = TYPES[given["ordType"]]
        price = None if kind == "MARKET" else number_of(given, "px")
        name = str(given.get("clOrdId") or "")
        return self._ask(given, market, kind, tif, price, name)

    def _stopped(self, given: Given, market: Market) -> tuple[Ask, Decimal]:
        """Return the order that a stop will make, and the price that it waits for."""
        if needed(given, "ordType") != "conditional":
            raise Refused("51000", "ordType")
        self._check({**given, "ordType": "market", "clOrdId": given.get("algoClOrdId")})
        at_market = needed(given, "slOrdPx") == _AT_MARKET
        price = None if at_market else number_of(given, "slOrdPx")
        kind = "MARKET" if at_market else "LIMIT"
        name = str(given.get("algoClOrdId") or "") if self._venue.config.keeps_id else ""
        return self._ask(given, market, kind, "GTC", price, name), number_of(given, "slTriggerPx")

    def _ask(
        self, given: Given, market: Market, kind: str, tif: str, price: Decimal | None, name: str
    ) -> Ask:
        if given.get("posSide") not in (None, "", "net"):
            raise Refused("51000", "posSide")
        symbol = market.symbol
        size = number_of(given, "sz") * self._venue.size_of(symbol)
        if size < symbol.step:
            raise Refused("51020")
        return Ask(
            symbol=symbol, side=given["side"].upper(), type=kind, tif=tif, qty=size, price=price,
            client_id=name or f"{NAMELESS}{self._venue.ids.rank()}",
            reduces=given.get("reduceOnly") in _YES,
        )  # fmt: skip


def _stop_row(number: str, client: str) -> dict[str, Any]:
    return {
        "algoId": number, "algoClOrdId": client, "clOrdId": "", "tag": "", "sCode": "0", "sMsg": "",
    }  # fmt: skip

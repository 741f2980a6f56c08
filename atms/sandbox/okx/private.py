"""What OKX answers the account: its mode, balances, orders, executions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from atms.sandbox.okx import rows
from atms.sandbox.okx.grounds import OkxGrounds, far, near
from atms.sandbox.okx.public import Given, limit, needed
from atms.sandbox.okx.refusals import Refused
from atms.sandbox.venue.intervals import DAY
from atms.sandbox.venue.keys import ApiKey
from atms.sandbox.venue.orders import Fill, Order

One = TypeVar("One")
_MOST = 100


class Private:
    """The endpoints that read the account."""

    def __init__(self, venue: OkxGrounds) -> None:
        self._venue = venue

    # ---- rows -------------------------------------------------------------------------------
    def order_row(self, order: Order) -> rows.Row:
        """Return an order."""
        return rows.order_row(self._venue, order)

    def fill_row(self, fill: Fill) -> rows.Row:
        """Return an execution."""
        return rows.fill_row(self._venue, fill)

    # ---- endpoints --------------------------------------------------------------------------
    def config(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /account/config."""
        return [rows.config_row(self._venue.config.account_level, key.may_withdraw)]

    def balance(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /account/balance: what there is something of."""
        wallet = self._venue.desk.wallet
        wanted = str(given.get("ccy") or "").split(",")
        there = [
            asset for asset in wallet.free
            if (wallet.free[asset] or wallet.locked[asset]) and wanted in ([""], [asset])
        ]  # fmt: skip
        return [rows.account_row(self._venue, there)]

    def currencies(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /asset/currencies."""
        return [
            {
                "ccy": asset, "name": asset, "chain": f"{asset}-{asset}", "canDep": True,
                "canWd": True, "canInternal": True, "minWd": "0", "maxWd": "1000", "wdTickSz": "8",
                "minFee": "0", "maxFee": "0", "mainNet": True,
            }
            for asset in self._venue.desk.wallet.free
        ]  # fmt: skip

    def order(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /trade/order."""
        market = self._venue.named(needed(given, "instId"))
        order = self.found(given, market.symbol.name)
        if order is None or not self._venue.visible(order):
            raise Refused("51603")
        return [self.order_row(order)]

    def found(self, given: Given, symbol: str) -> Order | None:
        """Return the order that is named, by the venue's number or by ours.

        Raises:
            Refused: it is not named.
        """
        if given.get("ordId"):
            return self._venue.desk.find(symbol, near(str(given["ordId"])), None)
        if given.get("clOrdId"):
            return self._venue.desk.find(symbol, None, str(given["clOrdId"]))
        raise Refused("51003")

    def pending(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /trade/orders-pending, the newest first."""
        return self._told(given, [one for one in self._orders(given) if one.is_open])

    def history(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /trade/orders-history, the newest first."""
        needed(given, "instType")
        return self._told(given, [one for one in self._orders(given) if not one.is_open])

    def fills(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /trade/fills: of three days, the newest first."""
        return self._fills(given, 3 * DAY)

    def old_fills(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /trade/fills-history: of three months, the newest first."""
        needed(given, "instType")
        return self._fills(given, 90 * DAY)

    def _fills(self, given: Given, reach: int) -> list[Any]:
        wanted = given.get("instId") or ""
        begin, end = int(given.get("begin") or 0), int(given.get("end") or 2**62)
        begin = max(begin, self._venue.clock.now() - reach)
        found = [
            fill for fill in self._venue.fills()
            if wanted in ("", self._venue.inst_of(fill.order.symbol))
            and begin <= fill.time <= end
            and given.get("ordId") in (None, "", far(fill.order.id))
        ]  # fmt: skip
        return [self.fill_row(fill) for fill in page_of(given, found, self._venue.bill_of)]

    def _orders(self, given: Given) -> list[Order]:
        wanted = given.get("instId") or ""
        if given.get("instType") not in (None, "", self._venue.kind):
            return []
        return [
            order for order in self._venue.desk.orders.values()
            if wanted in ("", self._venue.inst_of(order.symbol)) and self._venue.visible(order)
        ]  # fmt: skip

    def _told(self, given: Given, orders: list[Order]) -> list[Any]:
        page = page_of(given, orders[::-1], lambda order: order.id)
        return [self.order_row(order) for order in page]


def page_of(given: Given, every: list[One], number: Callable[[One], int]) -> list[One]:
    """Return a page of rows, the newest first: those before ``after``, or behind ``before``."""
    if given.get("after"):
        every = [one for one in every if number(one) < near(str(given["after"]))]
    if given.get("before"):
        every = [one for one in every if number(one) > near(str(given["before"]))]
    return every[: limit(given, _MOST, _MOST)]

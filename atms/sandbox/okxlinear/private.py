"""What OKX answers an account of swaps: positions, leverage, stops, bills."""

from __future__ import annotations

from typing import Any

from atms.sandbox.okx import rows as spot
from atms.sandbox.okx.grounds import near
from atms.sandbox.okx.private import Private, page_of
from atms.sandbox.okx.public import Given, needed
from atms.sandbox.okx.refusals import Refused
from atms.sandbox.okxlinear import rows
from atms.sandbox.okxlinear.venue import OkxLinearVenue
from atms.sandbox.venue.futures.desk import CashRow
from atms.sandbox.venue.futures.orders import Conditional
from atms.sandbox.venue.intervals import DAY
from atms.sandbox.venue.keys import ApiKey
from atms.sandbox.venue.orders import Fill, Order


class SwapPrivate(Private):
    """The endpoints that read the account."""

    _venue: OkxLinearVenue

    # ---- rows -------------------------------------------------------------------------------
    def order_row(self, order: Order) -> rows.Row:
        """Return an order."""
        return rows.order_row(self._venue, order)

    def fill_row(self, fill: Fill) -> rows.Row:
        """Return an execution."""
        return rows.fill_row(self._venue, fill)

    # ---- the account ------------------------------------------------------------------------
    def config(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /account/config."""
        mode = "long_short_mode" if self._venue.account.hedge else "net_mode"
        return [spot.config_row(self._venue.config.account_level, key.may_withdraw, mode)]

    def balance(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /account/balance: what there is something of."""
        wanted = str(given.get("ccy") or "").split(",")
        there = [
            asset for asset, units in self._venue.account.free.items()
            if units and wanted in ([""], [asset])
        ]  # fmt: skip
        return [rows.account_row(self._venue, there)]

    def positions(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /account/positions: those of something."""
        wanted = str(given.get("instId") or "").split(",")
        return [
            rows.position_row(self._venue, name) for name in self._venue.account.held()
            if wanted == [""] or self._venue.inst_of(self._venue.account.contracts[name]) in wanted
        ]  # fmt: skip

    def leverage(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /account/leverage-info."""
        needed(given, "mgnMode")
        market = self._venue.named(needed(given, "instId"))
        sides = ("long", "short") if self._venue.account.hedge else ("net",)
        return [rows.leverage_row(self._venue, market, side) for side in sides]

    # ---- bills ------------------------------------------------------------------------------
    def bills(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /account/bills: of seven days, the newest first."""
        return self._bills(given, 7 * DAY)

    def old_bills(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /account/bills-archive: of three months, the newest first."""
        return self._bills(given, 90 * DAY)

    def _bills(self, given: Given, reach: int) -> list[Any]:
        now = self._venue.clock.now()
        told = [
            row for row in reversed(self._venue.desk.cash)
            if row.time >= now - reach and (row.fill is None or row.fill.seen_from <= now)
        ]  # fmt: skip
        return [rows.bill_row(self._venue, row) for row in page_of(given, told, _number)]

    # ---- stops ------------------------------------------------------------------------------
    def stop(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /trade/order-algo."""
        one = self.named_stop(given)
        if one is None or one.seen_from > self._venue.clock.now():
            raise Refused("51603")
        return [rows.algo_row(self._venue, one)]

    def named_stop(self, given: Given) -> Conditional | None:
        """Return the stop that is named, by the venue's number or by ours.

        Raises:
            Refused: it is not named.
        """
        if given.get("algoId"):
            return self._venue.desk.conditional(near(str(given["algoId"])), None)
        if given.get("algoClOrdId"):
            return self._venue.desk.conditional(None, str(given["algoClOrdId"]))
        raise Refused("50014", "algoId")

    def waiting(self, given: Given, key: ApiKey) -> list[Any]:
        """GET /trade/orders-algo-pending, the newest first."""
        if "conditional" not in needed(given, "ordType").split(","):
            return []
        now, wanted = self._venue.clock.now(), given.get("instId") or ""
        found = [
            one for one in reversed(self._venue.desk.waiting())
            if one.seen_from <= now and wanted in ("", self._venue.inst_of(one.ask.symbol))
        ]  # fmt: skip
        page = page_of(given, found, lambda one: one.id)
        return [rows.algo_row(self._venue, one) for one in page]


def _number(row: CashRow) -> int:
    return row.id

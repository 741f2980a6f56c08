"""What OKX answers anybody of swaps: contracts, brackets of leverage, mark prices, funding."""

from __future__ import annotations

from typing import Any

from atms.sandbox.okx.grounds import plain
from atms.sandbox.okx.public import Given, Public, needed
from atms.sandbox.okxlinear import rows
from atms.sandbox.okxlinear.venue import OkxLinearVenue
from atms.sandbox.venue.market import Market


class SwapPublic(Public):
    """The endpoints that need no key."""

    _venue: OkxLinearVenue

    def instrument(self, market: Market) -> rows.Row:
        """Return what is traded."""
        return rows.swap_row(self._venue, market)

    def tiers(self, given: Given) -> list[Any]:
        """GET /public/position-tiers."""
        needed(given, "tdMode")
        market = self._venue.named(f"{needed(given, 'instFamily')}-{self._venue.kind}")
        return list(rows.tier_rows(self._venue, self._venue.contract(market.symbol.name)))

    def mark_price(self, given: Given) -> list[Any]:
        """GET /public/mark-price."""
        wanted = given.get("instId")
        return [
            mark_row(self._venue, market) for market in self._venue.markets.values()
            if wanted in (None, "", self._venue.inst_of(market.symbol))
        ]  # fmt: skip

    def funding_rate(self, given: Given) -> list[Any]:
        """GET /public/funding-rate."""
        market = self._venue.named(needed(given, "instId"))
        risk = self._venue.risk
        return [
            {
                "instType": self._venue.kind, "instId": self._venue.inst_of(market.symbol),
                "fundingRate": plain(risk.rate), "nextFundingRate": "", "method": "current_period",
                "fundingTime": str(risk.next_funding(market.symbol.name)), "nextFundingTime": "",
                "ts": str(self._venue.clock.now()),
            }
        ]  # fmt: skip


def mark_row(venue: OkxLinearVenue, market: Market) -> rows.Row:
    """Return a mark price."""
    return {
        "instType": venue.kind, "instId": venue.inst_of(market.symbol),
        "markPx": plain(venue.account.mark(market.symbol.name)), "ts": str(venue.clock.now()),
    }  # fmt: skip

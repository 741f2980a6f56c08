"""What OKX tells anybody of swaps beside what every kind of market has: mark prices."""

from __future__ import annotations

from atms.sandbox.okx.streams import Hub, MarketSession
from atms.sandbox.okxlinear.public import mark_row
from atms.sandbox.okxlinear.venue import OkxLinearVenue
from atms.sandbox.venue.market import Market, Trade

_MARK = "mark-price"


class SwapHub(Hub):
    """The public streams of swaps."""

    venue: OkxLinearVenue
    channels = {**Hub.channels, "public": (*Hub.channels["public"], _MARK)}

    def add(self, name: str, session: MarketSession) -> None:
        """Let a connection hear a stream, and tell it how things stand."""
        super().add(name, session)
        channel, _, inst_id = name.partition(":")
        if channel == _MARK:
            session.tell(name, [mark_row(self.venue, self.venue.named(inst_id))])

    def printed(self, market: Market, trade: Trade) -> None:
        """Tell of a print, and of the mark price after it."""
        super().printed(market, trade)
        name = f"{_MARK}:{self.venue.inst_of(market.symbol)}"
        self.tell(name, lambda: mark_row(self.venue, market))

"""An exchange of which ccxt alone knows how it is asked: instruments and bars, and no account.

ccxt's unified calls serve many, and say of none what became of a write that was not answered, which
names an order has, or how far back its log reaches. So no order goes through them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn

from atms.errors import VenueError
from atms.model import Timeframe
from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.claims import claims_of
from atms.stores.ccxt.names import check_listed
from atms.stores.ccxt.profile import Ask, Stream
from atms.stores.ccxt.profiles.plain import Plain
from atms.stores.ccxt.profiles.unexercised import markets
from atms.stores.ccxt.profiles.unexercised.no_account import NoAccount
from atms.stores.market import Bar, Instrument, Quote
from atms.stores.outcomes import Reason

LAG = timedelta(seconds=5)  # after its end a bar is taken to be final
_REASONS = {"RateLimitExceeded": Reason.RATE, "AuthenticationError": Reason.NO_PERMISSION}


class Unexercised(NoAccount, Plain):
    """The public side of one of ccxt's exchanges.

    Args:
        exchange: ccxt's id.

    Raises:
        UnknownName: ccxt knows none.
        MissingExtra: ccxt is not installed.
    """

    unified = True
    idle = 10.0
    demo = False
    options: Mapping[str, Any] = {}

    def __init__(self, exchange: str) -> None:
        self.exchange = self.place = exchange
        self.claims = claims_of(exchange)
        self.names = markets.Unified()
        bars = self.claims.can("bars")
        self.capabilities = Capabilities(
            keys=KeyRule(max_len=0, alphabet="", unique="none", kinds=frozenset(), lookup=False),
            kinds=frozenset(), tifs=frozenset(), read_lag=timedelta(0),
            outcome_bound=timedelta(0), log="window", bar_lag=LAG, bars_omit_empty=True,
            timeframes=markets.usable(self.claims.timeframes) if bars else frozenset(),
            exercised=False,
        )  # fmt: skip

    # ---- answers ----------------------------------------------------------------------------
    def complaint(
        self, status: int, headers: Mapping[str, str], body: str, parsed: Any
    ) -> Said | None:
        """Return nothing: ccxt judges."""
        return None

    def used(self, headers: Mapping[str, str]) -> Mapping[str, int]:
        """Return nothing: ccxt keeps the rate."""
        return {}

    def judge(self, said: Said) -> Reason | None:
        """Return what a refusal of a read is, by ccxt's own word."""
        return _REASONS.get(said.code, Reason.OTHER)

    # ---- the public side --------------------------------------------------------------------
    def time(self) -> Call | None:
        """Return the request for the venue's time, where ccxt has one."""
        return Call(method="fetch_time") if self.claims.can("its time") else None

    def read_time(self, reply: Any) -> datetime:
        """Return the venue's time."""
        return markets.moment(reply)

    async def instruments(
        self, ask: Ask, symbols: Sequence[str]
    ) -> tuple[tuple[Instrument, ...], tuple[Budget, ...]]:
        """Return what is traded; VenueError names what is unknown."""
        rows = await ask(Call(method="load_markets", args=(False,)))
        check_listed(symbols, rows, self.place)
        places = self.claims.decimal_places
        found = [
            markets.instrument_of(rows[symbol], self.names.id(symbol), decimal_places=places)
            for symbol in symbols
        ]
        return tuple(found), ()

    async def history(
        self, ask: Ask, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
    ) -> tuple[list[Bar], bool]:
        """Return bars from a start on, the oldest first, and whether there may be more.

        How many an exchange tells at once is not known, and so neither is whether its last bar is
        the newest one: it is asked for again, and is the newest if it then comes alone.
        """
        since = int(start.timestamp() * 1000)
        reply = await ask(Call(method="fetch_ohlcv", args=(raw, timeframe, since, None)))
        bars = markets.bars_of(reply, self.names.id(raw), timeframe, start)
        return (bars[:-1], True) if len(bars) > 1 else (bars, False)

    async def newest(self, ask: Ask, raw: str) -> datetime | None:
        """Return when the newest trade was; None: there is none."""
        reply = await ask(Call(method="fetch_trades", args=(raw, None, 1)))
        return max((markets.moment(row["timestamp"]) for row in reply), default=None)

    def bars(self, raw: str, timeframe: str) -> Stream:
        """Return the name of bars; VenueError: there are none of that length."""
        known = self.capabilities.timeframes
        if not known:
            raise VenueError(f"{self.place}: ccxt has no bars of it, and so none are here")
        if timeframe not in known:
            there = " ".join(sorted(known))
            raise VenueError(f"{self.place}: no bars of {timeframe}; there are: {there}")
        step = timedelta(seconds=Timeframe.parse(timeframe).seconds)
        return Stream(name=f"{raw} {timeframe}", read=lambda told, at: None, asked=step)

    def quotes(self, raw: str) -> Stream:
        """Refuse."""
        self._untried("best prices")

    def quote(self, raw: str) -> Call:
        """Refuse."""
        self._untried("best prices")

    def read_quote(self, reply: Any, at: datetime) -> Quote | None:
        """Refuse."""
        self._untried("best prices")

    def book(self, raw: str, depth: int) -> Stream:
        """Refuse."""
        self._untried("an order book")

    def prints(self, raw: str) -> Stream:
        """Refuse."""
        self._untried("public trades")

    def _untried(self, what: str) -> NoReturn:
        raise VenueError(f"{self.place}: not exercised: bars alone are read, and not {what}")

"""Request weights, order counts and bans, in windows of wall time (rest-api.md, Limits)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from atms.sandbox.binance.config import Limits
from atms.sandbox.binance.refusals import Refused
from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.orders import Order
from atms.sandbox.venue.throttle import Window
from atms.sandbox.venue.truth import Truth

_MINUTE = 60_000
_LONGEST_BAN = 3 * 86_400


class Span(NamedTuple):
    """A time that orders are counted in: its header, milliseconds, words, unit, how many."""

    header: str
    length: int
    words: str
    unit: str


A_DAY = Span("1D", 86_400_000, "1 DAY", "DAY")
A_MINUTE = Span("1M", _MINUTE, "1 MINUTE", "MINUTE")


@dataclass(slots=True)
class Address:
    """What one address has used."""

    weight: Window
    raw: Window
    beyond: int = 0
    bans: int = 0
    banned_until: int = 0


class Meter:
    """Counts requests of each address and orders of the account.

    Attributes:
        limits: the figures.
        longer: what ``orders_day`` counts: a day, or a minute where the venue does that.
    """

    def __init__(self, clock: Clock, limits: Limits, truth: Truth, longer: Span = A_DAY) -> None:
        self.limits = limits
        self.longer = longer
        self._clock = clock
        self._truth = truth
        self._addresses: dict[str, Address] = {}
        self.orders_10s = Window(10_000, limits.orders_10s)
        self.orders_day = Window(longer.length, limits.orders_day)

    def of(self, address: str) -> Address:
        """Return what *address* has used."""
        found = self._addresses.get(address)
        if found is None:
            weight = Window(_MINUTE, self.limits.weight)
            found = Address(weight, Window(5 * _MINUTE, self.limits.raw))
            self._addresses[address] = found
        return found

    def used(self, address: str) -> int:
        """Return the weight that *address* has used this minute."""
        return self.of(address).weight.at(self._clock.now())

    def charge(self, address: str, weight: int) -> None:
        """Count a request.

        Raises:
            Refused: 429 over the limit, 418 while the address is banned.
        """
        now = self._clock.now()
        own = self.of(address)
        if own.banned_until > now:
            raise self._banned(own, now)
        if own.weight.at(now) == 0:
            own.beyond = 0
        over = own.weight.add(now, weight) > self.limits.weight
        if not over and own.raw.add(now, 1) <= self.limits.raw:
            return
        own.beyond += 1
        if own.beyond > self.limits.patience:
            self.ban(address)
            raise self._banned(own, now)
        window = own.weight if over else own.raw
        raise Refused(
            -1003,
            f"Too much request weight used; current limit is {self.limits.weight} request weight "
            "per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.",
            status=429,
            retry_after=window.left(now),
        )

    def ban(self, address: str, seconds: int | None = None) -> None:
        """Ban *address*: twice as long as the last time, up to three days."""
        own = self.of(address)
        if seconds is None:
            seconds = min(_LONGEST_BAN, self.limits.ban * 2**own.bans)
            own.bans += 1
        own.beyond = 0
        own.banned_until = self._clock.now() + seconds * 1000
        self._truth.note("ban", address=address, seconds=seconds, until=own.banned_until)

    def _banned(self, own: Address, now: int) -> Refused:
        return Refused(
            -1003,
            f"Way too much request weight used; IP banned until {own.banned_until}. Please use "
            "WebSocket Streams for live updates to avoid bans.",
            status=418,
            retry_after=max(1, -(-(own.banned_until - now) // 1000)),
        )

    def is_banned(self, address: str) -> bool:
        """Return whether *address* is banned now."""
        return self.of(address).banned_until > self._clock.now()

    def count_orders(self, n: int, longer: int) -> None:
        """Count *n* new orders of the account, as so many in the longer window.

        Raises:
            Refused: 429, -1015.
        """
        now = self._clock.now()
        counted = (
            (self.orders_10s, n, "10 SECOND"), (self.orders_day, longer, self.longer.words),
        )  # fmt: skip
        for window, more, name in counted:
            if window.at(now) + more > window.limit:
                raise Refused(
                    -1015,
                    f"Too many new orders; current limit is {window.limit} orders per {name}.",
                    status=429,
                    retry_after=window.left(now),
                )
        for window, more, _ in counted:
            window.add(now, more)

    def uncount(self, order: Order) -> None:
        """Count an order that traded for the first time no more (faqs/order_count_decrement)."""
        if order.counted:
            order.counted = False
            now = self._clock.now()
            self.orders_10s.add(now, -1)
            self.orders_day.add(now, -1)

    def counts(self) -> tuple[int, int]:
        """Return the unfilled orders of these ten seconds and of this day."""
        now = self._clock.now()
        return self.orders_10s.at(now), self.orders_day.at(now)

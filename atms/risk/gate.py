"""The gate: limits, what an instrument stands at, an order -> a refusal, or none."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from atms.risk.asks import NOTHING, Ask, Exposure, Wanted
from atms.risk.limits import Limits, plain

Code = Literal[
    "MAX_ORDER_NOTIONAL", "MAX_POSITION", "MAX_ORDERS_PER_MINUTE", "MAX_REJECTS", "MAX_DAILY_LOSS",
    "NO_PRICE",
]  # fmt: skip

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why an order may not go.

    Attributes:
        code: which limit.
        why: in words, with the numbers.
        limit, value: the limit, and what it would have come to; None where there is no number.
    """

    code: Code
    why: str
    limit: Decimal | None = None
    value: Decimal | None = None

    @property
    def counts(self) -> bool:
        """Whether it is one of ``max_rejects``; what only repeats a standing stop is not."""
        return self.code not in ("MAX_REJECTS", "MAX_DAILY_LOSS")

    def __str__(self) -> str:
        return f"{self.code}: {self.why}"


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day's equity; kept over a restart, so that a crash forgives no loss.

    Attributes:
        date: of UTC.
        opening: the last equity before it; of the first day the first that was seen.
        latest: the last that was seen.
        stopped: whether the loss went beyond the limit; it holds for the rest of the day.
    """

    date: date
    opening: Decimal
    latest: Decimal
    stopped: bool = False


class Gate:
    """Decides; whoever sends tells it what became of the orders. It has no clock and no lock.

    An order that only reduces passes whatever was lost or refused, at any value. It may be refused
    for two reasons: it would turn the position, with what is open, beyond the limit on the other
    side; or too many orders are made, and it is no stop and no leg of a bracket.

    Args:
        limits: what holds.
        day: kept from an earlier process.

    Attributes:
        limits: the same.
        day: today's equity, to be kept; None before the first :meth:`mark`.
        halted: whether ``max_rejects`` was reached; until :meth:`reset`.
    """

    def __init__(self, limits: Limits, day: Day | None = None) -> None:
        self.limits = limits
        self.day = day
        self.halted = False
        self._in_a_row = 0
        self._passed: deque[datetime] = deque()

    # ---- what happened --------------------------------------------------------------------------

    def mark(self, at: datetime, equity: Decimal) -> None:
        """Note the account's equity at an aware time: whenever it is known anew."""
        today = at.astimezone(UTC).date()
        day = self.day or Day(date=today, opening=equity, latest=equity)
        if today > day.date:
            day = Day(date=today, opening=day.latest, latest=equity)
        limit = self.limits.max_daily_loss
        beyond = limit is not None and day.opening - equity > limit.of(day.opening)
        self.day = replace(day, latest=equity, stopped=day.stopped or beyond)

    def moved(self, amount: Decimal) -> None:
        """Note cash that was paid in, or below 0 out: it is no profit and no loss."""
        if self.day is not None:
            opening, latest = self.day.opening + amount, self.day.latest + amount
            self.day = replace(self.day, opening=opening, latest=latest)

    def passed(self, ask: Ask) -> None:
        """Note that an ask's orders were let through; before the next one is checked."""
        while self._passed and self._passed[0] <= ask.at - _MINUTE:
            self._passed.popleft()
        self._passed.extend([ask.at] * len(ask.orders))

    def accepted(self) -> None:
        """Note that the venue took an order, or filled one: the row of refusals ends."""
        self._in_a_row = 0

    def refused(self, refusal: Refusal | None = None) -> None:
        """Note a refusal, once for each ask: the gate's own, or None for the venue's."""
        if refusal is None or refusal.counts:
            self._in_a_row += 1
        most = self.limits.max_rejects
        self.halted = self.halted or (most is not None and self._in_a_row >= most)

    def reset(self) -> None:
        """Let entries through again after ``max_rejects``: the operator has looked."""
        self.halted = False
        self._in_a_row = 0

    # ---- may it go ------------------------------------------------------------------------------

    def check(self, ask: Ask, exposure: Exposure) -> Refusal | None:
        """Return why an ask may not go, or None; a group goes whole or not. Changes nothing.

        Args:
            ask: what is to be sent.
            exposure: its instrument, without it.
        """
        opens = ask.opens(exposure.position)
        opening = [order for order, new in zip(ask.orders, opens, strict=True) if new]
        return (
            self._stopped(ask, exposure, bool(opening))
            or self._worth(ask, opening)
            or self._position(ask, exposure, bool(opening))
            or self._rate(ask, exposure)
        )

    def _stopped(self, ask: Ask, exposure: Exposure, opens: bool) -> Refusal | None:
        day, loss, most = self.day, self.limits.max_daily_loss, self.limits.max_rejects
        # What is sold twice is no reducing any more; once more than what is held is let pass, for
        # the stop that still stands when a position is closed.
        if not (opens or _furthest(ask, exposure, opens).value > abs(exposure.position)):
            return None
        if self.halted and most is not None:
            why = f"{most} refusals in a row: nothing is opened until a restart"
            return Refusal(code="MAX_REJECTS", limit=Decimal(most), value=Decimal(most), why=why)
        late = day is not None and ask.at.astimezone(UTC).date() > day.date
        if loss is None or day is None or late or not day.stopped:
            return None
        limit, value = loss.of(day.opening), day.opening - day.latest
        why = (
            f"the day's loss went beyond {plain(limit)} and stands at {plain(value)}: until the "
            "next day, of UTC, orders may only reduce"
        )
        return Refusal(code="MAX_DAILY_LOSS", limit=limit, value=value, why=why)

    def _worth(self, ask: Ask, opening: list[Wanted]) -> Refusal | None:
        most = self.limits.max_order_notional
        if most is None:
            return None
        for order in opening:
            price = order.price(ask.last)
            if price is None:
                why = f"{ask.instrument} has no price yet, and max_order_notional is {plain(most)}"
                return Refusal(code="NO_PRICE", limit=most, why=why)
            value = abs(order.qty * price * ask.multiplier)
            if value > most:
                why = f"an order's value of {plain(value)} is above {plain(most)}"
                return Refusal(code="MAX_ORDER_NOTIONAL", limit=most, value=value, why=why)
        return None

    def _position(self, ask: Ask, exposure: Exposure, opens: bool) -> Refusal | None:
        most = self.limits.position(ask.instrument)
        if most is None:
            return None
        held = exposure.position
        bound = most if opens else max(most, abs(held))
        far = _furthest(ask, exposure, opens)
        if far.value <= bound:
            return None
        why = (
            f"{ask.instrument} could come to {plain(far.value)} {far.word}, above {plain(bound)}: "
            f"it is at {plain(held)}, and open orders add up to {plain(far.ordered)}"
        )
        return Refusal(code="MAX_POSITION", limit=bound, value=far.value, why=why)

    def _rate(self, ask: Ask, exposure: Exposure) -> Refusal | None:
        most = self.limits.max_orders_per_minute
        if most is None or ask.protects(exposure.position):
            return None
        edge = ask.at - _MINUTE
        old = next((number for number, at in enumerate(self._passed) if at > edge), None)
        value = (0 if old is None else len(self._passed) - old) + len(ask.orders)
        if value <= most:
            return None
        why = f"{value} orders within a minute are more than {most}"
        return Refusal(
            code="MAX_ORDERS_PER_MINUTE", limit=Decimal(most), value=Decimal(value), why=why
        )


class _Furthest(NamedTuple):
    """The worst that may become of a position: how far, of that by open orders, and where to."""

    value: Decimal
    ordered: Decimal
    word: str


def _furthest(ask: Ask, exposure: Exposure, opens: bool) -> _Furthest:
    """Return the worst of the sides that an ask moves the position to."""
    asked, sides = ask.working, [_Furthest(NOTHING, NOTHING, "")]
    working = [one for one in exposure.working if opens or not one.leaving]
    for side, word in ((1, "long"), (-1, "short")):
        if asked.reach(side) or asked.reduces(side):
            ordered = exposure.furthest(side, working) - side * exposure.position
            sides.append(_Furthest(exposure.furthest(side, [*working, asked]), ordered, word))
    return max(sides, key=lambda one: one.value)

"""The end of a run, by policy: leave what stands, cancel what is open, or close what is held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from atms.execution.core.events import Wish, WishCancel, Wishes
from atms.execution.driver.account import Account
from atms.stores.market import Instrument
from atms.stores.requests import Kind, Side, Ticket

Policy = Literal["leave", "cancel", "flatten"]
NOT_READY = (
    "{account}: it was not ready yet, so nothing was cancelled or closed; "
    "python -m atms stop does it"
)
_LOOK_EVERY = 0.05  # seconds
_ANSWERS = 5.0  # seconds that the venue has to answer what was sent, whatever the policy
_PAUSE = 1.0  # seconds before a closing order that brought nothing is made again
_TRIES = 3  # closing orders an instrument in a row that bring nothing: it is given up


async def wind_down(account: Account, policy: Policy, within: timedelta) -> tuple[str, ...]:
    """Do what *policy* says; return what is left of it when time is over, in words.

    What was sent just now is answered first, for a moment at most: a strategy may order in its
    ``stop()``. ``flatten`` cancels before it closes: an order that fills while its position is
    closed would open another, and where a protective order locks what is held a closing one would
    be refused. What reduces is taken back last, so that a position is bare as short as may be.
    """
    end = asyncio.get_running_loop().time() + within.total_seconds()
    down = _WindingDown(account, end)
    await down.settle()
    if policy == "leave":
        return ()
    await down.cancel()
    if policy == "flatten":
        await down.flatten()
    return down.left(policy)


def open_orders(account: Account) -> tuple[str, ...]:
    """Return the keys of the orders that may fill; what reduces comes last."""
    orders = [order for order in account.core.state.open_orders() if not order.over]
    orders.sort(key=lambda order: order.ticket.reduces)
    plans = [plan.key for plan in account.core.state.open_plans()]  # some stand nowhere but here
    return (*(order.key for order in orders), *plans)


def closing_wishes(account: Account) -> tuple[Wish, ...]:
    """Return the market orders that would close everything that is held and can be sold."""
    wishes: list[Wish] = []
    for name, bucket, held, instrument in _held(account):
        qty = _sellable(held, instrument)
        if not qty:
            continue
        side: Side = -1 if held > 0 else 1
        ticket = Ticket(
            key="", instrument=name, side=side, qty=qty, kind=Kind.MARKET, bucket=bucket,
            reduces=True,
        )  # fmt: skip
        wishes.append(Wish(tickets=(ticket,), tags=(-1 - len(wishes),), owner="winding down"))
    return tuple(wishes)


class _WindingDown:
    """One account's end."""

    def __init__(self, account: Account, end: float) -> None:
        self._account = account
        self._loop = asyncio.get_running_loop()
        self._end = end
        self._asked: set[str] = set()

    async def settle(self) -> None:
        """Wait until what was wished for is at the venue, or refused."""
        await self._until(self._is_settled, min(self._end, self._loop.time() + _ANSWERS))

    async def cancel(self) -> None:
        """Want every open order back, those too that come to light meanwhile."""

        def all_gone() -> bool:
            for key in open_orders(self._account):
                if key not in self._asked:
                    self._asked.add(key)
                    self._account.feed(WishCancel(key=key))
            return not open_orders(self._account)

        await self._until(all_gone, self._end)

    async def flatten(self) -> None:
        """Close what is held, again while an order has filled a part of it."""
        tries, before = 0, None
        while self._loop.time() < self._end and tries < _TRIES:
            wishes = closing_wishes(self._account)
            if not wishes:
                return
            held = [place[:3] for place in _held(self._account)]
            if held == before:  # nothing came of the last ones
                await asyncio.sleep(_PAUSE)
            tries, before = (tries + 1 if held == before else 1), held
            self._account.feed(Wishes(wishes=wishes))
            await asyncio.sleep(_LOOK_EVERY)
            await self._until(self._is_quiet, self._end)

    def left(self, policy: Policy) -> tuple[str, ...]:
        """Return what was not done, in words."""
        found = [f"order {key} is still open" for key in open_orders(self._account)]
        for name, _, held, instrument in _held(self._account) if policy == "flatten" else ():
            dust = "" if _sellable(held, instrument) else ", too few for an order"
            found.append(f"{held.normalize():f} of {name} are still held{dust}")
        return tuple(found)

    def _is_settled(self) -> bool:
        core = self._account.core
        return not core.owners and not any(one.unresolved for one in core.state.open_orders())

    def _is_quiet(self) -> bool:
        return self._is_settled() and not open_orders(self._account)

    async def _until(self, done: Callable[[], bool], end: float) -> None:
        while not done() and self._loop.time() < end:
            await asyncio.sleep(_LOOK_EVERY)


def _held(account: Account) -> list[tuple[str, str, Decimal, Instrument]]:
    """Return what is held of what is traded: instrument, bucket, units."""
    core = account.core
    found = []
    for (name, bucket), held in sorted(core.state.books.positions().items()):
        instrument = core.instruments.get(name)
        if instrument is not None and held.qty:
            found.append((name, bucket, held.qty, instrument))
    return found


def _sellable(held: Decimal, instrument: Instrument) -> Decimal:
    """Return the units of a position that an order can be made of; 0: it is dust."""
    qty = abs(held) // instrument.qty_step * instrument.qty_step
    return qty if qty >= instrument.min_qty else Decimal(0)

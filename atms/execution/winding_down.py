"""The end of a run, by policy: leave what stands, cancel what is open, or close what is held."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Literal

from atms.execution.account import Account
from atms.execution.events import Wish, WishCancel, Wishes
from atms.stores.requests import Kind, Side, Ticket

Policy = Literal["leave", "cancel", "flatten"]
_LOOK_EVERY = 0.05  # seconds


async def wind_down(account: Account, policy: Policy, within: timedelta) -> tuple[str, ...]:
    """Do what *policy* says; return what is left of it when time is over, in words.

    ``flatten`` cancels first: an order that fills while its position is closed would open another.
    Brackets' protective orders go last of all, with the position that they protect.
    """
    if policy == "leave":
        return ()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within.total_seconds()
    cancel_all(account)
    while open_orders(account) and loop.time() < deadline:
        await asyncio.sleep(_LOOK_EVERY)
    left = tuple(f"order {key} is still open" for key in open_orders(account))
    if policy == "cancel":
        return left
    wishes = closing_wishes(account)
    if wishes:
        account.feed(Wishes(wishes=wishes))
    while closing_wishes(account) and loop.time() < deadline:
        await asyncio.sleep(_LOOK_EVERY)
    return left + tuple(
        f"{ticket.qty:f} of {ticket.instrument} are still held"
        for wish in closing_wishes(account)
        for ticket in wish.tickets
    )


def cancel_all(account: Account) -> None:
    """Want every open order back."""
    for key in open_orders(account):
        account.feed(WishCancel(key=key))


def open_orders(account: Account) -> tuple[str, ...]:
    """Return the keys of the orders that may fill."""
    return tuple(order.key for order in account.core.state.open_orders() if not order.over)


def closing_wishes(account: Account) -> tuple[Wish, ...]:
    """Return the market orders that would close everything that is held and can be sold."""
    core = account.core
    wishes: list[Wish] = []
    for (name, bucket), held in sorted(core.state.books.positions().items()):
        instrument = core.instruments.get(name)
        if instrument is None or not held.qty:
            continue
        steps = (abs(held.qty) / instrument.qty_step).to_integral_value(ROUND_DOWN)
        qty = steps * instrument.qty_step
        if qty < max(instrument.min_qty, Decimal(0)) or not qty:
            continue  # dust: the venue takes no order for it
        side: Side = -1 if held.qty > 0 else 1
        ticket = Ticket(
            key="", instrument=name, side=side, qty=qty, kind=Kind.MARKET, bucket=bucket,
            reduces=True,
        )  # fmt: skip
        wishes.append(Wish(tickets=(ticket,), tags=(-1 - len(wishes),), owner="winding down"))
    return tuple(wishes)

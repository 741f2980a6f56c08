"""The account's balances: free, and locked for open orders."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import Lock
from atms.sandbox.venue.refusals import Refuse, Why


class Wallet:
    """Units of each asset.

    Args:
        refuse: makes the error of a reason.

    Attributes:
        free, locked: asset -> units.
        changed: assets that may have changed since the account was last told.
    """

    def __init__(
        self, balances: Mapping[str, Decimal], assets: tuple[str, ...], refuse: Refuse
    ) -> None:
        self._refuse = refuse
        self.free = dict.fromkeys(assets, ZERO) | dict(balances)
        self.locked = dict.fromkeys(self.free, ZERO)
        self.changed: dict[str, None] = {}

    def lock(self, asset: str, amount: Decimal, holders: int = 1) -> Lock:
        """Hold *amount* for an order, or for *holders* orders together.

        Raises:
            Exception: a dialect's; there is not enough of it.
        """
        if self.free[asset] < amount:
            raise self._refuse(Why.INSUFFICIENT)
        self.free[asset] -= amount
        self.locked[asset] += amount
        self.changed[asset] = None
        return Lock(asset, amount, holders)

    def release(self, lock: Lock) -> None:
        """Let one holder go; what is left is free when it was the last."""
        lock.holders -= 1
        if lock.holders <= 0:
            self.trim(lock, ZERO)

    def trim(self, lock: Lock, needed: Decimal) -> None:
        """Free what *lock* holds beyond *needed*."""
        surplus = lock.amount - needed
        if surplus <= 0:
            return
        lock.amount = needed
        self.locked[lock.asset] -= surplus
        self.free[lock.asset] += surplus
        self.changed[lock.asset] = None

    def can_pay(self, asset: str, amount: Decimal, lock: Lock | None) -> bool:
        """Return whether *amount* is there, in *lock* and free."""
        return self.free[asset] + (lock.amount if lock is not None else ZERO) >= amount

    def pay(self, asset: str, amount: Decimal, lock: Lock | None) -> None:
        """Take *amount*, from *lock* first."""
        held = min(amount, lock.amount) if lock is not None else ZERO
        if lock is not None:
            lock.amount -= held
        self.locked[asset] -= held
        self.free[asset] -= amount - held
        self.changed[asset] = None

    def receive(self, asset: str, amount: Decimal) -> None:
        """Add *amount* to what is free."""
        self.free[asset] = self.free.get(asset, ZERO) + amount
        self.locked.setdefault(asset, ZERO)
        self.changed[asset] = None

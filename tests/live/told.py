"""What one side of a trade tells: the venue's log, a journal, a ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

Fill = tuple[str, Decimal, Decimal, Decimal, str]  # order, quantity, price, fee, its asset


@dataclass
class Told:
    """What one side tells.

    Attributes:
        orders: our id -> whether it is open.
        ends: our id -> open, completed, canceled or expired, where that is told.
        fills: execution id -> the fill.
        balances: asset -> units; those of nothing are left out.
        positions: symbol -> units, where they are told; those of nothing are left out.
        doubted: orders of which it does not know whether they stand.
        rejected: orders that stood and were refused when their price came.
        planned: orders that stand here, and work by others at the venue.
        twice: what it tells more than once.
    """

    orders: dict[str, bool] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    balances: dict[str, Decimal] = field(default_factory=dict)
    positions: dict[str, Decimal] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    doubted: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)
    planned: set[str] = field(default_factory=set)

"""Orders that the strategy has not made in this process, tied together as those that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import backtrader as bt

from atms.execution.core.events import OpenOrder
from atms.stores.requests import Key

if TYPE_CHECKING:
    from atms.execution.broker.booking import Standing


class Ties:
    """Gives adopted orders their groups, parents and OCO orders again.

    Args:
        known: key -> an order that is known in this process.
    """

    def __init__(self, known: Mapping[Key, Standing]) -> None:
        self._known = known
        self._groups: dict[Key, int] = {}
        self._leaders: dict[Key, bt.Order] = {}

    def group_of(self, one: OpenOrder, order: bt.Order) -> int:
        """Return the number of the group that an order belongs to: one that no tag is."""
        first = self._known.get(one.group)
        if first is not None:
            return first.group
        return self._groups.setdefault(one.group, -order.ref) if one.group else -int(order.ref)

    def tie(self, one: OpenOrder, order: bt.Order) -> None:
        """Let an order know its parent, or the first of its OCO group; all of them are known."""
        if one.parent:
            parent = self._known.get(one.parent)
            order.p.parent = None if parent is None else parent.order
            return
        first = self._known.get(one.group)
        leader = first.order if first else self._leaders.setdefault(one.group or one.key, order)
        if leader is not order:
            order.p.oco = leader

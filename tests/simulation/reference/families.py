"""Orders that depend on one another: one-cancels-other groups, and brackets."""

from __future__ import annotations

from tests.simulation.reference.scenario import Make
from tests.simulation.reference.touching import Order


class Families:
    """Who cancels and activates whom; *queue* is the venue's list of accepted orders."""

    def __init__(self, queue: list[Order]) -> None:
        self.queue = queue
        self.members: dict[int, list[Order]] = {}  # by the parent's number
        self.group: dict[int, int] = {}  # an order's number -> its OCO leader's
        self.groups: dict[int, list[int]] = {}
        self.waking: list[Order] = []

    def group_up(self, ask: Make) -> None:
        """Register an order in its one-cancels-other group, its own if it names none."""
        leader = ask.number if ask.oco is None else self.group[ask.oco]
        self.group[ask.number] = leader
        self.groups.setdefault(leader, []).append(ask.number)

    def join(self, order: Order, ask: Make) -> list[Order]:
        """Register a new order; tell which orders are sent to the venue with it."""
        head = _head(order)
        if head != order.number and head not in self.members:
            order.status = "Rejected"
            return []
        family = self.members.setdefault(head, [])
        family.append(order)
        return list(family) if ask.transmit else []

    def has_place(self, order: Order) -> bool:
        """Tell whether a bracket's parent still stands when its child is looked at."""
        return _head(order) in self.members

    def activate(self) -> None:
        """Wake the children whose parents have filled since the last call."""
        for order in self.waking:
            order.active = True
        self.waking.clear()

    def leave(self, order: Order, status: str) -> None:
        """End an order that did not fill, with those that depend on it."""
        order.status = status
        self.oco_done(order)
        self._break_up(order)

    def filled(self, order: Order) -> None:
        """Follow a complete fill: a parent wakes its children, a child ends its sibling."""
        if _head(order) != order.number:
            self._break_up(order)
        elif order.number in self.members:
            family = self.members[order.number]
            family.remove(order)
            self.waking.extend(family)

    def oco_done(self, order: Order) -> None:
        """Cancel the others of the group: it is over at the first fill or end of any."""
        numbers = self.groups.pop(self.group.get(order.number, 0), [])
        for other in [o for o in self.queue if o.number in numbers and o is not order]:
            self.queue.remove(other)
            other.status = "Canceled"

    def _break_up(self, order: Order) -> None:
        for other in self.members.pop(_head(order), []):
            if other in self.queue and other is not order:
                self.queue.remove(other)
                other.status = "Canceled"
                self.oco_done(other)


def _head(order: Order) -> int:
    assert order.ask is not None
    return order.number if order.ask.parent is None else order.ask.parent

"""Whatever is asked for and whatever fills, in any order: the position stays inside its limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from atms.risk import Ask, Exposure, Gate, Limits, Loss, Wanted, Working
from tests.risk.asking import at

MOST = Decimal(3)
SIZES = st.sampled_from([Decimal(n) / 2 for n in (-8, -6, -4, -3, -2, -1, 1, 2, 3, 4, 6, 8)])
SHARES = st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(1), Decimal("0.25")])


@dataclass
class Group:
    """Open orders at a venue that hold together."""

    one_of: list[Decimal]
    then: list[Decimal] = field(default_factory=list)
    reducing: list[Decimal] = field(default_factory=list)  # legs of an entry, where there is one
    leaving: bool = False

    def working(self) -> Working:
        return Working(
            one_of=tuple(self.one_of), then=tuple(self.then), reducing=tuple(self.reducing),
            leaving=self.leaving,
        )  # fmt: skip

    def fill(self, which: int, share: Decimal, position: Decimal) -> Decimal:
        """Fill a part of one order, end those that it ends; return the quantity."""
        orders = self.one_of or self.then or self.reducing
        order = orders[which % len(orders)]
        rest = order - order * share
        filled = order * share
        if orders is self.reducing:
            there = abs(position) if position * order < 0 else Decimal(0)
            filled = min(max(filled, -there), there)
            rest = rest if filled == order * share else Decimal(0)
        orders[:] = [rest] if rest else []
        return filled


class Trading(RuleBasedStateMachine):
    """A venue that fills what it likes, behind a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate(Limits(max_position=MOST))
        self.position = Decimal(0)
        self.groups: list[Group] = []

    @rule(qty=SIZES, legs=st.lists(SIZES, max_size=2))
    def asks_for_an_order_or_a_bracket(self, qty: Decimal, legs: list[Decimal]) -> None:
        link = "bracket" if legs else "single"
        if self._passes([qty, *legs], link):
            self.groups.append(Group([qty], legs))

    @rule(qty=SIZES, legs=st.lists(SIZES, min_size=1, max_size=2))
    def asks_for_a_bracket_whose_legs_the_venue_holds_to_reducing(
        self, qty: Decimal, legs: list[Decimal]
    ) -> None:
        legs = [-abs(leg) if qty > 0 else abs(leg) for leg in legs]
        if self._passes([qty], "bracket", reducing=legs):
            self.groups.append(Group([qty], [], legs))

    @rule(sizes=st.lists(SIZES, min_size=1, max_size=2))
    def asks_for_orders_that_the_venue_holds_to_reducing(self, sizes: list[Decimal]) -> None:
        if self._passes([], "oco", reducing=sizes):
            self.groups.append(Group([], [], sizes))

    @rule(sizes=st.lists(SIZES, min_size=2, max_size=3))
    def asks_for_oco_orders(self, sizes: list[Decimal]) -> None:
        if self._passes(sizes, "oco"):
            self.groups.append(Group(sizes))

    @precondition(lambda self: any(map(_plain, self.groups)))
    @rule(qty=SIZES, which=st.integers(0, 9))
    def asks_for_one_more_of_an_oco_group(self, qty: Decimal, which: int) -> None:
        plain = [group for group in self.groups if _plain(group)]
        group = plain[which % len(plain)]
        others = [one for one in self.groups if one is not group]
        if self._passes([qty], "single", others, instead=Working(one_of=tuple(group.one_of))):
            group.one_of.append(qty)

    @precondition(lambda self: self.groups)
    @rule(group=st.integers(0, 9), which=st.integers(0, 9), share=SHARES)
    def the_venue_fills(self, group: int, which: int, share: Decimal) -> None:
        chosen = self.groups[group % len(self.groups)]
        self.position += chosen.fill(which, share, self.position)
        self.groups = [one for one in self.groups if one.one_of or one.then or one.reducing]

    @precondition(lambda self: self.groups)
    @rule(group=st.integers(0, 9), certain=st.booleans())
    def the_strategy_cancels(self, group: int, certain: bool) -> None:
        chosen = self.groups[group % len(self.groups)]
        chosen.leaving = True
        if certain:
            self.groups.remove(chosen)

    def _passes(
        self,
        sizes: list[Decimal],
        link: Any,
        groups: list[Group] | None = None,
        reducing: Sequence[Decimal] = (),
        **how: Any,
    ) -> bool:
        orders = (
            *(Wanted(qty=size) for size in sizes),
            *(Wanted(qty=size, reduces=True) for size in reducing),
        )
        ask = Ask(at=at(0), instrument="X", orders=orders, link=link, **how)
        if not any(ask.opens(self.position)):
            # It is let past orders that are leaving; that these fill all the same is not promised.
            self.groups = [group for group in self.groups if not group.leaving]
        working = (group.working() for group in (self.groups if groups is None else groups))
        exposure = Exposure(position=self.position, working=tuple(working))
        return self.gate.check(ask, exposure) is None

    @invariant()
    def the_position_is_inside_its_limit(self) -> None:
        assert abs(self.position) <= MOST


def _plain(group: Group) -> bool:
    return bool(group.one_of) and not group.then and not group.reducing


Trading.TestCase.settings = settings(
    max_examples=300, stateful_step_count=30, deadline=None, derandomize=True
)
TestTrading = Trading.TestCase


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    gaps=st.lists(st.integers(0, 30), min_size=1, max_size=60),
    most=st.integers(1, 5),
    legs=st.lists(st.integers(0, 2), min_size=60, max_size=60),
)
def test_no_sixty_seconds_hold_more_orders_than_the_limit(
    gaps: list[int], most: int, legs: list[int]
) -> None:
    gate, now, sent = Gate(Limits(max_orders_per_minute=most)), 0, []
    for gap, more in zip(gaps, legs, strict=False):
        now += gap
        orders = (Wanted(qty=Decimal(1)), *(Wanted(qty=Decimal(-1)) for _ in range(more)))
        ask = Ask(at=at(now), instrument="X", orders=orders, link="bracket")
        if gate.check(ask, Exposure()) is None:
            gate.passed(ask)
            sent += [now] * len(orders)
    assert all(sum(start <= one < start + 60 for one in sent) <= most for start in sent)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    sizes=st.lists(SIZES, max_size=30),
    position=SIZES,
    fills=st.lists(st.booleans(), min_size=30, max_size=30),
)
def test_beyond_the_days_loss_no_position_grows(
    sizes: list[Decimal], position: Decimal, fills: list[bool]
) -> None:
    gate = Gate(Limits(max_daily_loss=Loss(Decimal(1))))
    gate.mark(at(0), Decimal(100))
    gate.mark(at(0), Decimal(90))
    held, most, working = position, abs(position), []
    for size, fill in zip(sizes, fills, strict=False):
        groups = tuple(Working(one_of=(rest,)) for rest in working)
        ask = Ask(at=at(1), instrument="X", orders=(Wanted(qty=size),))
        if gate.check(ask, Exposure(position=held, working=groups)) is None:
            working.append(size)
        if fill and working:
            held += working.pop(0)
        assert abs(held) <= most

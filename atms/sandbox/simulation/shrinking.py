"""The shortest trial that is still wrong in the same way as one that was found.

Parts are left out one after the other: minutes, deaths, venues, strategies, faults, wishes. What
is left out changes everything that is drawn afterwards, so that a few other seeds are tried too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

from atms.execution.core.core import Core
from atms.sandbox.simulation.cases import Case, Tried, try_case
from atms.sandbox.simulation.plans import Plan
from atms.sandbox.simulation.process import MakeCore
from atms.sandbox.simulation.venue.faults import Faults

_OTHER_SEEDS = 3
_OFTEN = (0.3, 1.0)  # rates
_LEAST_MINUTES = 0.1
_SHORTER = (0.1, 0.3, 0.6, 0.85)
# What is left of a plan, part by part.
_PLAINER: tuple[tuple[str, Any], ...] = (
    ("outages", False), ("lasting", None), ("on_stop", "leave"), ("limits", None), ("symbols", 1),
)  # fmt: skip
_WRITTEN = ("profiles", "symbols", "strategies", "lasting", "on_stop", "outages")


class Shrinker:
    """Makes one case smaller.

    Args:
        make_core: another core, for mutants.
        most: trials that may be run.
        tell: takes a line at each step down.

    Attributes:
        tried: how many trials were run.
        kind: what stays wrong.
        best: the smallest that is.

    Raises:
        ValueError: nothing is wrong with the case.
    """

    def __init__(
        self,
        case: Case,
        make_core: MakeCore = Core,
        *,
        most: int = 400,
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._make_core = make_core
        self._most = most
        self._tell = tell
        self.tried = 1
        self.first = self.best = try_case(case, make_core)
        if not self.best.kinds:
            raise ValueError(f"seed {case.seed}: nothing is wrong with it: give one that fails")
        self.kind = self.best.kinds[0]
        self._any_seed(**_written_out(self.first))  # so that parts of it can be left out

    def shrink(self) -> Tried:
        """Leave out what can be, until nothing more can; return what is left."""
        while True:
            before = self.best.case
            self._shorten()
            self._let_live()
            self._simplify()
            self._calm_faults()
            self._leave_out_wishes()
            if self.best.case == before or self.tried >= self._most:
                return self.best

    # ---- parts ----------------------------------------------------------------------------------
    def _shorten(self) -> None:
        minutes = self.best.case.minutes
        for share in _SHORTER:
            shorter = round(minutes * share, 2)
            if shorter >= _LEAST_MINUTES and self._any_seed(minutes=shorter):
                return self._shorten()
        return None

    def _let_live(self) -> None:
        had = self.best.trial.kills if self.best.case.deaths is None else self.best.case.deaths
        for deaths in range(min(had, 3)):
            if self._holds(deaths=deaths):
                return

    def _simplify(self) -> None:
        if self.best.case.driver != "cerebro":
            return
        plan = dict(self.best.case.plan)
        wishes: Iterator[dict[str, Any]] = iter(
            [{name: value} for name, value in _PLAINER]
            + [{"profiles": plan["profiles"][:1]}]
            + [{"strategies": (kind,)} for kind in plan["strategies"]]
        )
        for change in wishes:
            self._any_seed(plan=tuple({**dict(self.best.case.plan), **change}.items()))

    def _calm_faults(self) -> None:
        """Leave faults out; one alone, that happens often, says more than many that seldom do."""
        on = _on(self.best.faults)
        if len(on) > 1 and any(
            self._any_seed(faults=Faults(**{name: rate})) for rate in _OFTEN for name in on
        ):
            return

        def without(names: Sequence[str]) -> bool:
            calmer = replace(self.best.faults, **dict.fromkeys(names, 0.0))
            return self._any_seed(faults=calmer)

        _leave_out(_on(self.best.faults), without)

    def _leave_out_wishes(self) -> None:
        def without(numbers: Sequence[int]) -> bool:
            left = self.best.case.without | {*numbers}
            return self._holds(shorter=True, without=left)

        had = [one for one in range(1, self.best.wishes + 1) if one not in self.best.case.without]
        _leave_out(had, without)

    # ---- trying ---------------------------------------------------------------------------------
    def _any_seed(self, **changed: Any) -> bool:
        """Return whether it is wrong in the same way with a change, here or at a seed nearby."""
        case = self.best.case
        if replace(case, **changed) == case:
            return False
        if self._holds(**changed):
            return True
        others = range(case.seed + 1, case.seed + 1 + _OTHER_SEEDS)
        return any(self._holds(seed=seed, without=frozenset(), **changed) for seed in others)

    def _holds(self, *, shorter: bool = False, **changed: Any) -> bool:
        """Return whether it is still wrong, and, where asked, with less that happens."""
        case = replace(self.best.case, **changed)
        if case == self.best.case or self.tried >= self._most:
            return False
        self.tried += 1
        ran = try_case(case, self._make_core)
        if self.kind not in ran.kinds or (shorter and ran.size >= self.best.size):
            return False
        self.best = ran
        self._tell(_size(ran))
        return True


def _leave_out(parts: Sequence[Any], without: Callable[[Sequence[Any]], bool]) -> None:
    """Leave out as many parts as can be: all, halves, quarters, down to single ones."""
    size = len(parts)
    while size:
        left, place = [*parts], 0
        while place < len(left):
            chunk = left[place : place + size]
            if without(chunk):
                del left[place : place + size]
            else:
                place += size
        parts, size = left, size // 2
    return


def _written_out(first: Tried) -> dict[str, Any]:
    """Return what a trial's seed has drawn of faults and plan, as parts of a case."""
    case = first.case
    if case.driver != "cerebro":
        return {"faults": first.faults}
    plan = replace(Plan.draw(f"{case.seed}/{case.profile}", case.profile), **dict(case.plan))
    kills = plan.kills if case.kills is None else case.kills
    given = tuple((name, getattr(plan, name)) for name in _WRITTEN)
    return {"faults": first.faults, "kills": kills, "plan": given}


def _on(faults: Faults) -> list[str]:
    return [each.name for each in fields(Faults) if getattr(faults, each.name)]


def _size(ran: Tried) -> str:
    faults = len(_on(ran.faults))
    return (
        f"{ran.case.minutes:g} minutes, {faults} faults, {ran.trial.kills} kills, "
        f"{ran.trial.orders} orders, {ran.size} lines"
    )


def told(shrinker: Shrinker) -> Iterator[str]:
    """Yield what was found, line by line: how small it is, what happens, and how to repeat it."""
    first, best = shrinker.first, shrinker.best
    yield f"shrunk in {shrinker.tried} trials, from {_size(first)}"
    yield f"  to {_size(best)}"
    yield from (f"  {line}" for line in best.lines)
    yield from (f"  {line}" for line in best.trial.found)
    yield f"  again: {best.case.command}"

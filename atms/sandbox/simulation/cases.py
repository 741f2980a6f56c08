"""A trial of which everything is given that a seed draws, so that parts of it can be left out."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, fields, replace
from typing import Any

from atms.execution.core.core import Core
from atms.execution.core.events import WishCancel, Wishes
from atms.sandbox.simulation import adversary, runs
from atms.sandbox.simulation.adversary import Trial
from atms.sandbox.simulation.lives import Life
from atms.sandbox.simulation.plans import Plan
from atms.sandbox.simulation.process import MakeCore
from atms.sandbox.simulation.strategies import STRATEGIES
from atms.sandbox.simulation.timeline import places_of, timeline
from atms.sandbox.simulation.venue.faults import Faults

_NAME = re.compile(r"\S*\d\S*|None")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One trial.

    Attributes:
        faults: None: as the seed draws them.
        kills: the rate of deaths in steps; None: as drawn.
        deaths: after so many the process lives on; cerebro knows none alone, 0.
        without: numbers of the wishes that nobody has; the driver core counts them, from 1.
        plan: parts of a :class:`Plan` in the place of drawn ones, for the driver cerebro.
    """

    seed: int
    profile: str
    driver: str
    minutes: float
    faults: Faults | None = None
    kills: float | None = None
    deaths: int | None = None
    without: frozenset[int] = frozenset()
    plan: tuple[tuple[str, Any], ...] = ()

    @property
    def command(self) -> str:
        """The command that repeats it."""
        return (
            f"python -m atms.sandbox.simulation {self.seed} --driver {self.driver} --profile "
            f"{self.profile} --minutes {self.minutes:g} --case {shlex.quote(self._given())}"
        )

    def _given(self) -> str:
        given: dict[str, Any] = {}
        if self.faults is not None:
            rates = {each.name: getattr(self.faults, each.name) for each in fields(Faults)}
            given["faults"] = {name: rate for name, rate in rates.items() if rate}
        for name in ("kills", "deaths"):
            if getattr(self, name) is not None:
                given[name] = getattr(self, name)
        if self.without:
            given["without"] = sorted(self.without)
        for name, value in self.plan:
            kinds = [kind.__name__ for kind in value] if name == "strategies" else None
            given[name] = kinds or value
        return json.dumps(given)

    def given(self, text: str) -> Case:
        """Return it with what a command has given.

        Raises:
            ValueError: the text is none that a command of ours has.
        """
        found = json.loads(text)
        known = {"faults", "kills", "deaths", "without", *_PARTS}
        if not isinstance(found, dict) or not set(found) <= known:
            raise ValueError(f"{text!r} is no JSON object of {', '.join(sorted(known))}")
        parts = {name: found[name] for name in _PARTS if name in found}
        if "strategies" in parts:
            parts["strategies"] = tuple(STRATEGIES[name] for name in parts["strategies"])
        if "profiles" in parts:
            parts["profiles"] = tuple(parts["profiles"])
        return replace(
            self, faults=Faults(**found["faults"]) if "faults" in found else None,
            kills=found.get("kills"), deaths=found.get("deaths"),
            without=frozenset(found.get("without", ())), plan=tuple(parts.items()),
        )  # fmt: skip


_PARTS = ("profiles", "symbols", "strategies", "lasting", "on_stop", "outages", "limits")


@dataclass
class Tried:
    """What came of a case.

    Attributes:
        kinds: of what was not true, each once, the first first.
        faults: those that were on.
        wishes: how many there were, those that were left out among them.
    """

    case: Case
    trial: Trial
    kinds: list[str]
    faults: Faults
    wishes: int
    world: Any

    @property
    def size(self) -> int:
        """How much happened: the lines of journals and of the venues' histories."""
        return sum(len(one.journal.lines) + len(one.venue.history) for one in places_of(self.world))

    @property
    def lines(self) -> list[str]:
        """Everything that happened, in the order of time."""
        return timeline(self.world)


def kind_of(line: str) -> str:
    """Return what is wrong, without the names and numbers of the trial that it is wrong in."""
    found = re.search(r"I\d+: ", line)
    code, rest = (found[0], line[found.end() :]) if found else ("", line)
    return code + _NAME.sub("…", rest)


def try_case(case: Case, make_core: MakeCore = Core) -> Tried:
    """Run a case; an error that ends it is what is wrong with it."""
    world: runs.World | _Reduced = (
        _whole(case, make_core) if case.driver == "cerebro" else _Reduced(case, make_core)
    )
    trial, faults = world.trial, world.plan.faults if isinstance(world, runs.World) else world.drawn
    try:
        world.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is to be found again
        trial.found.append(f"raised {type(error).__name__}: {error}")
    kinds = list(dict.fromkeys(map(kind_of, trial.found)))
    wishes = world.wished if isinstance(world, _Reduced) else 0
    return Tried(case, trial, kinds, faults, wishes, world)


def _whole(case: Case, make_core: MakeCore) -> runs.World:
    plan = replace(Plan.draw(f"{case.seed}/{case.profile}", case.profile), **dict(case.plan))
    if case.faults is not None:
        plan = replace(plan, faults=case.faults)
    if case.kills is not None:
        plan = replace(plan, kills=case.kills)
    if case.deaths is not None:
        plan = replace(plan, deaths=None, kills=plan.kills if case.deaths else 0.0)
    return runs.World(case.seed, case.profile, case.minutes, plan, make_core)


class _Reduced(adversary._World):
    """The driver core's world, in which some wishes are not had, and deaths are counted."""

    def __init__(self, case: Case, make_core: MakeCore) -> None:
        self._case = case
        self.wished = 0
        super().__init__(case.seed, case.profile, case.minutes, make_core, case.faults)
        self.drawn = self.venue.faults
        if case.kills is not None:
            self.kill_rate = case.kills
        if case.deaths == 0:
            self.kill_rate = 0.0

    def _be_born(self) -> Life:
        life = super()._be_born()
        feed = self.account.feed

        def heed(event: Any) -> None:
            if isinstance(event, Wishes | WishCancel):
                self.wished += 1
                if self.wished in self._case.without:
                    return
            feed(event)

        self.account.feed = heed  # type: ignore[method-assign]
        return life

    def _die(self) -> None:
        super()._die()
        if self._case.deaths is not None and len(self.lives) > self._case.deaths:
            self.kill_rate = 0.0

"""What goes wrong in one trial."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from datetime import timedelta

from atms.chaos.setting import Setting
from atms.config.live import DEFAULT_HISTORY
from atms.sandbox.simulation.plans import Plan
from atms.sandbox.simulation.venue.faults import HAPPENINGS, Faults

PER_BAR = 25.0  # seconds in which something happens: about what is left of a bar, however long
_FEWER = 0.4  # as trials are longer than the house's own, and each process reads its past anew
_FEW = 6  # kinds of faults in a trial: of more, nobody could tell which one it was


def draw_plan(setting: Setting, seed: int) -> Plan:
    """Draw faults and deaths; in seed 0 nothing goes wrong: it shows what is usual."""
    profile = setting.venues[0].profile.name
    drawn = Plan.draw(f"{seed}/chaos", profile)
    chance = random.Random(f"{seed}/chaos/faults")
    calm = seed == 0
    length = setting.length * PER_BAR
    return replace(
        drawn, profiles=tuple(venue.profile.name for venue in setting.venues), strategies=(),
        step=timedelta(seconds=setting.histories[setting.lead].timeframe.seconds),
        faults=Faults() if calm else _few(drawn.faults, chance, _known(setting)),
        kills=0.0 if calm else drawn.kills * _FEWER, rush=_rush(setting),
        deaths=None if calm or chance.random() < 0.4 else length / 5,
        lasting=None if calm or chance.random() < 0.6 else length / 3,
        on_stop=setting.config.execution.on_stop,
        outages=not calm and drawn.outages, limits=setting.limits, idle=5.0,
    )  # fmt: skip


def _rush(setting: Setting) -> float:
    """Return how much less often a pass kills where the bars of the past are many.

    A process dies among them as often as it does where there are as many as usual: else one whose
    minutes become hours would hardly ever come to its first live bar.
    """
    longest = max(map(setting.past, setting.histories))
    return min(1.0, DEFAULT_HISTORY / max(longest, 1))


def _known(setting: Setting) -> list[str]:
    """Return the names of the faults that there are at the venues: not every one is a chain."""
    profiles = [venue.profile for venue in setting.venues]
    names = [one.name for one in fields(Faults) if one.name not in HAPPENINGS]
    return [name for name in names if any(one.meets(name) for one in profiles)]


def _few(faults: Faults, chance: random.Random, known: list[str]) -> Faults:
    """Return some of the faults: those of the catalogue that are on, at most a few."""
    on = [name for name in known if getattr(faults, name)]
    chosen = chance.sample(on, min(len(on), chance.randint(1, _FEW)))
    return Faults(**{name: getattr(faults, name) for name in chosen})

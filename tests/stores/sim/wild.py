"""Scripts of orders of all kinds, at random, on stretches of the samples."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import pandas as pd

from tests.stores.sim.twins import Group, Script, Wish, sample

_KINDS = ("Market", "Limit", "Stop", "StopLimit", "StopTrail", "StopTrailLimit", "Close")


def random_script(seed: int, **world: Any) -> Script:
    """Return a script of orders of all kinds on a random stretch of a sample."""
    source = random.Random(seed)
    name, timeframe, most = source.choice(
        [("BTCUSD_1h.parquet", "1h", 19_000), ("SPY_1m.parquet", "1m", 13_000)]
    )
    frame = sample(name, source.randrange(most), 120)
    cash = world.setdefault("cash", source.choice([1_000_000.0, 3_000.0, 600.0]))
    # Where cash is short stock may take one order of an OCO group and refuse the other; the venue
    # takes a group whole or not at all.
    links = ("single", "bracket") if cash < 1e6 else ("single", "oco", "bracket")
    made = _Maker(source, frame, links)
    groups = {place: made.groups(place) for place in range(len(frame) - 1)}
    cancels: dict[int, list[int]] = defaultdict(list)
    for place, there in groups.items():
        for group in there:
            if source.random() < 0.15:
                when = place + source.randint(1, 12)
                cancels[when].append(source.choice(group.wishes).number)
    return Script(frame=frame, timeframe=timeframe, groups=groups, cancels=dict(cancels), **world)


class _Maker:
    """Makes groups at random, sized to their market."""

    def __init__(self, source: random.Random, frame: pd.DataFrame, links: tuple[str, ...]) -> None:
        self._source = source
        self._links = links
        self._typical = max(0.05, float(frame["high"].sub(frame["low"]).mean()))
        self._number = 0

    def groups(self, place: int) -> list[Group]:
        source = self._source
        return [self._group() for _ in range(source.choice((0, 0, 1, 1, 2)))]

    def _group(self) -> Group:
        source, side = self._source, self._source.choice((1, -1))
        link = source.choice(("single", "single", *self._links))
        if link == "single":
            return Group(wishes=(self._wish(side, source.choice(_KINDS)),))
        size = source.randint(1, 16) / 8
        above = self._typical * source.uniform(0.2, 2)
        if link == "oco":
            return Group(link=link, wishes=(
                self._wish(side, "Limit", size=size, away=-side * above),
                self._wish(side, source.choice(("Stop", "StopTrail")), size=size),
            ))  # fmt: skip
        valid = source.choice((None, 20))
        return Group(link=link, wishes=(
            self._wish(side, source.choice(("Market", "Limit", "Stop")), size=size),
            self._wish(-side, "Limit", size=size, away=side * above, valid=valid),
            self._wish(-side, source.choice(("Stop", "StopLimit", "StopTrail")), size=size),
        ))  # fmt: skip

    def _wish(self, side: int, kind: str, **given: Any) -> Wish:
        source, self._number = self._source, self._number + 1
        away = self._typical * source.uniform(-0.3, 1.5)
        told: dict[str, Any] = {"size": source.randint(1, 24) / 8, "away": 0.0}
        if kind in ("Limit", "Stop", "StopLimit"):
            told["away"] = -side * away if kind == "Limit" else side * away
            told["valid"] = source.choice((None, None, source.randint(1, 20)))
        if kind in ("StopLimit", "StopTrailLimit"):
            told["limit_away"] = -side * source.randint(-4, 8) * 0.25 * (1 if away > 5 else 0.125)
        if kind in ("StopTrail", "StopTrailLimit"):
            if kind == "StopTrail" and source.random() < 0.4:
                told["percent"] = source.choice((0.002, 0.005, 0.01))
            else:
                told["trail"] = max(1, round(self._typical * 8)) * 0.125 * source.choice((1, 2))
        return Wish(number=self._number, side=side, kind=kind, **{**told, **given})

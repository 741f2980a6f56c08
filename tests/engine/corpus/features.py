"""Which features a case has, and which there are: nothing that is promised may go undrawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.engine.corpus import actions, extras, feeds, indicators, pieces, running, strategies
from tests.engine.corpus.bars import STAMPS, WALKS
from tests.engine.corpus.cases import (
    ANALYZERS,
    COMMISSIONS,
    OBSERVERS,
    RARE_BROKER,
    RARE_SETTINGS,
    SIGNALS,
)
from tests.engine.corpus.own_indicators import INDICATORS as OWN
from tests.engine.corpus.shapes import Case, Commission, Feed, Node

# What happens in a run, and must in some: order kinds that end in each way, and errors.
HAPPENINGS = (
    *(f"did {name}" for name in actions.ACTIONS),
    *(f"{kind} Completed" for kind in ("Market", "Close", "Limit", "Stop", "StopLimit")),
    *(f"{kind} Completed" for kind in ("StopTrail", "StopTrailLimit", "Historical")),
    "Limit Canceled", "Stop Canceled", "StopTrail Canceled", "Limit Expired", "Stop Expired",
    "StopLimit Expired", "Market Margin", "Limit Margin", "Limit Rejected", "Limit Partial",
    "Market Partial", "trade opened", "trade closed", "timer rang", "data told", "store told",
    "raised ValueError", "raised RuntimeError", "raised ZeroDivisionError", "raised KeyError",
)  # fmt: skip


def features_of(case: Case) -> set[str]:
    """Return the names of what *case* has, each ``group: name``."""
    out = {f"setting: {key}={value!r}" for key, value in case.settings if key != "maxcpus"}
    out |= {f"feeds: {len(case.feeds)}", f"strategies: {len(case.actors)}"}
    for feed in case.feeds:
        out |= _of_feed(feed)
    out.add(f"broker: {case.broker.kind}")
    out |= _of_broker(case)
    for name, _ in case.sizers:
        out.add(f"sizer: {name}")
    out |= {f"observer: {_titled(one)}" for one in case.observers}
    out |= {f"analyzer: {_titled(one)}" for one in case.analyzers}
    out |= {f"signal: {kind}" for kind, _ in case.signals}
    out |= {f"timer: {name}" for name in case.timers}
    out |= {f"extra: {name}" for name in case.extras}
    out |= {f"writer: {name}" for name in case.writers}
    for group in ("optimise", "join"):
        if getattr(case, group):
            out.add(f"{group}: {getattr(case, group)}")
    if case.runs > 1:
        out.add("runs: 2")
    if not case.signals:
        out |= _of_actors(case)
    return out


def _of_actors(case: Case) -> set[str]:
    out: set[str] = set()
    for actor in case.actors:
        out |= {f"habit: {name}" for name in actor.habits}
        out.add(f"sizing: {actor.sizing}")
        for node in actor.indicators:
            out |= {f"indicator: {name}" for name in indicators.names_in(node) - {"data"}}
            if any(one.inputs for one in node.inputs):
                out.add("indicators: nested")
    return out


def _titled(pair: tuple[str, Any]) -> str:
    name, options = pair
    return " ".join([name, *(f"{key}={value}" for key, value in options)])


def _of_feed(feed: Feed) -> set[str]:
    out = {f"feed: {feed.kind}", f"walk: {feed.walk}", f"stamps: {feed.stamps}"}
    out.add(f"volume: {feed.volume}")
    if feed.variant:
        out.add(f"variant: {feed.kind} {feed.variant}")
    out |= {f"filter: {name}" for name in feed.filters}
    out |= {f"derived: {one.how}" for one in feed.derived}
    out |= {f"derived: {one.how} {key}" for one in feed.derived for key, _ in one.options}
    for name in ("session", "tz", "window", "hidden"):
        if getattr(feed, name):
            out.add(f"feed has: {name}")
    if feed.start:
        out.add("feed has: a later start")
    if feed.bars < 10:
        out.add("feed has: few bars")
    if feed.minutes == 0:
        out.add("feed has: seconds")
    if feed.minutes == 1440:
        out.add("feed has: days")
    return out


def _of_broker(case: Case) -> set[str]:
    broker = case.broker
    out: set[str] = set()
    for key, value in broker.options:
        if key == "costs":
            out |= {f"cost: {name}" for name in value}
        else:
            out.add(f"broker: {key}={value!r}" if key in _RARE_KEYS else f"broker: {key}")
    out |= {f"commission: {_scheme(one)}" for one in broker.commissions}
    if broker.filler:
        out.add(f"filler: {broker.filler}")
    if broker.history:
        out.add(f"history: {broker.history}")
    if broker.funds:
        out.add("history: funds")
    return out


_RARE_KEYS = {key for key, _, _ in RARE_BROKER}


def _scheme(one: Commission) -> str:
    return one.kind or " ".join(f"{key}={value}" for key, value in one.options)


def all_features() -> tuple[str, ...]:
    """Return every feature that there is to draw."""
    out = [f"feed: {name}" for name in feeds.MAKERS]
    out += [f"walk: {name}" for name in WALKS] + [f"stamps: {name}" for name in STAMPS]
    out += [f"filter: {name}" for name in feeds.FILTERS]
    out += [f"volume: {name}" for name in ("plain", "zero", "negative", "nan")]
    out += [f"setting: {key}={value!r}" for key, values, _ in RARE_SETTINGS for value in values]
    out += [f"broker: {key}={value!r}" for key, values, _ in RARE_BROKER for value in values]
    slippage = ("slip_perc", "slip_fixed", "slip_open", "slip_match", "slip_limit", "slip_out")
    out += [f"broker: {name}" for name in ("stock", "simulated", "user", *slippage)]
    out += [f"cost: {name}" for name in running.COSTS]
    out += [f"commission: {_scheme(one)}" for one in COMMISSIONS]
    out += [f"filler: {name}" for name in pieces.FILLERS]
    out += [f"sizer: {name}" for name in pieces.SIZERS]
    out += [f"history: {name}" for name in ("told", "silent", "funds")]
    out += [f"observer: {_titled(one)}" for one in OBSERVERS]
    out += [f"analyzer: {_titled(one)}" for one in ANALYZERS]
    out += [f"signal: {name}" for name in SIGNALS]
    out += [f"timer: {name}" for name in extras.TIMERS]
    out += [f"extra: {name}" for name in extras.EXTRAS]
    out += [f"writer: {name}" for name in extras.WRITERS]
    out += [f"habit: {name}" for name in strategies.ALL_HABITS]
    names = (*indicators.stock_names(), *indicators.OPERATIONS, *OWN)
    out += [f"indicator: {name}" for name in names]
    out += ["optimise: 2", "optimise: 3", "join: chain", "join: roll", "runs: 2"]
    out += ["derived: resample", "derived: replay", "feeds: 4", "strategies: 2"]
    out += ["strategies: 0", "feed has: few bars", "feed has: seconds", "indicators: nested"]
    out += [f"feed has: {name}" for name in ("session", "tz", "window", "hidden", "days")]
    return tuple(out)


def counted(cases: Iterable[Case]) -> Counter[str]:
    """Return how many of *cases* have each feature."""
    out: Counter[str] = Counter()
    for case in cases:
        out.update(features_of(case))
    return out


def nodes_of(case: Case) -> tuple[Node, ...]:
    """Return the indicators that *case* declares."""
    return tuple(node for actor in case.actors for node in actor.indicators)

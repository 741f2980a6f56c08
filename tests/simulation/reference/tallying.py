"""What a scenario and its outcome exercised, for the counts that the proof must reach."""

from __future__ import annotations

from collections import Counter

from tests.simulation.reference.scenario import (
    LIMIT,
    STOP,
    Fill,
    Make,
    Outcome,
    Scenario,
)

_OFTEN = (
    "spread", "slippage percent", "slippage fixed", "slippage ticks", "impact", "participation",
    "intrabar", "latency", "rules", "conversion", "leverage", "contract margin",
    "liquidation fee", "funding start", "funding end", "borrow", "interest", "maker", "taker",
    "expired", "one cancels other", "bracket", "stop through a gap", "limit bettered",
    "percent", "maker_taker", "per_share", "per_contract", "tiered",
)  # fmt: skip
_PLACES = ("liquidation open", "liquidation inside", "liquidation close")
LEAST = dict.fromkeys(_OFTEN, 100) | dict.fromkeys(_PLACES, 50)
"""The seeds in which each feature must have changed something."""


def fills_of_kinds(scenario: Scenario, outcome: Outcome) -> Counter[str]:
    """Count the fills of each kind of order."""
    made = [line for line in scenario.script if isinstance(line, Make)]
    filled = Counter[str]()
    for line in made:
        filled[line.kind] += len(outcome.fills[line.number])
    return filled


def features(scenario: Scenario, outcome: Outcome) -> set[str]:
    """Tell which features changed something: a cost that was paid, an order refused ..."""
    terms = scenario.settings
    fills = [fill for several in outcome.fills.values() for fill in several]
    charged = {kind for (_, kind, _), amount in outcome.charges.items() if amount}
    found = {
        "spread": any(fill.spread for fill in fills),
        "slippage percent": bool(terms.slip_percent) and any(fill.slippage for fill in fills),
        "slippage fixed": bool(terms.slip_fixed) and any(fill.slippage for fill in fills),
        "slippage ticks": bool(terms.slip_ticks) and any(fill.slippage for fill in fills),
        "impact": any(fill.impact for fill in fills),
        "participation": terms.participation is not None
        and any(len(several) > 1 for several in outcome.fills.values()),
        "intrabar": any(feed.finer for feed in scenario.feeds),
        "latency": bool(terms.latency),
        "rules": terms.reject and "Rejected" in outcome.statuses.values(),
        "conversion": terms.conversion != 1.0 and any(fill.fee for fill in fills),
        "leverage": terms.leverage > 1 and bool(fills),
        "contract margin": terms.per_contract is not None and bool(fills),
        "liquidation fee": "liquidation" in charged,
        "funding start": "funding" in charged and terms.funding == "start",
        "funding end": "funding" in charged and terms.funding == "end",
        "borrow": "borrow" in charged,
        "interest": "interest" in charged,
        "maker": any(fill.maker for fill in fills),
        "taker": any(not fill.maker for fill in fills),
        "expired": "Expired" in outcome.statuses.values(),
    }
    if terms.fee:
        found[terms.fee] = any(fill.fee for fill in fills)
    found |= dict.fromkeys(_liquidations(scenario, outcome), True)
    return {name for name, is_so in found.items() if is_so} | _orders(scenario, outcome)


def _liquidations(scenario: Scenario, outcome: Outcome) -> set[str]:
    rows = [row for feed in scenario.feeds for row in feed.rows]
    opens, closes = ({row[name] for row in rows} for name in ("open", "close"))
    found = set()
    for number, (fill,) in ((n, fills) for n, fills in outcome.fills.items() if n < 0):
        assert number
        place = "open" if fill.price in opens else "close" if fill.price in closes else "inside"
        found.add(f"liquidation {place}")
    return found


def _orders(scenario: Scenario, outcome: Outcome) -> set[str]:
    found = set()
    opens = {feed.name: dict(zip(feed.stamps, feed.rows, strict=True)) for feed in scenario.feeds}
    for line in scenario.script:
        if not isinstance(line, Make):
            continue
        fills = outcome.fills[line.number]
        if line.oco and outcome.statuses[line.number] == "Canceled" and outcome.fills[line.oco]:
            found.add("one cancels other")
        if line.parent and fills:
            found.add("bracket")
        if fills and _bettered(line, fills[0], opens[line.feed][fills[0].stamp]["open"]):
            found.add("limit bettered" if line.kind == LIMIT else "stop through a gap")
    return found


def _bettered(ask: Make, fill: Fill, start: float) -> bool:
    """Tell whether a limit, or a stop, filled at an open beyond its price."""
    return ask.kind in (LIMIT, STOP) and fill.reference == start != ask.price

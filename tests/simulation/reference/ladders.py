"""One list of fills under more and more costs: an account so rich that nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.simulation.reference.generating import scenario
from tests.simulation.reference.scenario import Feed, Row, Scenario

# Tiers are left out: a worse price is more value traded, and may reach a lower fee.
_FEES: tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...] = (  # kind, then dearer
    ("percent", (0.001,), (0.0012,)),
    ("maker_taker", (-0.0005, 0.001), (0.0, 0.001)),
    ("per_share", (0.01, 1.0, 0.005), (0.02, 1.5, 0.01)),
    ("per_contract", (0.4,), (0.5,)),
)


def ladder(seed: int) -> list[Scenario]:
    """Make scenarios of the same orders, each with the costs of the one before and one more."""
    bare = scenario(seed, costs=False)
    terms = replace(bare.settings, stock=False, cash=1e7, fee=None, terms=())
    bare = Scenario(tuple(_liquid(feed) for feed in bare.feeds), bare.script, terms)
    fee, cheap, dear = _FEES[seed % len(_FEES)]
    steps: tuple[dict[str, Any], ...] = (
        {}, {"half_spread": True}, {"slip_percent": 0.0005}, {"slip_percent": 0.002},
        {"impact": (1.0, 10)}, {"fee": fee, "terms": (cheap,)}, {"terms": (dear,)},
        {"borrow": 0.05}, {"debit": 0.1}, {"borrow": 0.1, "debit": 0.2},
    )  # fmt: skip
    rungs, options = [], dict[str, Any]()
    for step in steps:
        options |= step
        rungs.append(Scenario(bare.feeds, bare.script, replace(terms, **options)))
    return rungs


def _liquid(feed: Feed) -> Feed:
    def with_quotes(row: Row) -> Row:
        half = row["close"] * 0.0005
        quotes = {"bid": row["close"] - half, "ask": row["close"] + half}
        return {**row, **quotes, "volume": row["volume"] + 1}

    return replace(feed, rows=tuple(with_quotes(row) for row in feed.rows))

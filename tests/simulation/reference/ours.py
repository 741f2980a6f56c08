"""A scenario's settings as the simulated broker and its commission."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from atms.simulation import (
    Commission,
    Funding,
    Impact,
    Interest,
    MakerTaker,
    Margin,
    Percent,
    PerContract,
    PerShare,
    Rules,
    SimulatedBroker,
    Slippage,
    Tier,
    Tiered,
)
from tests.simulation.reference import cerebro
from tests.simulation.reference.scenario import Feed, Outcome, Scenario, Settings, Step


def run(scenario: Scenario) -> Outcome:
    """Run a scenario on the simulated broker."""
    return cerebro.run(scenario, broker(scenario), commission(scenario.settings))


def broker(scenario: Scenario) -> SimulatedBroker:
    """Make the broker of a scenario."""
    terms = scenario.settings
    options: dict[str, Any] = {"cash": terms.cash, "shortcash": not terms.margin_account}
    if terms.slip_percent or terms.slip_fixed or terms.slip_ticks or terms.half_spread:
        options["slippage"] = Slippage(
            percent=terms.slip_percent, fixed=terms.slip_fixed, ticks=terms.slip_ticks,
            tick=terms.tick, half_spread=terms.half_spread,
        )  # fmt: skip
    if terms.impact:
        options["impact"] = Impact(coefficient=terms.impact[0], window=terms.impact[1])
    if terms.participation is not None:
        options["participation"] = terms.participation
    if any(feed.finer for feed in scenario.feeds):
        options["intrabar"] = {f.name: _frame(f) for f in scenario.feeds if f.finer}
        options["latency"] = terms.latency
    if terms.reject:
        options["rules"] = {f.name: _rules(terms.rules[f.name]) for f in scenario.feeds}
    options |= _margin(terms)
    if terms.funding:
        options["funding"] = Funding(at=terms.funding)  # type: ignore[arg-type]
    if terms.credit or terms.debit:
        options["interest"] = Interest(credit=terms.credit, debit=terms.debit)
    return SimulatedBroker(borrow=terms.borrow, **options)


def commission(terms: Settings) -> Commission:
    """Make the commission info of a scenario."""
    rows = terms.terms
    schedule: Any = Percent(0.0)
    if terms.fee == "percent":
        schedule = Percent(rows[0][0])
    elif terms.fee == "maker_taker":
        schedule = MakerTaker(*rows[0])
    elif terms.fee == "per_contract":
        schedule = PerContract(rows[0][0])
    elif terms.fee == "per_share":
        each, minimum, maximum = rows[0]
        schedule = PerShare(each, minimum, maximum if maximum >= 0 else None)
    elif terms.fee == "tiered":
        schedule = Tiered(tuple(Tier(*row) for row in rows), days=terms.days)
    return Commission(
        schedule=schedule, conversion=terms.conversion, leverage=terms.leverage,
        mult=terms.multiplier, margin=terms.per_contract,
    )  # fmt: skip


def _margin(terms: Settings) -> dict[str, Margin]:
    if not (terms.margin_account or terms.maintenance_per_contract):
        return {}
    return {
        "margin": Margin(
            maintenance=terms.maintenance, liquidation_fee=terms.liquidation_fee,
            maintenance_per_contract=terms.maintenance_per_contract,
        )
    }  # fmt: skip


def _rules(step: Step) -> Rules:
    given = (step.tick, step.size, step.min_size, step.min_notional)
    tick, size, least, value = (None if text is None else Decimal(text) for text in given)
    return Rules(tick=tick, step=size, min_size=least, min_notional=value)


def _frame(feed: Feed) -> pd.DataFrame:
    index = pd.DatetimeIndex([stamp for stamp, _ in feed.finer], tz="UTC")
    return pd.DataFrame([row for _, row in feed.finer], index=index)

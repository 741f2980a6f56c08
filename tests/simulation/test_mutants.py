"""Faults put into the simulated broker, each of which the reference matcher must notice."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from atms.simulation import broker as broker_module
from atms.simulation import holding_costs, liquidating
from atms.simulation.broker import SimulatedBroker
from atms.simulation.commission import Commission
from atms.simulation.costs import Impact, Slippage
from atms.simulation.fees import MakerTaker, OrderTotals, PerShare
from atms.simulation.finer import FinerBars
from atms.simulation.matching import Match, Place
from atms.simulation.traded import Traded
from tests.simulation.reference import ours
from tests.simulation.reference.comparing import first_difference
from tests.simulation.reference.generating import scenario
from tests.simulation.reference.scenario import Outcome, Scenario
from tests.simulation.reference.venue import Venue

SEEDS = 200
Patch = Callable[[pytest.MonkeyPatch], None]


@cache
def expected(seed: int) -> tuple[Scenario, Outcome]:
    """Keep what the reference says of a seed: every mutant asks for it."""
    case = scenario(seed)
    return case, Venue(case).run()


def wrapped(owner: Any, name: str, change: Callable[..., Any]) -> Patch:
    """Make a mutant whose *change* is called with the original and its arguments."""
    original = getattr(owner, name)

    def mutate(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(owner, name, lambda *args, **kwargs: change(original, *args, **kwargs))

    return mutate


# ---- where an order fills -----------------------------------------------------------------------
def stop_price_through_the_gap(match: Any, kind: Any, buys: bool, price: float, *rest: Any) -> Any:
    found: Match = match(kind, buys, price, *rest)
    if kind.name == "STOP" and found.price is not None:
        return found._replace(price=price)
    return found


def limit_price_though_the_open_is_better(
    match: Any, kind: Any, buys: bool, price: float, *rest: Any
) -> Any:
    found: Match = match(kind, buys, price, *rest)
    if kind.name == "LIMIT" and found.price is not None:
        return found._replace(price=price)
    return found


def limit_inside_the_bar_as_taker(match: Any, *args: Any) -> Any:
    found: Match = match(*args)
    return found._replace(place=Place.STOP) if found.place is Place.LIMIT else found


def triggered_limit_forgotten(match: Any, *args: Any) -> Any:
    return match(*args)._replace(triggered=False)


def children_active_at_once(bracketize: Any, broker: Any, *args: Any, **kwargs: Any) -> None:
    bracketize(broker, *args, **kwargs)
    while broker._toactivate:
        broker._toactivate.popleft().activate()


# ---- what a fill costs --------------------------------------------------------------------------
def slippage_for_the_better_of_sales(
    worsened: Any, reference: float, buys: bool, *rest: Any
) -> Any:
    price, parts = worsened(reference, buys, *rest)
    return (price if buys else 2 * reference - price), parts


def limit_passed(worsened: Any, reference: float, buys: bool, parts: Any, limit: Any) -> Any:
    return worsened(reference, buys, parts, None)


def slippage_shrinks_before_impact(
    worsened: Any, reference: float, buys: bool, parts: Any, limit: Any
) -> Any:
    swapped = parts._replace(slippage=parts.impact, impact=parts.slippage)
    price, paid = worsened(reference, buys, swapped, limit)
    return price, paid._replace(slippage=paid.impact, impact=paid.slippage)


def sample_deviation(
    amount: Any, impact: Impact, reference: float, size: float, returns: Any, volume: float
) -> Any:
    count = len(returns)
    found = amount(impact, reference, size, returns, volume)
    return found and found * math.sqrt(count / (count - 1))


def percent_of_a_percent(amount: Any, slippage: Slippage, reference: float) -> float:
    return float(amount(replace(slippage, percent=slippage.percent / 100), reference))


def volume_given_to_each_order(
    fillable: Any, wanted: float, volume: float, share: float, used: float, step: Any
) -> float:
    return float(fillable(wanted, volume, share, 0.0, step))


def parts_off_the_step(
    fillable: Any, wanted: float, volume: float, share: float, used: float, step: Any
) -> float:
    return float(fillable(wanted, volume, share, used, None))


# ---- fees ---------------------------------------------------------------------------------------
def maker_pays_as_taker(fee: Any, schedule: MakerTaker, part: Any) -> float:
    return float(fee(schedule, part._replace(maker=not part.maker)))


def minimum_for_every_fill(fee: Any, schedule: PerShare, part: Any) -> float:
    return float(fee(schedule, part._replace(before=OrderTotals())))


# ---- margin, and what moves cash ----------------------------------------------------------------
def funding_to_the_payer(payment: Any, *args: Any) -> float:
    return -float(payment(*args))


def year_of_360_days(fee: Any, *args: Any) -> float:
    return float(fee(*args)) * 365 / 360


def interest_on_short_proceeds(
    amount: Any, interest: Any, cash: float, shorts: float, *rest: Any
) -> float:
    return float(amount(interest, cash, 0.0, *rest))


def liquidated_at_the_worst(price: Any, margin: Any, cash: float, held: Any) -> float:
    return -math.inf if held.size > 0 else math.inf


def liquidated_at_nothing(fails: Any, margin: Any, cash: float, positions: Any) -> bool:
    return bool(cash + math.fsum(held.worth(mark) for held, mark in positions) <= 0)


def own_prices_as_marks(mark: Any, data: Any, when: str) -> float:
    return float(getattr(data.lines, when)[0])


MUTANTS: dict[str, Patch] = {
    "a stop is filled through its gap at the stop price": wrapped(
        broker_module, "match", stop_price_through_the_gap
    ),
    "a limit that the open betters is filled at the limit": wrapped(
        broker_module, "match", limit_price_though_the_open_is_better
    ),
    "a resting limit pays as a taker": wrapped(
        broker_module, "match", limit_inside_the_bar_as_taker
    ),
    "a triggered stop-limit forgets it": wrapped(broker_module, "match", triggered_limit_forgotten),
    "a bracket's children are active on the bar of the parent": wrapped(
        SimulatedBroker, "_bracketize", children_active_at_once
    ),
    "one cancels no other": wrapped(SimulatedBroker, "_ococheck", lambda *_: None),
    "slippage is to the advantage of sales": wrapped(
        broker_module, "worsened", slippage_for_the_better_of_sales
    ),
    "a taker's limit is passed": wrapped(broker_module, "worsened", limit_passed),
    "slippage shrinks before impact": wrapped(
        broker_module, "worsened", slippage_shrinks_before_impact
    ),
    "the deviation divides by n - 1": wrapped(Impact, "amount", sample_deviation),
    "a percentage is divided by 100 once more": wrapped(Slippage, "amount", percent_of_a_percent),
    "each order has the share of volume for itself": wrapped(
        broker_module, "fillable", volume_given_to_each_order
    ),
    "a part is not rounded to the step": wrapped(broker_module, "fillable", parts_off_the_step),
    "maker and taker are exchanged": wrapped(MakerTaker, "fee", maker_pays_as_taker),
    "the minimum fee is charged for every fill": wrapped(PerShare, "fee", minimum_for_every_fill),
    "tiers count all that was ever traded": wrapped(
        Traded, "since", lambda since, traded, moment: since(traded, -math.inf)
    ),
    "conversion is left out": wrapped(Commission, "_conversion", lambda *_: 1.0),
    "finer bars before the latency's end count": wrapped(FinerBars, "began", lambda *_: True),
    "funding has the wrong sign": wrapped(holding_costs, "funding_payment", funding_to_the_payer),
    "borrow is for a year of 360 days": wrapped(holding_costs, "borrow_fee", year_of_360_days),
    "credit is paid on the proceeds of shorts": wrapped(
        holding_costs, "interest_amount", interest_on_short_proceeds
    ),
    "a liquidation inside the bar is at its worst price": wrapped(
        liquidating, "liquidation_price", liquidated_at_the_worst
    ),
    "a liquidation waits until equity is gone": wrapped(
        liquidating, "fails", liquidated_at_nothing
    ),
    "mark prices are not looked at": wrapped(liquidating, "mark", own_prices_as_marks),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_in_the_broker_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    for seed in range(SEEDS):
        case, outcome = expected(seed)
        if first_difference(outcome, ours.run(case)) is not None:
            return
    pytest.fail(f"{SEEDS} seeds agree with a broker in which {name}")

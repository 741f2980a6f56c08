"""Random settings: an account, costs that are on or off, and a fee schedule."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import numpy as np

from tests.simulation.reference.scenario import Settings, Step

FEES = ("percent", "maker_taker", "per_share", "per_contract", "tiered")
# (the name of a cost, the share of seeds that it is on in)
COSTS = {
    "slippage": 0.45, "half_spread": 0.25, "impact": 0.25, "participation": 0.3, "intrabar": 0.3,
    "latency": 0.5, "rules": 0.2, "funding": 0.3, "borrow": 0.3, "interest": 0.3,
    "liquidation_fee": 0.7, "conversion": 0.5, "fees": 0.85,
}  # fmt: skip


def settings(rng: np.random.Generator, *, costs: bool) -> Settings:
    """Draw an account, and costs if they are asked for."""
    end = time(int(rng.choice([12, 16, 21]))) if rng.random() < 0.5 else None
    cash = float(rng.choice([3_000.0, 10_000.0, 50_000.0]))
    terms = Settings(stock=not costs, session_end=end, cash=cash)
    terms = _account(rng, terms, costs)
    if not costs:
        rate = ((float(rng.choice([0.0, 0.001])),),)
        return replace(terms, fee="percent", terms=rate) if terms.per_contract is None else terms
    on = {name for name, share in COSTS.items() if rng.random() < share}
    terms = _trading(rng, terms, on)
    terms = _carrying(rng, terms, on)
    return _fee(rng, terms, on)


def _account(rng: np.random.Generator, terms: Settings, costs: bool) -> Settings:
    kind = rng.choice(["cash", "margin", "future"], p=[0.4, 0.4, 0.2])
    if kind == "cash":
        return terms
    watched = costs and rng.random() < 0.9
    if kind == "margin":
        leverage = float(rng.choice([2.0, 5.0, 10.0, 20.0]))
        share = float(rng.uniform(0.6, 0.98)) / leverage if watched else 0.0
        return replace(
            terms, margin_account=True, leverage=leverage, maintenance=share, cash=10_000.0
        )
    contract = float(rng.uniform(20, 150))
    amount = contract * float(rng.uniform(0.6, 0.98)) if watched else 0.0
    return replace(
        terms, per_contract=contract, multiplier=float(rng.choice([1.0, 5.0])),
        maintenance_per_contract=amount, cash=3_000.0,
    )  # fmt: skip


def _trading(rng: np.random.Generator, terms: Settings, on: set[str]) -> Settings:
    if "slippage" in on:
        kind = rng.integers(0, 3)
        terms = replace(
            terms, slip_percent=float(rng.uniform(0, 0.003)) if kind == 0 else 0.0,
            slip_fixed=float(rng.uniform(0, 0.3)) if kind == 1 else 0.0,
            slip_ticks=float(rng.integers(1, 4)) if kind == 2 else 0.0,
            tick=0.05 if kind == 2 else 0.0,
        )  # fmt: skip
    if "impact" in on:
        terms = replace(terms, impact=(float(rng.uniform(0.1, 2)), int(rng.integers(2, 15))))
    if "participation" in on:
        terms = replace(terms, participation=float(rng.choice([1 / 32, 1 / 16, 1 / 8])))
    if "latency" in on and "intrabar" in on:
        terms = replace(terms, latency=timedelta(minutes=int(rng.choice([1, 20, 90, 500]))))
    if "rules" in on:
        step = Step("0.1", str(rng.choice(["0.25", "1", "0.5"])), "2", "250")
        terms = replace(terms, rules={"A": step, "B": step}, reject=True)
    return replace(terms, half_spread="half_spread" in on)


def _carrying(rng: np.random.Generator, terms: Settings, on: set[str]) -> Settings:
    if "funding" in on:
        terms = replace(terms, funding=str(rng.choice(["start", "end"])))
    if "borrow" in on:
        terms = replace(terms, borrow=float(rng.uniform(0.01, 0.3)))
    if "interest" in on:
        terms = replace(
            terms, credit=float(rng.uniform(0, 0.05)), debit=float(rng.uniform(0.02, 0.2))
        )
    if "liquidation_fee" in on and (terms.maintenance or terms.maintenance_per_contract):
        terms = replace(terms, liquidation_fee=float(rng.uniform(0.001, 0.01)))
    return terms


def _fee(rng: np.random.Generator, terms: Settings, on: set[str]) -> Settings:
    if "fees" not in on:
        return terms
    kind = str(rng.choice(FEES))
    taker = float(rng.uniform(0.0002, 0.003))
    rebate = float(rng.uniform(-0.9, 0.9)) * taker
    rows: tuple[tuple[float, ...], ...] = {
        "percent": ((taker,),),
        "maker_taker": ((rebate, taker),),
        "per_share": ((0.05, 1.0, float(rng.choice([-1.0, 0.004]))),),
        "per_contract": ((float(rng.uniform(0.05, 1.5)),),),
        "tiered": ((0.0, taker, 2 * taker), (5e3, 0.8 * taker, taker), (2e4, 0.0, 0.5 * taker)),
    }[kind]
    terms = replace(terms, fee=kind, terms=rows, days=int(rng.choice([2, 3, 30])))
    if "conversion" in on and kind in ("per_share", "per_contract"):
        by_feed = kind == "per_contract" and rng.random() < 0.5
        terms = replace(terms, conversion="A" if by_feed else float(rng.uniform(0.5, 1.5)))
        if by_feed:
            terms = replace(terms, terms=((rows[0][0] / 100,),))
    return terms

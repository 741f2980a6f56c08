"""Random sessions under every fault: the truth stays true, and the log alone tells all of it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import fields
from decimal import Decimal

import pytest

from atms.sandbox.simulation.venue import PROFILES, Faults, Venue
from atms.sandbox.simulation.venue.faults import WRONG_BARS
from atms.sandbox.simulation.venue.records import Charged, Executed, Moved, Trespassed, Voided
from tests.stores.session import Session, some_faults

FAULTS = [one.name for one in fields(Faults)]
# Of bars, and of processes: there are none in a session.
BARS = WRONG_BARS | {"clock_set"}
ZERO = Decimal(0)


def check(venue: Venue) -> None:
    """Work the account out again from its records, in another way than the venue does."""
    assert [one.seq for one in venue.history] == list(range(1, len(venue.history) + 1))
    assert not any(isinstance(one, Trespassed) for one in venue.history)
    times = [one.at for one in venue.history]
    assert times == sorted(times)
    rows: dict[str, Executed] = {}
    cash = dict(venue.holdings.opening)
    for one in venue.history:
        if isinstance(one, Executed):
            rows[one.exec] = one
        elif isinstance(one, Voided):
            del rows[one.exec]
        elif isinstance(one, Charged):
            cash[one.fee.asset] = cash.get(one.fee.asset, ZERO) - one.fee.amount
        elif isinstance(one, Moved):
            cash[one.asset] = cash.get(one.asset, ZERO) + one.amount
    assert rows == venue.executions
    units: dict[str, Decimal] = {}
    for row in rows.values():
        listed = venue.instruments[row.instrument]
        units[row.instrument] = units.get(row.instrument, ZERO) + row.side * row.qty
        cash[listed.quote] = cash.get(listed.quote, ZERO) - row.side * row.qty * row.price
        if listed.cash == "exchange":
            cash[listed.base] = cash.get(listed.base, ZERO) + row.side * row.qty
        for fee in row.fees or ():
            cash[fee.asset] = cash.get(fee.asset, ZERO) - fee.amount
    for (name, _), position in venue.holdings.positions.items():
        if venue.instruments[name].cash == "margin":  # what was paid and is still held, is no loss
            cash[venue.instruments[name].settle] += position.cost
    for asset in {*cash, *venue.holdings.balances}:
        there = venue.holdings.balances.get(asset, ZERO)
        assert there == pytest.approx(cash.get(asset, ZERO), abs=Decimal("1e-15")), asset
    for name in venue.instruments:
        assert venue.holdings.qty(name) == units.get(name, ZERO)
    for order in venue.orders.values():
        if order.replaces is None and order.replaced_by is None:
            filled = sum((one.qty for one in rows.values() if one.order == order.id), ZERO)
            assert order.filled == filled
        assert not (order.open and order.left <= 0)


@pytest.mark.parametrize("name", PROFILES)
def test_under_random_faults_the_account_adds_up_and_the_log_tells_every_execution(
    name: str,
) -> None:
    filled = 0
    for seed in range(12):
        session = Session(name, seed, some_faults(seed))
        venue = session.play()
        check(venue)
        told = {
            one.exec: (one.version, one.qty, one.price) for one in session.reader.fills.values()
        }
        true = {one.exec: (one.version, one.qty, one.price) for one in venue.executions.values()}
        assert told == true, seed
        filled += len(true)
    assert filled > 30


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_happens_somewhere_and_the_account_still_adds_up(fault: str) -> None:
    hits = 0
    rates = {fault: 0.3, "reorg": 0.3} if fault == "lose_in_reorg" else {fault: 0.3}
    for name in PROFILES:
        venue = Session(name, 7, Faults(**rates)).play()
        check(venue)
        hits += venue.chance.hits[fault]
        assert set(venue.chance.hits) <= set(rates)
    assert hits > 0 or fault in BARS


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_that_is_no_share_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="drop_fact"):
        Faults(drop_fact=rate)


def trace(name: str, seed: int) -> str:
    """Return a hash of everything that happened in a session."""
    session = Session(name, seed, some_faults(seed))
    venue = session.play()
    outcomes = [type(one).__name__ for one in session.outcomes]  # facts hold sets
    text = repr((venue.history, outcomes, sorted(session.reader.fills)))
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("name", PROFILES)
def test_a_seed_gives_the_same_session_in_every_process(name: str) -> None:
    code = f"from tests.stores.test_sim_sessions import trace; print(trace({name!r}, 3))"
    seen = set()
    for hashing in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120,
            env={**os.environ, "PYTHONHASHSEED": hashing, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        seen.add(done.stdout)
    assert len(seen) == 1
    assert trace(name, 4) not in seen

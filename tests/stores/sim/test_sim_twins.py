"""Paper and backtest fill the same: price, size, bar and fee, whatever the order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from atms.simulation import (
    Commission,
    Impact,
    MakerTaker,
    Margin,
    PerContract,
    PerShare,
    Slippage,
    Tier,
    Tiered,
)
from tests.stores.sim.twins import (
    Group,
    Script,
    Wish,
    assert_same,
    backtest,
    on_paper,
    sample,
)
from tests.stores.sim.wild import random_script

WORLDS: dict[str, dict[str, Any]] = {
    "participation": {"broker": {"participation": 0.002}},
    "maker and taker": {
        "commission": lambda: Commission(schedule=MakerTaker(-0.0001, 0.0004)),
        "broker": {"slippage": Slippage(percent=0.0005), "participation": 0.01},
    },
    "impact": {
        "commission": lambda: Commission(schedule=PerShare(0.005, 1.0, 0.01)),
        "broker": {
            "slippage": Slippage(ticks=2, tick=0.01),
            "impact": Impact(coefficient=0.8, window=10),
        },
    },
    "tiers": {
        "commission": lambda: Commission(
            schedule=Tiered((Tier(0, 0.001, 0.002), Tier(20_000, 0.0005, 0.001)), days=1)
        )
    },
    "leverage": {
        "commission": lambda: Commission(schedule=MakerTaker(0.0001, 0.0004), leverage=5.0),
        "broker": {"shortcash": False, "margin": Margin()},
        "cash": 3_000.0,
    },
    "future": {
        "commission": lambda: Commission(schedule=PerContract(2.25), margin=500.0, mult=5.0),
        "broker": {"margin": Margin()},
        "cash": 3_000.0,
    },
}


@pytest.mark.parametrize("seed", range(60))
def test_random_orders_fill_as_in_a_backtest(seed: int) -> None:
    assert_same(random_script(seed))


@pytest.mark.parametrize("seed", range(100, 105))
@pytest.mark.parametrize("world", WORLDS)
def test_random_orders_cost_as_in_a_backtest(world: str, seed: int) -> None:
    assert_same(random_script(seed, **WORLDS[world]))


def day(groups: dict[int, list[Group]], **more: Any) -> Script:
    """Return a script on a recorded day of one-minute bars."""
    return Script(frame=sample("SPY_1m.parquet", 0, 900), timeframe="1m", groups=groups, **more)


SINGLES = {
    "market": Wish(number=1, side=1, size=5.0),
    "limit": Wish(number=1, side=-1, size=5.0, kind="Limit", away=0.2),
    "limit at the open": Wish(number=1, side=1, size=5.0, kind="Limit", away=0.5),
    "stop": Wish(number=1, side=1, size=5.0, kind="Stop", away=0.2),
    "stop-limit": Wish(number=1, side=1, size=5.0, kind="StopLimit", away=0.2, limit_away=0.125),
    "trailing": Wish(number=1, side=-1, size=5.0, kind="StopTrail", trail=0.25),
    "trailing by a share": Wish(number=1, side=-1, size=5.0, kind="StopTrail", percent=0.002),
    "trailing with a limit": Wish(
        number=1, side=-1, size=5.0, kind="StopTrailLimit", trail=0.25, limit_away=-0.125
    ),
    "on close": Wish(number=1, side=1, size=5.0, kind="Close"),
}


@pytest.mark.parametrize("kind", SINGLES)
def test_each_kind_fills_as_in_a_backtest(kind: str) -> None:
    run, _ = assert_same(day({200: [Group(wishes=(SINGLES[kind],))]}))
    assert len(run.fills[1]) == 1


def test_a_large_order_fills_in_parts_as_in_a_backtest() -> None:
    wish = replace(SINGLES["market"], size=700.0)
    run, _ = assert_same(day({200: [Group(wishes=(wish,))]}, broker={"participation": 0.0002}))
    assert len(run.fills[1]) > 3


def test_an_order_that_is_valid_for_a_while_expires_as_in_a_backtest() -> None:
    wish = replace(SINGLES["limit"], away=20.0, valid=10)
    run, trader = assert_same(day({200: [Group(wishes=(wish,))]}))
    assert run.ends == {1: "Expired"}
    assert trader.run.ends == {1: "EXPIRED"}


def test_one_of_an_oco_group_cancels_the_other_as_in_a_backtest() -> None:
    wishes = (
        Wish(number=1, side=1, size=5.0, kind="Limit", away=-0.2),
        Wish(number=2, side=1, size=5.0, kind="Stop", away=0.3),
    )
    run, _ = assert_same(day({200: [Group(wishes=wishes, link="oco")]}))
    assert sorted(run.ends.values()) == ["Canceled", "Completed"]


@pytest.mark.parametrize("entry", ["Market", "Limit"])
def test_a_bracket_plays_as_in_a_backtest(entry: str) -> None:
    wishes = (
        Wish(number=1, side=1, size=5.0, kind=entry, away=0.05),
        Wish(number=2, side=-1, size=5.0, kind="Limit", away=0.2),
        Wish(number=3, side=-1, size=5.0, kind="Stop", away=-0.3),
    )
    run, _ = assert_same(day({200: [Group(wishes=wishes, link="bracket")]}))
    assert sorted(run.ends.values()) == ["Canceled", "Completed", "Completed"]


def test_an_order_that_cannot_be_paid_when_it_fills_is_refused_as_in_a_backtest() -> None:
    first = Wish(number=1, side=1, size=5.0, kind="Stop", away=0.1)
    second = replace(first, number=2)
    script = day({200: [Group(wishes=(first,))], 201: [Group(wishes=(second,))]}, cash=900.0)
    run, trader = assert_same(script)
    assert run.ends == {1: "Completed", 2: "Margin"}
    assert trader.run.ends[2] == "REFUSED"


def test_what_cannot_be_paid_is_refused_at_once_where_a_backtest_says_margin() -> None:
    run, trader = assert_same(day({200: [Group(wishes=(SINGLES["market"],))]}, cash=500.0))
    assert run.ends == {1: "Margin"}
    assert [one.reason.name for one in trader.refused] == ["FUNDS"]


@pytest.mark.parametrize("latency", [0, 90, 60])
def test_latency_is_measured_on_the_finer_bars_as_in_a_backtest(latency: int) -> None:
    fine = sample("SPY_1m.parquet", 120, 240)
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    coarse = fine.resample("5min", label="right", closed="right").agg(rules).dropna()
    late = timedelta(seconds=latency)
    groups = {
        place: [Group(wishes=(replace(wish, number=100 * place + number, valid=None),))]
        for place in range(2, len(coarse) - 3, 4)
        for number, wish in enumerate(list(SINGLES.values())[:-1])
        if number == place // 4 % 8
    }
    script = Script(
        frame=coarse, timeframe="5m", groups=groups,
        broker={"intrabar": {"X": fine}, "latency": late},
    )  # fmt: skip
    at = {place: int(fine.index.get_loc(coarse.index[place])) for place in groups}
    finer = replace(
        script, frame=fine, timeframe="1m", broker={"latency": late},
        groups={at[place]: made for place, made in groups.items()},
    )  # fmt: skip
    expected, actual = backtest(script), on_paper(finer).run
    assert len(expected.fills) > 5
    for number in {*expected.fills, *actual.fills}:
        theirs = [(one.size, one.price, one.fee) for one in expected.fills[number]]
        assert [(one.size, one.price, one.fee) for one in actual.fills[number]] == theirs


@pytest.mark.parametrize("seed", range(200, 210))
def test_a_venue_that_is_started_again_all_the_time_fills_the_same(
    seed: int, tmp_path: Path
) -> None:
    world = WORLDS[sorted(WORLDS)[seed % len(WORLDS)]]
    script = random_script(seed, **world)
    whole = on_paper(script)
    broken = on_paper(script, tmp_path, [1 + seed % 4, 0] * 200)
    assert broken.run.fills == whole.run.fills
    assert broken.run.cash == whole.run.cash


@pytest.mark.parametrize("seed", range(220, 230))
def test_bars_that_were_missed_are_met_in_their_order(seed: int, tmp_path: Path) -> None:
    world = WORLDS[sorted(WORLDS)[seed % len(WORLDS)]]
    script = random_script(seed, **world)
    places = [place for place in range(120) if place % 10 < 6]
    script = replace(
        script,
        groups={place: script.groups.get(place, []) for place in places},
        cancels={place: script.cancels.get(place, []) for place in places},
    )
    made = {
        wish.number for groups in script.groups.values() for one in groups for wish in one.wishes
    }
    cancels = {at: [one for one in there if one in made] for at, there in script.cancels.items()}
    script = replace(script, cancels=cancels)
    whole = on_paper(script)
    broken = on_paper(script, tmp_path, [6, 4] * 20)
    assert broken.run.fills == whole.run.fills
    assert sum(map(len, whole.run.fills.values())) > 10

"""Pieces of different seeds together: a strategy, a broker and feeds that were not drawn as one."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atms.engine import Cerebro
from tests.engine.corpus.answers import check
from tests.engine.corpus.cases import draw
from tests.engine.corpus.describing import described

SEEDS = st.integers(0, 10**9)


@settings(
    max_examples=40, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(SEEDS, SEEDS, SEEDS, SEEDS, SEEDS)
def test_pieces_of_different_seeds_give_what_stock_gives(
    feeds: int, strategies: int, account: int, watched: int, how: int
) -> None:
    drawn = draw(watched)
    case = replace(
        drawn,
        feeds=draw(feeds).feeds,
        join="",  # made for the feeds of its own seed
        actors=draw(strategies).actors,
        broker=draw(account).broker,
        settings=draw(how).settings,
    )

    difference = check(case, Cerebro).difference

    assert difference is None, f"{difference}\n{described(case)}"

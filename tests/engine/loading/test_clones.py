"""A clone is loaded from its source as Backtrader walks it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import backtrader as bt
import pytest

from atms.engine.loading import Loading
from tests.engine.loading.same import bars, left, load


class Wider(bt.feeds.PandasData):
    lines = ("extra",)
    params = (("extra", 4),)


class Own(bt.feeds.PandasData):
    def advance(self, *args: Any, **kwargs: Any) -> None:
        self.moved = getattr(self, "moved", 0) + 1
        super().advance(*args, **kwargs)


def both(kind: Any, lookahead: int, order: int, **params: Any) -> list[Any]:
    """Load a source and its clone, by Backtrader and by ours; return our parts."""
    ways = []
    parts: list[Any] = []
    for ours in (False, True):
        source = kind(dataname=bars(), name="one", **params)
        clone = source.copyas("two") if order else source.clone()
        source._env = clone._env = bt.Cerebro()
        datas = [source, clone] if order else [source, clone, clone.clone()]
        datas[-1]._env = source._env
        loading = Loading()
        if ours:
            loading.begin(datas)
        errors = [repr(load(data, lookahead)) for data in datas]
        loading.end()
        parts = loading.parts
        ways.append((errors, [left(data) for data in datas]))
    assert ways[0] == ways[1]
    return parts


@pytest.mark.parametrize("lookahead", [0, 1, 2])
@pytest.mark.parametrize("order", [0, 1])
def test_a_clone_has_the_bits_of_its_source(lookahead: int, order: int) -> None:
    parts = both(bt.feeds.PandasData, lookahead, order)
    assert [part.fast for part in parts[:2]] == [True, True]
    assert all(not part.fast for part in parts[2:])  # a clone of a clone is walked


@pytest.mark.parametrize("lookahead", [0, 1, 2])
def test_a_clone_has_the_dates_of_its_source(lookahead: int) -> None:
    window = {"fromdate": datetime(2024, 1, 1, 5), "todate": datetime(2024, 1, 2)}
    parts = both(Wider, lookahead, 1, **window, tz="US/Eastern", tzinput="US/Eastern")
    assert [part.fast for part in parts] == [True, True]


def test_a_clone_of_a_feed_that_moves_in_its_own_way_is_walked() -> None:
    assert [part.fast for part in both(Own, 0, 1)] == [True, False]


def test_a_clone_that_comes_before_its_source_is_as_empty_as_in_backtrader() -> None:
    ways = []
    for ours in (False, True):
        source = bt.feeds.PandasData(dataname=bars())
        clone = source.clone()
        source._env = clone._env = bt.Cerebro()
        source._start()  # else a clone has nothing to copy its zone from
        loading = Loading()
        if ours:
            loading.begin([clone])
        ways.append((repr(load(clone)), left(clone), left(source)))
        loading.end()
    assert ways[0] == ways[1]

"""A feed has a class of ours from before the run until it is loaded, and no trace of it after."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Iterator
from typing import Any

import backtrader as bt
import pytest

from atms.engine.loading import Loading, fast_class
from atms.feeds.history import history_feed
from tests.engine.loading.same import bars, load


def data(**params: Any) -> Any:
    return bt.feeds.PandasData(dataname=bars(), **params)


def test_the_class_passes_for_the_feeds_own() -> None:
    feed = data()
    kind, part = fast_class(feed)
    assert part.fast
    assert kind is not None
    assert issubclass(kind, bt.feeds.PandasData)
    assert (kind.__name__, kind.__qualname__, kind.__module__) == (
        "PandasData", "PandasData", "backtrader.feeds.pandafeed",
    )  # fmt: skip
    assert (part.kind, part.name, part.why) == ("load", "PandasData", "")


def test_making_the_class_registers_nothing() -> None:
    known = dict(bt.feed.MetaAbstractDataBase._indcol)
    module = dict(vars(bt.feeds.pandafeed))
    fast_class(data())
    assert known == bt.feed.MetaAbstractDataBase._indcol
    assert module == vars(bt.feeds.pandafeed)


def test_two_feeds_of_a_class_share_the_loading_class() -> None:
    first, second = fast_class(data())[0], fast_class(data())[0]
    assert first is second


def test_the_class_is_let_go_when_no_feed_has_it() -> None:
    class Mine(bt.feeds.PandasData):
        pass

    kind = fast_class(Mine(dataname=bars()))[0]
    assert Mine.__subclasses__() == [kind]
    del kind
    gc.collect()
    assert Mine.__subclasses__() == []


def test_a_loaded_feed_has_its_own_class_and_pickles() -> None:
    feed = data()
    loading = Loading()
    loading.begin([feed])
    assert type(feed) is not bt.feeds.PandasData
    load(feed)
    assert type(feed) is bt.feeds.PandasData
    feed._env = None
    again = pickle.loads(pickle.dumps(feed))
    assert again.lines.close.array == feed.lines.close.array


def test_a_feed_that_was_not_loaded_gets_its_class_back_at_the_end() -> None:
    feed = data()
    before = sorted(vars(feed))
    loading = Loading()
    loading.begin([feed])
    loading.end()
    assert type(feed) is bt.feeds.PandasData
    assert sorted(vars(feed)) == before
    assert str(loading.parts[0]) == "stock load PandasData: read during the run"


def test_a_feed_may_be_loaded_by_hand_under_the_class_alone() -> None:
    feed = data()
    kind, _ = fast_class(feed)
    feed.__class__ = kind
    load(feed)
    assert type(feed) is bt.feeds.PandasData
    assert feed.buflen() == 50


def test_a_part_says_in_the_end_what_happened() -> None:
    feed = bt.feeds.PandasData(dataname=bars().assign(close="x"), name="bad")
    loading = Loading()
    loading.begin([feed])
    assert loading.parts[0].fast
    load(feed)
    assert str(loading.parts[0]) == "stock load bad: a column of str"


def test_our_own_feed_loads_itself() -> None:
    kind, part = fast_class(history_feed(bars(tz="UTC"), timeframe="1h"))
    assert kind is None
    assert not part.fast
    assert part.why == "it has its own preload"


@pytest.fixture
def patched() -> Iterator[None]:
    real = bt.feeds.PandasData._load
    bt.feeds.PandasData._load = lambda self: real(self)
    yield
    bt.feeds.PandasData._load = real


@pytest.mark.usefixtures("patched")
def test_a_method_of_backtraders_that_was_replaced_is_called() -> None:
    assert fast_class(data())[1].why == "row by row, by its own _load"

"""The garbage collector looks less often for the length of a run, and only for that."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from atms.engine.collecting import rare_collections, settling


@pytest.fixture(autouse=True)
def own_threshold() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_it_looks_less_often_and_afterwards_as_before() -> None:
    with rare_collections():
        assert gc.get_threshold() == (50_000, 10, 10)
    assert gc.get_threshold() == (700, 10, 10)


def test_one_within_another_ends_alone() -> None:
    with rare_collections():
        with rare_collections():
            pass
        assert gc.get_threshold() == (50_000, 10, 10)
    assert gc.get_threshold() == (700, 10, 10)


def test_what_was_set_meanwhile_stays() -> None:
    with rare_collections(), rare_collections():
        gc.set_threshold(5_000, 5, 5)
    assert gc.get_threshold() == (5_000, 5, 5)


def test_a_rarer_look_than_ours_is_left_alone() -> None:
    gc.set_threshold(90_000, 10, 10)
    with rare_collections():
        assert gc.get_threshold() == (90_000, 10, 10)


def test_a_collector_that_is_off_stays_off() -> None:
    gc.set_threshold(0, 10, 10)
    with rare_collections():
        assert gc.get_threshold()[0] == 0
    assert gc.get_threshold() == (0, 10, 10)


def test_it_looks_as_before_after_an_error() -> None:
    with pytest.raises(ValueError, match="of the run"), rare_collections():
        raise ValueError("of the run")
    assert gc.get_threshold() == (700, 10, 10)


class Node:
    def __init__(self) -> None:
        self.me = self


def test_what_is_there_when_a_run_settles_is_not_looked_through_until_it_is_over() -> None:
    with settling() as settle:
        old = Node()
        assert gc.get_freeze_count() == 0
        settle()
        assert any(one is old for one in gc.get_objects()) is False
        new = Node()
        assert any(one is new for one in gc.get_objects())
    assert any(one is old for one in gc.get_objects())
    assert gc.get_freeze_count() == 0


def test_what_was_frozen_before_stays_frozen() -> None:
    gc.freeze()
    try:
        with settling() as settle:
            settle()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()

"""The garbage collector looks less often for the length of a run, and only for that."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from atms.engine.collecting import rare_collections


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

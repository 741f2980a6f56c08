"""What a strategy wants to find again is there after a restart, or it is told why not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pytest

from atms.errors import OutputError, StrategyError
from atms.execution.disk.strategy_state import NAME, StateKeeper

FOLDER = Path("state/run")


class Keeps:
    """Has a plain attribute."""

    def __init__(self, **state: Any) -> None:
        self.strategy_state: Any = state


class Restores:
    """Is given its state by a method."""

    def __init__(self) -> None:
        self.days = 0

    @property
    def strategy_state(self) -> dict[str, Any]:
        return {"days": self.days}

    def restore_state(self, state: dict[str, Any]) -> None:
        self.days = state["days"]


class ReadOnly:
    """Takes no state back."""

    strategy_state = property(lambda self: {"days": 1})


class Without:
    """Has no state."""


def test_a_state_comes_back_as_it_was() -> None:
    state = {"days": 3, "stop": 0.1 + 0.2, "names": ["a", None], "deep": {"x": True}}
    assert StateKeeper(FOLDER).save([Keeps(**state)])
    again = Keeps()
    assert StateKeeper(FOLDER).restore([again]) == ("Keeps#0",)
    assert again.strategy_state == state


def test_a_strategy_with_a_method_for_it_is_given_its_state_by_that() -> None:
    first, again = Restores(), Restores()
    first.days = 7
    StateKeeper(FOLDER).save([first])
    StateKeeper(FOLDER).restore([again])
    assert again.days == 7


def test_two_strategies_of_a_class_keep_a_state_each() -> None:
    StateKeeper(FOLDER).save([Keeps(a=1), Without(), Keeps(a=2)])
    first, second = Keeps(), Keeps()
    StateKeeper(FOLDER).restore([first, Without(), second])
    assert (first.strategy_state, second.strategy_state) == ({"a": 1}, {"a": 2})


def test_a_real_strategy_keeps_its_state() -> None:
    class Mine(bt.Strategy):  # type: ignore[misc]
        def __init__(self) -> None:
            self.strategy_state = {"days": 0}

    def started() -> Any:
        cerebro = bt.Cerebro()
        cerebro.addstrategy(Mine)
        cerebro.adddata(bt.feeds.PandasData(dataname=_bars()))
        return cerebro.run()[0]

    mine = started()
    mine.strategy_state["days"] = 4
    StateKeeper(FOLDER).save([mine])
    again = started()
    StateKeeper(FOLDER).restore([again])
    assert again.strategy_state == {"days": 4}


def _bars() -> Any:
    import pandas as pd

    index = pd.date_range("2026-01-01", periods=3)
    return pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), 1.0), index=index)


def test_the_file_is_written_only_when_the_state_has_changed() -> None:
    keeper, strategy = StateKeeper(FOLDER), Keeps(days=1)
    assert [keeper.save([strategy]) for _ in range(3)] == [True, False, False]
    strategy.strategy_state["days"] = 2
    assert keeper.save([strategy])


def test_who_reads_while_it_is_written_has_the_old_state_whole() -> None:
    keeper = StateKeeper(FOLDER)
    keeper.save([Keeps(days=1)])
    with (FOLDER / NAME).open() as reader:
        keeper.save([Keeps(days=2)])
        assert json.load(reader) == {"Keeps#0": {"days": 1}}


def test_a_restored_state_is_not_written_again() -> None:
    StateKeeper(FOLDER).save([Keeps(days=1)])
    keeper, again = StateKeeper(FOLDER), Keeps()
    keeper.restore([again])
    assert not keeper.save([again])


def test_a_state_of_a_strategy_that_is_left_out_for_a_run_stays() -> None:
    StateKeeper(FOLDER).save([Keeps(days=1)])
    keeper = StateKeeper(FOLDER)
    assert keeper.restore([Restores()]) == ()
    keeper.save([Restores()])
    back = Keeps()
    StateKeeper(FOLDER).restore([back])
    assert back.strategy_state == {"days": 1}


def test_nothing_to_keep_makes_no_file() -> None:
    keeper = StateKeeper(FOLDER)
    assert keeper.restore([Without()]) == ()
    assert not keeper.save([Without()])
    assert not FOLDER.exists()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"good": 1, "bad": {1, 2}}, r"strategy_state\['bad'\] cannot be kept"),
        ({"nan": float("nan")}, r"\['nan'\] cannot be kept"),
        ({"array": np.zeros(2)}, r"\['array'\] cannot be kept"),
        ({"pair": (1, 2)}, r"\['pair'\] would not come back as it is"),
        ({"deep": {1: "a"}}, r"\['deep'\] would not come back as it is"),
        ({5: "a"}, "has the key 5; make it a text"),
        ([1], "is a list; make it a dict"),
    ],
)
def test_a_state_that_cannot_be_kept_is_told_by_its_key(state: Any, words: str) -> None:
    strategy = Keeps()
    strategy.strategy_state = state
    with pytest.raises(StrategyError, match=words):
        StateKeeper(FOLDER).save([strategy])
    assert not FOLDER.exists()


def test_a_state_that_is_too_big_is_refused_with_its_size() -> None:
    with pytest.raises(StrategyError, match=r"has 70,0\d\d bytes as JSON, and may have 65,536"):
        StateKeeper(FOLDER).save([Keeps(history="x" * 70_000)])


def test_a_strategy_that_takes_no_state_back_is_told_the_way_out() -> None:
    StateKeeper(FOLDER).save([ReadOnly()])
    with pytest.raises(StrategyError, match="give the property a setter"):
        StateKeeper(FOLDER).restore([ReadOnly()])


def test_an_error_inside_a_property_is_not_taken_for_no_state() -> None:
    class Broken:
        @property
        def strategy_state(self) -> Any:
            return self.forgotten  # type: ignore[attr-defined]

    with pytest.raises(AttributeError, match="forgotten"):
        StateKeeper(FOLDER).save([Broken()])


@pytest.mark.parametrize("text", ["{", "[1]", ""])
def test_a_file_that_is_none_of_ours_is_told(text: str) -> None:
    FOLDER.mkdir(parents=True)
    (FOLDER / NAME).write_text(text)
    with pytest.raises(OutputError, match="move it away"):
        StateKeeper(FOLDER).restore([Keeps()])


def test_a_disk_that_takes_nothing_stops_nothing_and_is_tried_again() -> None:
    FOLDER.mkdir(parents=True)
    (FOLDER / f"{NAME}.new").mkdir()  # so that none can be written
    keeper = StateKeeper(FOLDER)
    assert not keeper.save([Keeps(days=1)])
    assert "is not kept" in keeper.last_error
    (FOLDER / f"{NAME}.new").rmdir()
    assert keeper.save([Keeps(days=1)])
    assert keeper.last_error == ""


def test_a_write_that_breaks_off_leaves_the_old_state(monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = StateKeeper(FOLDER)
    keeper.save([Keeps(days=1)])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert not keeper.save([Keeps(days=2)])
    assert json.loads((FOLDER / NAME).read_text()) == {"Keeps#0": {"days": 1}}
    assert [path.name for path in FOLDER.iterdir()] == [NAME]

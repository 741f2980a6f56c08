"""A Cerebro in a file gives copies that are as fresh and as whole as unpickled ones."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import backtrader as bt
import pytest

from atms.engine import packing
from atms.engine.packing import Packer, fresh_copy
from atms.errors import RunError
from tests.engine.loading.same import bars, load

COUNT = 5_000  # enough that its columns lie in blocks of their own


@pytest.fixture
def system() -> Any:
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=bars(COUNT)))
    cerebro.datas[0]._env = cerebro
    load(cerebro.datas[0])
    return cerebro


@pytest.fixture
def packed(system: Any, workdir: Path) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    path = workdir / "system"
    with path.open("wb") as file:
        packer = Packer(file, system)
        packer.dump(system)
        places = packer.write_blocks()
    yield str(path), places  # the packer lives as long


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    packing._settle.cache_clear()
    gc.unfreeze()


def test_a_copy_has_every_bit_of_the_original(system: Any, packed: Any) -> None:
    (theirs,), (ours,) = system.datas, fresh_copy(*packed).datas
    for line, copied in zip(theirs.lines.lines, ours.lines.lines, strict=True):
        assert (copied.array.tobytes(), copied.idx) == (line.array.tobytes(), line.idx)
        assert type(copied.array) is type(line.array)
    assert ours.p.dataname.equals(theirs.p.dataname)
    assert ours._env.datas[0] is ours


def test_columns_lie_outside_the_pickle(packed: Any) -> None:
    _, ((_, end), *blocks) = packed
    assert len(blocks) >= 9  # seven lines and the frame
    assert end < COUNT * 8 * 3


def test_what_is_done_to_a_copy_is_seen_by_no_other(system: Any, packed: Any) -> None:
    first = fresh_copy(*packed).datas[0]
    first.lines.close.array[7] = 1.0
    first.p.dataname.iloc[3, 0] = 2.0
    assert first.p.dataname.iloc[3, 0] == 2.0
    second = fresh_copy(*packed).datas[0]
    assert second.lines.close.array == system.datas[0].lines.close.array
    assert second.p.dataname.equals(system.datas[0].p.dataname)


def test_lines_can_grow_after_they_were_written_and_in_the_copies(system: Any, packed: Any) -> None:
    for cerebro in (system, fresh_copy(*packed)):
        line = cerebro.datas[0].lines.close
        line.forward(2.5)
        assert len(line.array) == COUNT + 1
        assert line.array[-1] == 2.5


@pytest.mark.filterwarnings("ignore:Pickle, copy, and deepcopy support:DeprecationWarning")
def test_a_copy_pickles_as_any_object_does(packed: Any) -> None:
    copied = fresh_copy(*packed)
    again = pickle.loads(pickle.dumps(copied))
    assert again.datas[0].p.dataname.equals(copied.datas[0].p.dataname)


def test_a_copy_whose_run_is_over_says_so_when_it_is_run(workdir: Path) -> None:
    gone = fresh_copy(str(workdir / "nowhere"), [(0, 1)])
    with pytest.raises(RunError, match="has ended"):
        gone(())


def test_a_process_that_makes_copies_lets_the_collector_pass_over_what_it_came_with(
    packed: Any,
) -> None:
    before = gc.get_freeze_count()
    fresh_copy(*packed)
    assert gc.get_freeze_count() > before


def test_a_process_that_makes_copies_collects_when_a_trial_is_over(packed: Any) -> None:
    gc.set_threshold(700, 10, 10)
    fresh_copy(*packed)
    assert gc.get_threshold() == (200_000, 10, 10)


def test_a_collector_that_is_off_stays_off(packed: Any) -> None:
    gc.set_threshold(0, 10, 10)
    fresh_copy(*packed)
    assert gc.get_threshold() == (0, 10, 10)

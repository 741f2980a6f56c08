"""optstrategy in a pool returns what Backtrader returns; the workers get the system only once."""

from __future__ import annotations

import multiprocessing.pool
import os
import pickle
import re
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

from atms.engine.optimising import OptimisingCerebro
from tests.engine.loading.same import bars

pytestmark = [
    # Backtrader's pool forks beside the threads of the one before, and pickles emptied iterators.
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Pickle, copy, and deepcopy:DeprecationWarning"),
]


class Notes(bt.Analyzer):
    """What the strategy saw, and in which process."""

    def create_analysis(self) -> None:
        self.rets = {"closes": [], "seen": None, "pid": os.getpid()}

    def next(self) -> None:
        self.rets["closes"].append(self.data.close[0])


class TrialCross(bt.Strategy):
    params = (("fast", 3), ("slow", 8), ("ref", None))

    def __init__(self) -> None:
        self.cross = bt.ind.CrossOver(
            bt.ind.SMA(period=self.p.fast), bt.ind.SMA(period=self.p.slow)
        )

    def next(self) -> None:
        if self.cross > 0:
            self.buy()
        elif self.cross < 0:
            self.sell()


class Skipping(TrialCross):
    def __init__(self) -> None:
        if self.p.fast == 4:
            raise bt.errors.StrategySkipError
        super().__init__()


class Failing(TrialCross):
    def next(self) -> None:
        if self.p.fast == 4:
            raise KeyError("no such thing")


class Marking(TrialCross):
    """Leaves a mark on whatever it can reach; says whether one was there."""

    def start(self) -> None:
        env, data = self.cerebro, self.data
        marks = [getattr(env, "mark", 0), data.close.array[0], data.p.dataname.iloc[0, 0],
                 env.broker.getcash()]  # fmt: skip
        self.analyzers.notes.rets["seen"] = [float(mark) for mark in marks]
        env.mark, data.close.array[0] = 1, 17.0
        data.p.dataname.iloc[0, 0] = 23.0
        env.broker.set_cash(5.0)


class Comparing(TrialCross):
    def start(self) -> None:
        ref = self.p.ref
        same = ref is self.data or ref is self.data.p.dataname
        self.analyzers.notes.rets["seen"] = [same, type(ref).__name__]


def system(kind: Any, strategy: Any = TrialCross, *, choices: Any = None, **params: Any) -> Any:
    cerebro = kind(**{"maxcpus": 2, **params})
    cerebro.adddata(bt.feeds.PandasData(dataname=wave(), name="wave"))
    cerebro.addanalyzer(Notes, _name="notes")
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    cerebro.optstrategy(strategy, **({"fast": range(2, 7)} if choices is None else choices))
    return cerebro


def wave(n: int = 80) -> pd.DataFrame:
    closes = [100 + ((k * 7919) % 31) / 7 for k in range(n)]
    return bars(n).assign(open=closes, high=110.0, low=90.0, close=closes)


def told(results: list[list[Any]]) -> list[Any]:
    """Return all that can be read off the results, process numbers aside."""
    return [
        [
            (
                type(one).__name__,
                vars(one.p) if isinstance(one, bt.OptReturn) else one.p._getkwargs(),
                [repr(a.get_analysis()).split("'pid'")[0] for a in one.analyzers],
                one.strategycls if isinstance(one, bt.OptReturn) else lines_of(one),
            )
            for one in trial
        ]
        for trial in results
    ]


def lines_of(strategy: Any) -> list[bytes]:
    return [line.array.tobytes() for data in strategy.datas for line in data.lines.lines]


def outcome(cerebro: Any, **params: Any) -> Any:
    """Return a run's results, or its exception."""
    try:
        return told(cerebro.run(**params))
    except Exception as error:  # noqa: BLE001 - it is compared
        end_pool(error)
        return (type(error), re.sub("0x[0-9a-f]+", "0x", str(error)))


def end_pool(error: BaseException) -> None:
    """End the pool that Backtrader leaves to the collector when a run fails.

    Its trials are run to their end: a worker that is terminated as it writes its result takes the
    lock of their pipe with it, and the pool waits for that lock for ever.
    """
    for frame, _ in traceback.walk_tb(error.__traceback__):
        pool = frame.f_locals.get("pool")
        if isinstance(pool, multiprocessing.pool.Pool):
            pool.close()
            pool.join()


def same(*args: Any, **params: Any) -> Any:
    """Run both ways, compare, and return what ours was and said."""
    theirs = outcome(system(bt.Cerebro, *args, **params))
    ours = system(OptimisingCerebro, *args, **params)
    assert outcome(ours) == theirs
    return ours, theirs


@pytest.mark.parametrize(
    "params",
    [{}, {"optreturn": False}, {"optdatas": False}, {"runonce": False}, {"preload": False},
     {"exactbars": 1}, {"stdstats": False, "maxcpus": 3}, {"maxcpus": None}, {"lookahead": 2}],
)  # fmt: skip
def test_the_results_are_backtraders(params: dict[str, Any]) -> None:
    ours, results = same(**params)
    assert len(results) == 5
    assert ours.trial_parts[0].fast
    assert [part.kind for part in ours.trial_parts[1:]] == (["load"] if in_parent(params) else [])
    assert type(ours.datas[0]) is bt.feeds.PandasData


def in_parent(params: dict[str, Any]) -> bool:
    """Return whether Backtrader loads the feeds before it has workers."""
    return params.get("optdatas", True) and not {"runonce", "preload", "exactbars"} & set(params)


def test_one_process_is_backtraders_own_way() -> None:
    ours, results = same(maxcpus=1)
    assert len(results) == 5
    assert ours.trial_parts == ()


def test_a_run_without_optimisation_is_backtraders_own() -> None:
    cerebro = OptimisingCerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=wave()))
    cerebro.addstrategy(TrialCross)
    assert len(cerebro.run()) == 1
    assert cerebro.trial_parts == ()


def test_the_number_of_processes_may_be_given_to_run() -> None:
    ours = system(OptimisingCerebro, maxcpus=1)
    assert outcome(ours, maxcpus=2) == outcome(system(bt.Cerebro), maxcpus=2)
    assert ours.trial_parts[0].fast
    assert ours.p.maxcpus == 2


@pytest.mark.parametrize("strategy", [Skipping, Failing])
def test_a_trial_that_skips_or_fails_does_as_in_backtrader(strategy: Any) -> None:
    same(strategy)


def test_each_trial_begins_on_a_fresh_system() -> None:
    _, results = same(Marking, choices={"fast": range(2, 10)})
    seen = {trial[0][2][0].split("'seen': ")[1] for trial in results}
    assert seen == {"[0.0, 100.0, 100.0, 10000.0], "}


@pytest.mark.parametrize("which", ["feed", "frame", "list"])
def test_a_parameter_that_is_an_object_of_the_system_stays_it(which: str) -> None:
    ways = []
    for kind in (bt.Cerebro, OptimisingCerebro):
        cerebro = system(kind, Comparing, choices={})
        data = cerebro.datas[0]
        cerebro.shared = [1]
        ref = {"feed": data, "frame": data.p.dataname, "list": cerebro.shared}[which]
        cerebro.strats.clear()
        cerebro.optstrategy(Comparing, ref=[ref], fast=(2, 3))
        ways.append(outcome_of(cerebro))
    assert ways[0] == ways[1]
    assert not cerebro.trial_parts[0].fast
    assert cerebro.trial_parts[0].why == "a parameter is an object of the system's"


def outcome_of(cerebro: Any) -> list[Any]:
    return [repr(trial[0].analyzers.notes.rets["seen"]) for trial in cerebro.run()]


def test_objects_that_nobody_can_change_may_be_shared() -> None:
    name = "a long name of its own"
    cerebro = system(OptimisingCerebro, choices={"ref": [name], "fast": (2, 3)})
    cerebro.shared = (name, TrialCross, pd.Timestamp("2024-01-01").date())
    cerebro.run()
    assert cerebro.trial_parts[0].fast


@pytest.mark.parametrize("place", ["system", "parameter"])
def test_what_cannot_be_pickled_fails_as_in_backtrader(place: str) -> None:
    ways = []
    for kind in (bt.Cerebro, OptimisingCerebro):
        cerebro = system(kind, choices={"ref": [threading.Lock() if place == "parameter" else 1]})
        if place == "system":
            cerebro.note = threading.Lock()
        ways.append(outcome(cerebro))
    assert ways[0] == ways[1]
    assert ways[0][0] is TypeError


_CALLED: list[Any] = []


def note(result: Any) -> None:
    _CALLED.append((result[0].p.fast, threading.current_thread() is threading.main_thread()))


def copy(result: Any) -> None:
    """Pickle, in the midst of the run, the system that the results came from."""
    _CALLED.append(pickle.dumps(_CALLED[0]))


def fail(_: Any) -> None:
    raise ZeroDivisionError("mine")


@pytest.fixture(autouse=True)
def called() -> Iterator[list[Any]]:
    _CALLED.clear()
    yield _CALLED
    _CALLED.clear()


def test_signals_are_left_to_backtrader() -> None:
    cerebro = system(OptimisingCerebro)
    cerebro.add_signal(bt.SIGNAL_LONG, bt.ind.RSI)
    assert outcome(cerebro)[0] is not None
    assert str(cerebro.trial_parts[0]) == "stock optimise: signals"


def test_callbacks_get_each_result_in_turn(called: list[Any]) -> None:
    cerebro = system(OptimisingCerebro)
    cerebro.optcallback(note)
    cerebro.run()
    assert called == [(fast, True) for fast in range(2, 7)]


def test_a_callback_may_pickle_the_system_and_keep_it(called: list[Any]) -> None:
    cerebro = system(OptimisingCerebro, choices={"fast": (2, 3)})
    cerebro.optcallback(copy)
    called.append(cerebro)
    cerebro.run()
    assert cerebro.trial_parts[0].fast
    for kept in called[1:]:
        again = pickle.loads(kept)
        assert again.datas[0].lines.close.array == cerebro.datas[0].lines.close.array
        assert again._trials is None


def test_a_callback_that_fails_ends_the_run() -> None:
    cerebro = system(OptimisingCerebro)
    cerebro.optcallback(fail)
    assert outcome(cerebro) == (ZeroDivisionError, "mine")
    assert cerebro._trials is None


def test_strategies_are_left_as_backtrader_leaves_them() -> None:
    ways = []
    for kind in (bt.Cerebro, OptimisingCerebro):
        cerebro = system(kind)
        cerebro.addstrategy(TrialCross, fast=5)
        results = told(cerebro.run())
        assert [len(trial) for trial in results] == [2] * 5
        kinds = [type(one) for one in cerebro.strats]
        ways.append((results, kinds, cerebro.strats[1], cerebro.run(), cerebro.runstrats))
    assert ways[0] == ways[1]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder


@pytest.mark.parametrize("strategy", [TrialCross, Failing])
def test_no_file_is_left(strategy: Any, temporary: Path) -> None:
    outcome(system(OptimisingCerebro, strategy))
    assert list(temporary.iterdir()) == []


def test_without_a_place_for_files_trials_are_sent_as_in_backtrader(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "nowhere"))
    ours, _ = same(choices={"fast": (2, 3)})
    assert [str(part) for part in ours.trial_parts] == [
        "stock optimise: no folder for temporary files: No such file or directory"
    ]


def test_processes_that_are_not_forked_get_the_system_too(workdir: Path) -> None:
    script = workdir / "spawned.py"
    script.write_text(_SPAWNED)
    told = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout.split()) == (0, ["2", "3", "4", "True"]), told.stderr


_SPAWNED = """
import multiprocessing
import re
import backtrader as bt
import pandas as pd
from atms.engine.optimising import OptimisingCerebro


class Own(bt.Strategy):
    params = (("fast", 3),)


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    index = pd.date_range("2024-01-01", periods=20)
    frame = pd.DataFrame({name: 1.5 for name in ("open", "high", "low", "close")}, index=index)
    cerebro = OptimisingCerebro(maxcpus=2, stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame))
    cerebro.optstrategy(Own, fast=(2, 3, 4))
    for (trial,) in cerebro.run():
        print(trial.p.fast)
    print(cerebro.trial_parts[0].fast)
"""

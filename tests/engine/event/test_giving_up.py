"""Who does what nobody foresees has Backtrader's results all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtrader as bt
import pytest

from atms.engine.event import EventRun, run_next
from tests.engine.event.conftest import Ours
from tests.engine.event.snapshots import of_run
from tests.engine.event.world import MINUTES, Rows, _rows, bars


class Doer(bt.Strategy):
    """Does one thing on bar 30, and trades on a crossing."""

    params = (("do", None), ("seen", None))

    def __init__(self) -> None:
        self.fast = bt.ind.EMA(self.data, period=3)
        self.slow = bt.ind.SMA(self.data, period=8)
        self.cross = bt.ind.CrossOver(self.fast, self.slow)
        self.done = False

    def next(self) -> None:
        if len(self) >= 30 and not self.done:
            self.done = True
            self.p.do(self)
        if self.cross[0] > 0:
            self.buy()
        elif self.cross[0] < 0 and self.position.size:
            self.close()
        seen = (len(self), self.cross[0], self.slow[0], self.data.close[0])
        self.p.seen.append(repr(seen))


def _run(kind: type[bt.Cerebro], do: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
    seen: list[Any] = []
    cerebro = kind(runonce=False, preload=False)
    cerebro.adddata(Rows(rows=_rows(bars(90, 5)), timeframe=MINUTES))
    cerebro.addstrategy(Doer, do=do, seen=seen)
    try:
        strategies = cerebro.run()
    except (IndexError, RuntimeError):
        strategies = cerebro.runningstrats
    return seen, of_run(cerebro, strategies)


def _average(strategy: Any) -> Any:
    return strategy.slow.getindicators()[0]


def _raise(strategy: Any) -> None:
    raise RuntimeError("bar 30")


def _set(thing: Any, name: str, value: Any) -> None:
    setattr(thing, name, value)


GIVING_UP = {
    "a parameter is set": lambda s: _set(_average(s).p, "period", 2),
    "a factor is set": lambda s: _set(s.fast.getindicators()[0], "alpha", 0.75),
    "a line is moved alone": lambda s: s.slow.lines[0].rewind(),
    "an index is set": lambda s: _set(s.slow.lines[0], "idx", 3),
    "a length is set": lambda s: _set(s.slow.lines[0], "lencount", 3),
    "an array is put": lambda s: _set(s.slow.lines[0], "array", s.slow.lines[0].array[:]),
    "a feed's line is moved alone": lambda s: s.data.lines.close.rewind(),
    "an indicator is made": lambda s: bt.ind.SMA(s.data, period=2),
}
STAYING = {
    "nothing": lambda s: None,
    "a price is written": lambda s: s.data.close.__setitem__(0, 55.0),
    "a price of the past is written": lambda s: s.data.close.__setitem__(-3, 55.0),
    "a value is written": lambda s: s.fast.lines[0].__setitem__(0, 55.0),
    "prices are written in the array": lambda s: s.data.close.array.__setitem__(-1, 55.0),
    "ticks are set": lambda s: _set(s.data, "tick_close", 1.0),
    "the run is stopped": lambda s: s.cerebro.runstop(),
    "the strategy raises": _raise,
    "a minimum period is set": lambda s: _set(s, "_minperiods", [50]),
    "cash is added": lambda s: s.broker.add_cash(500.0),
    "cash is set": lambda s: s.broker.set_cash(123.0),
    "commission is set": lambda s: s.broker.setcommission(commission=0.5, margin=10.0),
    "the data moves back": lambda s: s.data.rewind(),
}


@pytest.mark.parametrize("name", [*GIVING_UP, *STAYING])
def test_what_a_strategy_does_by_hand_changes_nothing_but_what_it_changes_in_stock(
    name: str,
) -> None:
    do = (GIVING_UP | STAYING)[name]
    assert _run(Ours, do) == _run(bt.Cerebro, do)


@pytest.mark.parametrize("name", GIVING_UP)
def test_the_rest_of_the_run_is_backtraders_once_lines_are_moved_or_settings_made(
    name: str,
) -> None:
    _run(Ours, GIVING_UP[name])
    assert [part.kind for part in Ours.told if not part.fast] == ["loop"]


@pytest.mark.parametrize("name", [name for name in STAYING if "raises" not in name])
def test_writing_stopping_and_cash_leave_the_run_on_our_code(name: str) -> None:
    _run(Ours, STAYING[name])
    assert not [part for part in Ours.told if part.kind == "loop"]


class Divider(bt.Strategy):
    """An indicator divides by zero in the middle of the others."""

    def __init__(self) -> None:
        self.before = bt.ind.SMA(self.data, period=2)
        self.one = 1.0 / (self.data.close - self.data.open - 0.0)
        self.after = bt.ind.EMA(self.data, period=2)


@pytest.mark.parametrize("bar", [0, 1, 2, 40])
def test_after_an_indicator_raised_every_line_stands_where_backtrader_leaves_it(bar: int) -> None:
    def run(kind: type[bt.Cerebro]) -> list[Any]:
        frame = bars(60, 3)
        frame["open"] = frame["close"] - 1.0
        frame.iloc[bar, 0] = frame.iloc[bar, 3]
        cerebro = kind(runonce=False, preload=False)
        cerebro.adddata(Rows(rows=_rows(frame), timeframe=MINUTES))
        cerebro.addstrategy(Divider)
        with pytest.raises(ZeroDivisionError):
            cerebro.run()
        return of_run(cerebro, cerebro.runningstrats)

    assert run(Ours) == run(bt.Cerebro)


def test_a_frame_that_is_changed_during_the_run_is_read_as_it_is_now() -> None:
    class Changer(bt.Strategy):
        params = (("frame", None), ("seen", None))

        def next(self) -> None:
            frame = self.p.frame
            self.p.seen.append((self.data.close[0], self.data.volume[0]))
            if len(self) == 10:
                frame.iloc[20, 3] = 1.25
            if len(self) == 30:
                frame["volume"] = 7.5

    def run(kind: type[bt.Cerebro]) -> tuple[list[Any], list[Any]]:
        seen: list[Any] = []
        frame = bars(60, 3)
        cerebro = kind(runonce=False, preload=False)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame))
        cerebro.addstrategy(Changer, frame=frame, seen=seen)
        return seen, of_run(cerebro, cerebro.run())

    assert run(Ours) == run(bt.Cerebro)
    assert run(Ours)[0][20][0] == 1.25


@pytest.mark.parametrize(("name", "fast"), [("nothing", 90), ("a length is set", 30)])
def test_bars_are_counted_and_those_before_it_gave_up(name: str, fast: int) -> None:
    class Counted(bt.Cerebro):
        def _runnext(self, runstrats: list[Any]) -> None:
            told.append(run_next(self, runstrats))

    told: list[EventRun] = []
    _run(Counted, (GIVING_UP | STAYING)[name])
    assert (told[0].bars, told[0].fast_bars) == (90, fast)

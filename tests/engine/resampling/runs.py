"""The same run on Backtrader's loop and on ours, and all that can be seen of it afterwards."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import backtrader as bt
import numpy as np
from backtrader.linebuffer import LineBuffer
from backtrader.lineiterator import LineIterator

from atms.engine.broker import lane_class
from atms.engine.resampling.planning import plan
from atms.engine.resampling.running import ResampledRun, prepare_resampled
from atms.engine.resampling.schedule import Schedule


class Ours(bt.Cerebro):
    """Backtrader's Cerebro with our loop over resampled feeds.

    Attributes:
        laned: whether orders run in the broker's lane.
    """

    resampled: ResampledRun | str = "not run"
    laned = True

    def runstrategies(self, iterstrat: Any, predata: bool = False) -> Any:
        broker = self.broker
        lane, _ = lane_class(broker)
        was = type(broker)
        if lane is not None and self.laned:
            broker.__class__ = lane
        try:
            return super().runstrategies(iterstrat, predata=predata)
        finally:
            broker.__class__ = was

    def _runnext(self, runstrats: list[Any]) -> None:
        self.resampled = prepare_resampled(self, runstrats)
        if isinstance(self.resampled, str):
            super()._runnext(runstrats)
        else:
            self.resampled.go()


class Planned(bt.Cerebro):
    """Backtrader's Cerebro and loop, with our schedule made before its first bar."""

    schedule: Schedule | str = "not run"

    def _runnext(self, runstrats: list[Any]) -> None:
        self.schedule = plan(self)
        super()._runnext(runstrats)


def bits(value: float) -> bytes:
    """Return the bits of a float; every NaN is the same."""
    return struct.pack("d", value) if value == value else b"nan"


def column(values: Any) -> bytes:
    """Return the bits of many floats; every NaN is the same."""
    numbers = np.array(list(values), dtype=np.float64)
    return np.where(np.isnan(numbers), np.nan, numbers).tobytes()


class Recorder(bt.Strategy):
    """Notes all lines of its datas on each bar."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        feeds = [
            (len(data), data.buflen(), [bits(line[0]) for line in data.lines] if len(data) else [])
            for data in self.datas
        ]
        self.seen.append((bits(self.lines.datetime[0]), feeds))


def line_state(line: Any) -> Any:
    """Return what Backtrader keeps of a line."""
    return column(line.array), line._idx, line.lencount, line.extension


def data_state(data: Any) -> dict[str, Any]:
    """Return what can be seen of a feed."""
    ticks = {name: value for name, value in vars(data).items() if name.startswith("tick_")}
    kept: dict[str, Any] = {name: (type(one), column([one])) for name, one in ticks.items()}
    kept |= {name: vars(data).get(name) for name in ("_idx", "_cursor", "_dlen")}
    kept["lines"] = [line_state(line) for line in data.lines.lines]
    kept["stack"] = list(data._barstack)
    kept["names"] = sorted(vars(data))
    for entry in data._filters:
        own = {k: v for k, v in vars(entry[0]).items() if k not in ("data", "p", "params")}
        kept["filter"] = {k: repr(v) for k, v in own.items()}
    return kept


def tree_state(owner: Any) -> list[Any]:
    """Return the lines of all indicators and observers, those inside of others included."""
    found = []
    for kind in (LineIterator.IndType, LineIterator.ObsType):
        for node in getattr(owner, "_lineiterators", {}).get(kind, ()):
            lines = [node] if isinstance(node, LineBuffer) else node.lines.lines
            name = type(node).__name__.partition("_")[0]
            found.append((name, [line_state(line) for line in lines], tree_state(node)))
    return found


def state(cerebro: Any, strategy: Any) -> dict[str, Any]:
    """Return what can be seen of a run."""
    return {
        "strategy": line_state(strategy.lines.datetime),
        "lens": strategy._dlens,
        "status": strategy._minperstatus,
        "said": [getattr(one, "said", None) for one in cerebro.runningstrats],
        "others": [(tree_state(one), one._dlens) for one in cerebro.runningstrats[1:]],
        "datas": [data_state(data) for data in cerebro.datas],
        "tree": tree_state(strategy),
        "analyzers": [repr(one.get_analysis()) for one in strategy.analyzers],
        "cash": repr(strategy.broker.getcash()),
        "value": repr(strategy.broker.getvalue()),
        "master": (getattr(cerebro, "_dtmaster", None), getattr(cerebro, "_udtmaster", None)),
        "orders": [
            (repr(o.created.price), repr(o.executed.price), o.status, o.executed.dt)
            for o in strategy._orders
        ],
    }


def run(kind: type, build: Callable[[Any], None], **params: Any) -> tuple[Any, Any, Any]:
    """Run what *build* adds; return the Cerebro, its strategy, and what the run raised."""
    cerebro = kind(**params)
    build(cerebro)
    raised = None
    try:
        cerebro.run()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raised = f"{type(error).__name__}: {error}"
    return cerebro, cerebro.runningstrats[0], raised


def both(build: Callable[[Any], None], **params: Any) -> ResampledRun | str:
    """Run what *build* adds both ways, and require that nothing differs; return our run."""
    stock, strategy, raised = run(bt.Cerebro, build, **params)
    ours, other, also = run(Ours, build, **params)
    assert raised == also
    expected, got = state(stock, strategy), state(ours, other)
    for name, value in expected.items():
        assert got[name] == value, name
    return ours.resampled

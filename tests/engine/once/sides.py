"""The same strategy on Backtrader's own ``_once`` and on ours, and every line of both."""

from __future__ import annotations

import array
from collections.abc import Callable
from typing import Any

import backtrader as bt
import numpy as np
from backtrader.lineiterator import LineIterator

from atms.engine.explaining import Part
from atms.engine.once import compute

Row = tuple[Any, ...]
_ODD = (StopIteration, AttributeError)
NAMES = ("open", "high", "low", "close", "volume", "openinterest")


class Columns(bt.feed.DataBase):
    """A feed of columns that are put into its lines at once."""

    params = (("columns", None),)

    def preload(self) -> None:
        for name, values in self.p.columns.items():
            line = getattr(self.lines, name)
            line.array.extend(array.array("d", np.asarray(values, float).tobytes()))
            line.idx = len(values) - 1
            line.lencount = len(values)
        self._at = len(self.p.columns["datetime"])
        self.home()

    def _load(self) -> bool:
        at = getattr(self, "_at", 0)
        columns = self.p.columns
        if at >= len(columns["datetime"]):
            return False
        for name, values in columns.items():
            getattr(self.lines, name)[0] = float(values[at])
        self._at = at + 1
        return True


def bars(closes: Any, *, seed: int = 3, spread: float = 0.01, first: float = 730_000.0) -> Any:
    """Columns of bars around the closes, a minute apart."""
    close = np.asarray(closes, dtype=float)
    n = len(close)
    rng = np.random.default_rng(seed)
    up, down = rng.uniform(0, spread, (2, n))
    size = np.where(np.isinf(close), 0.0, np.abs(close))
    return {
        "datetime": first + np.arange(n) / 1440.0,
        "open": close + np.where(rng.random(n) < 0.5, 0.0, 1.0) * (up - down) * size,
        "high": close + up * size,
        "low": close - down * size,
        "close": close,
        "volume": np.floor(rng.uniform(0, 1000, n)),
        "openinterest": np.zeros(n),
    }


def walk(n: int, *, seed: int = 5, digits: int | None = None, start: float = 100.0) -> Any:
    """Closes of a random walk."""
    closes = start * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, n)))
    return closes if digits is None else np.round(closes, digits)


class _Seen(Exception):  # noqa: N818
    """The indicators are computed; no bar has to follow."""


class Sides(bt.Cerebro):
    """A Cerebro that calls *once* in the place of each strategy's ``_once``, and stops there."""

    params = (("stdstats", False),)

    def __init__(self, once: Callable[[Any], Any]) -> None:
        super().__init__()
        self.once = once
        self.rows: list[Row] = []
        self.parts: list[Part] = []

    def add_columns(self, columns: Any, **options: Any) -> None:
        self.adddata(Columns(columns=columns, **options))

    def _runonce(self, runstrats: list[Any]) -> None:
        for strategy in runstrats:
            strategy._once = lambda strategy=strategy: self._call(strategy)
        for strategy in runstrats:
            strategy._once()
        raise _Seen

    def _call(self, strategy: Any) -> None:
        try:
            self.parts += self.once(strategy) or []
        finally:
            self.rows += rows_of(strategy)


def stock_once(strategy: Any) -> None:
    type(strategy)._once(strategy)


def rows_of(strategy: Any) -> list[Row]:
    """Every line of the tree: where it is, its bits, and where its index stands."""
    found: list[Row] = []
    for at, data in enumerate(strategy.datas):
        for number, line in enumerate(data.lines):
            found.append((f"data{at}.{number}", line.idx, line.lencount, len(line.array)))
    _add(strategy, "", found)
    return found


def _add(node: Any, path: str, found: list[Row]) -> None:
    # Couplers number their classes through the life of the process.
    name = type(node).__name__.split("LinesCoupler_")[0] or "LinesCoupler"
    path = f"{path}/{name}"
    for number, line in enumerate(node.lines):
        found.append(
            (
                f"{path}.{number}",
                bits(line.array),
                line.idx,
                line.lencount,
                line.buflen(),
                line._minperiod,
                node._minperiod,
                type(line.array).__name__,
            )
        )
    for kind, children in getattr(node, "_lineiterators", {}).items():
        if kind in (LineIterator.IndType, LineIterator.ObsType):
            for at, child in enumerate(children):
                _add(child, f"{path}[{at}]", found)


def bits(values: Any) -> bytes:
    """The bytes of floats, all NaNs made one."""
    found = np.array(values, dtype=np.float64)
    found[np.isnan(found)] = np.nan
    return found.tobytes()


class Built(bt.Strategy):
    """A strategy whose ``__init__`` is its parameter."""

    params = (("build", None),)

    def __init__(self) -> None:
        self.built = self.p.build(self)


def run(
    once: Callable[[Any], Any],
    build: Callable[[Any], Any],
    *columns: Any,
    steps: bool = False,
    **options: Any,
) -> tuple[Sides, BaseException | None]:
    """Run a strategy whose ``__init__`` is *build* over feeds; return what was seen and raised."""

    cerebro = Sides(once, **options)
    for one in columns:
        cerebro.add_columns(one)
    cerebro.addstrategy(Built, build=build)
    return cerebro, see(cerebro)


def see(cerebro: Sides) -> BaseException | None:
    """Run until all indicators are computed; return what they raised."""
    try:
        cerebro.run()
    except _Seen:
        return None
    except (ArithmeticError, LookupError, ValueError, TypeError, *_ODD) as error:
        return error
    return None


def same(build: Callable[[Any], Any], *columns: Any, **options: Any) -> list[Part]:
    """Check that both sides agree on every line, or raise the same; return our parts."""
    theirs, their_error = run(stock_once, build, *columns, **options)
    ours, our_error = run(compute, build, *columns, **options)
    assert (type(our_error), str(our_error)) == (type(their_error), str(their_error))
    assert len(ours.rows) == len(theirs.rows)
    for one, other in zip(ours.rows, theirs.rows, strict=True):
        assert one == other, differing(one, other)
    return ours.parts


def differing(one: Row, other: Row) -> str:
    """Say where two rows are not the same."""
    if isinstance(one[1], bytes) and one[1] != other[1]:
        mine, stock = (np.frombuffer(x[1], np.float64) for x in (one, other))
        if len(mine) != len(stock):
            return f"{one[0]}: {len(mine)} values, stock {len(stock)}"
        at = np.flatnonzero(mine.view(np.int64) != stock.view(np.int64))
        where = ", ".join(f"[{i}] {mine[i]!r} stock {stock[i]!r}" for i in at[:3])
        return f"{one[0]}: {len(at)} of {len(mine)} differ: {where}"
    return f"{one[0]}: {one[2:]} stock {other[2:] if one[0] == other[0] else other}"


def stock_parts(parts: list[Part]) -> list[str]:
    return [str(part) for part in parts if not part.fast]

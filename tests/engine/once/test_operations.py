"""Operators and functions of lines, on every pair of floats that is somehow special."""

from __future__ import annotations

import datetime
import functools
import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

import backtrader as bt
import numpy as np
import pytest
from backtrader import functions
from backtrader.linebuffer import LineDelay, LineNum
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.once.sides import bars, run, same, stock_once, stock_parts, walk

SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.7, -3.7, 1e-320, 5e-324, 1e308, -1e308, 1e16, 0.1,
    math.inf, -math.inf, math.nan,
]  # fmt: skip
PAIRS = np.array(list(itertools.product(SPECIAL, SPECIAL)))
NUMBERS = [0, 1, 2, -3, True, False, 0.0, -0.0, 2.0, 0.5, -1.5, math.inf, math.nan, 2**53 + 1]
ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
BINARY = [*ARITHMETIC, operator.pow, *COMPARISONS]


def pair_bars(pairs: Any = PAIRS) -> Any:
    columns = bars(np.zeros(len(pairs)))
    columns["close"], columns["open"] = pairs[:, 0], pairs[:, 1]
    return columns


def apart(build: Callable[[Any], Any], pairs: Any = PAIRS) -> None:
    """Check a build on all pairs, those that raise each by itself, so that none hides another."""
    same(build, pair_bars(pairs))
    _, error = run(stock_once, build, pair_bars(pairs))
    if error is not None and len(pairs) > 1:
        half = len(pairs) // 2
        apart(build, pairs[:half])
        apart(build, pairs[half:])


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
def test_an_operator_of_two_lines_has_pythons_bits_and_errors(op: Any) -> None:
    apart(lambda s: op(s.data.close, s.data.open))


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
def test_an_operator_on_whole_columns_has_pythons_bits(op: Any) -> None:
    harmless = PAIRS[(PAIRS[:, 1] != 0.0)] if op in ARITHMETIC else PAIRS
    if op is operator.pow:
        harmless = np.abs(PAIRS[np.abs(PAIRS) <= 16].repeat(2).reshape(-1, 2)) + 0.25
    parts = same(lambda s: op(s.data.close, s.data.open), pair_bars(harmless))
    assert stock_parts(parts) == []


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
def test_an_operator_takes_a_number_on_either_side(op: Any, number: Any) -> None:
    calm = pair_bars(np.array([[1.5, 1.0], [2.5, 3.0], [0.25, 7.0]]))
    for columns in (calm, pair_bars(PAIRS[::5])):
        same(lambda s: op(s.data.close, number), columns)
        same(lambda s: op(number, s.data.close), columns)


@pytest.mark.parametrize("number", ["x", None, np.float64(2.0), np.int64(3), 1j], ids=repr)
def test_a_number_of_another_kind_is_backtraders_affair(number: Any) -> None:
    same(lambda s: s.data.close * number, bars(walk(50)))


def test_one_line_alone() -> None:
    def build(s: Any) -> Any:
        return abs(s.data.close), -s.data.close, s.data.close.__bool__()

    assert stock_parts(same(build, pair_bars())) == []


@pytest.mark.parametrize("ago", [0, -1, -7, -49, -60, 1, 5, 49, 50, 60])
def test_a_delay_either_way(ago: int) -> None:
    same(lambda s: s.data.close(ago) + 1.0, bars(walk(50)))


def test_a_number_as_a_line() -> None:
    def build(s: Any) -> Any:
        return s.data.close + LineNum(3), LineNum(math.nan) > s.data.close

    same(build, bars(walk(50)))


def test_a_time_of_day_is_compared_by_backtrader() -> None:
    parts = same(lambda s: s.data.datetime >= datetime.time(12, 5), bars(walk(50), first=730_000.5))
    assert stock_parts(parts) == ["stock indicator LinesOperation: compares times"]


FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "And": lambda a, b: bt.And(a, b),
    "And of three": lambda a, b: bt.And(a, b, a > b),
    "And of one": lambda a, b: bt.And(a),
    "And with a number": lambda a, b: bt.And(a, 1.0),
    "Or": lambda a, b: bt.Or(a, b),
    "Or with a number": lambda a, b: bt.Or(0, a, b),
    "Or of one": lambda a, b: bt.Or(a),
    "Any": lambda a, b: bt.Any(a, b),
    "All": lambda a, b: bt.All(a, b),
    "Max": lambda a, b: bt.Max(a, b),
    "Max with a number": lambda a, b: bt.Max(a, 0.0),
    "Max of a number": lambda a, b: bt.Max(0, a, b),
    "Min": lambda a, b: bt.Min(a, b),
    "Min with a number": lambda a, b: bt.Min(a, -0.0, b),
    "Sum": lambda a, b: bt.Sum(a, b),
    "Sum of one": lambda a, b: bt.Sum(a),
    "Sum of three": lambda a, b: bt.Sum(a, b, 0.1),
    "If": lambda a, b: bt.If(a > b, a, b),
    "If with numbers": lambda a, b: bt.If(a, 1, -1),
    "If of a number": lambda a, b: bt.If(0.0, a, b),
    "Cmp": lambda a, b: bt.Cmp(a, b),
    "Cmp with a number": lambda a, b: bt.Cmp(0.0, b),
    "CmpEx": lambda a, b: bt.CmpEx(a, b, 1.0, a, b),
    "DivByZero": lambda a, b: bt.DivByZero(a, b),
    "DivByZero with a value": lambda a, b: bt.DivByZero(a, b, zero=7),
    "DivZeroByZero": lambda a, b: bt.DivZeroByZero(a, b),
    "DivZeroByZero with values": lambda a, b: bt.DivZeroByZero(a, b, 3.0, -0.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_pythons_bits_and_errors(name: str) -> None:
    build = FUNCTIONS[name]
    apart(lambda s: build(s.data.close, s.data.open))
    calm = PAIRS[(np.abs(PAIRS) < 1e300).all(axis=1)]
    parts = same(lambda s: build(s.data.close, s.data.open), pair_bars(calm))
    assert stock_parts(parts) == []


def test_a_function_of_the_users_runs_on_stock() -> None:
    def build(s: Any) -> None:
        bt.Reduce(lambda x, y: x * 2 - y, s.data.close, s.data.open)
        functions.Reduce(operator.add, s.data.close)

    parts = same(build, bars(walk(50)))
    assert len(stock_parts(parts)) == 2


class _Louder(functions.Max):
    flogic = functools.partial(max, key=abs)


class _Halved(functions.If):
    def once(self, start: int, end: int) -> None:
        for i in range(start, end):
            self.array[i] = 0.5


def test_a_subclass_with_code_of_its_own_runs_it() -> None:
    def build(s: Any) -> None:
        _Louder(s.data.close, -s.data.open)
        _Halved(s.data.close, 1.0, 2.0)

    parts = same(build, bars(walk(50)))
    assert [part.fast for part in parts] == [True, False, False]


def test_a_subclass_without_code_of_its_own_has_the_kernel() -> None:
    class Highest(functions.Max):
        pass

    assert same(lambda s: Highest(s.data.close, s.data.open), bars(walk(50)))[0].fast


# ---- trees of operations, as they come ----------------------------------------------------------
LEAVES = ("open", "high", "low", "close", "volume")
Tree = Any


def trees() -> st.SearchStrategy[Tree]:
    leaves = st.one_of(st.sampled_from(LEAVES), st.sampled_from([0.0, 1, 2.5, -3, 100.0]))

    def grow(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        return st.one_of(
            st.tuples(st.sampled_from([*ARITHMETIC, *COMPARISONS]), inner, inner),
            st.tuples(st.sampled_from(["Max", "Min", "And", "Or", "DivByZero"]), inner, inner),
            st.tuples(st.just("If"), inner, inner, inner),
            st.tuples(st.just("delay"), inner, st.integers(-4, 3)),
            st.tuples(st.sampled_from(["SMA", "EMA", "Highest"]), inner, st.integers(1, 6)),
            st.tuples(st.sampled_from(["abs", "neg", "square"]), inner),
        )

    return st.recursive(leaves, grow, max_leaves=8)


def make(tree: Tree, s: Any) -> Any:
    """Build lines of a tree; numbers alone stay numbers."""
    if isinstance(tree, str):
        return getattr(s.data, tree)
    if not isinstance(tree, tuple):
        return tree
    op, *rest = tree
    if op == "delay":
        inner = as_line(make(rest[0], s), s)
        return LineDelay(inner, rest[1])
    if op in ("SMA", "EMA", "Highest"):
        return getattr(bt.ind, op)(as_line(make(rest[0], s), s), period=rest[1])
    made = [make(one, s) for one in rest]
    if op in ("abs", "neg", "square"):
        one = as_line(made[0], s)
        return {"abs": operator.abs, "neg": operator.neg, "square": lambda x: x**2}[op](one)
    made[0] = as_line(made[0], s)
    if op == "DivByZero":
        made[1] = as_line(made[1], s)
    return getattr(bt, op)(*made) if isinstance(op, str) else op(*made)


def as_line(made: Any, s: Any) -> Any:
    return s.data.close * 0.0 + made if isinstance(made, int | float) else made


@settings(max_examples=150, deadline=None, derandomize=True)
@given(trees())
def test_any_tree_of_operations_has_stocks_bits_and_errors(tree: Tree) -> None:
    same(lambda s: make(tree, s), TREE_BARS)


TREE_BARS = bars(np.round(walk(60, seed=21), 1), spread=0.02)

"""Indicators' arithmetic as functions of the index: the very operations of Backtrader's ``next``.

A builder is given an indicator and what reads its inputs, and returns a :class:`Kernel`. Inputs
are the lines' own arrays, read when they are needed, so what anybody writes to them counts.
"""

from __future__ import annotations

import operator
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from math import fsum
from types import BuiltinFunctionType
from typing import Any

import backtrader.functions as functions
from backtrader.linebuffer import LineOwnOperation, LinesOperation, PseudoArray
from backtrader.linebuffer import _LineDelay as LineDelay
from backtrader.lineroot import LineMultiple, LineRoot

Function = Callable[[int], Any]
Source = Callable[[Any], "array[float]"]  # a line, or what has lines -> the array of values


@dataclass(frozen=True, eq=False)
class Kernel:
    """What an indicator's ``next`` puts at 0, as a function of the bar's index.

    Args:
        call: the function.
        text: the same as an expression: ``i`` is the index, ``#n`` the n-th of *names*, ``@n`` its
            value at ``i``.
        names: arrays, numbers and functions.
        exact: whether the value is a float, as the line will hold it.
        first: the function for the first bar that has a value; None: the same.
    """

    call: Function
    text: str = "#0(i)"
    names: tuple[Any, ...] = ()
    exact: bool = False
    first: Function | None = None

    @classmethod
    def of(cls, text: str, *names: Any, exact: bool = False, first: Any = None) -> Kernel:
        """Make one of its expression alone."""
        plain = text.replace("@", "#").split("#")
        reads = _at(text)
        spelled = plain[0]
        for piece, at in zip(plain[1:], reads, strict=True):
            spelled += f"n{piece[0]}{'[i]' if at else ''}{piece[1:]}"
        scope = {f"n{index}": name for index, name in enumerate(names)}
        call = eval(f"lambda i: {spelled}", scope)  # noqa: S307 - the texts are this package's own
        return cls(call, text, names, exact, first)


def _at(text: str) -> list[bool]:
    return [char == "@" for char in text if char in "@#"]


class RefusedError(Exception):
    """This is left to Backtrader's own code; the text says why."""


def line_of(thing: Any) -> Any:
    """Return the line that ``thing[0]`` reads.

    Raises:
        RefusedError: it is neither a line nor has it any.
    """
    if not isinstance(thing, LineRoot):
        raise RefusedError("an input that is no line")
    while isinstance(thing, LineMultiple):
        thing = thing.lines.lines[0]
    return thing


def delay(node: Any, source: Source) -> Kernel:
    """``a(-n)``, and what stands between a line and the line that it is bound to."""
    if isinstance(node.a, PseudoArray):
        return Kernel.of("#0", _number(node.a.wrapped))
    values, ago = source(node.a), node.ago
    if type(ago) is not int:
        raise RefusedError("a delay that is no whole number")
    if ago:
        return Kernel.of(f"#0[i - {-ago}]", values, exact=True)
    return Kernel.of("@0", values, exact=True)


_SIGNS = {
    operator.__sub__: "-", operator.__add__: "+", operator.__mul__: "*", operator.__truediv__: "/",
    operator.__lt__: "<", operator.__gt__: ">", operator.__le__: "<=", operator.__ge__: ">=",
}  # fmt: skip


def operation(node: Any, source: Source) -> Kernel:
    """Two operands, one or both of them lines."""
    call = pure(node.operation)
    if node.btime:
        raise RefusedError("a comparison of times")
    left = _number(node.a) if node.r and not node.bline else source(node.a)
    right = source(node.b) if node.bline or node.r else _number(node.b)
    a, b = ("@" if isinstance(one, array) else "#" for one in (left, right))
    sign = _SIGNS.get(call)
    if sign is None:
        return Kernel.of(f"#2({a}0, {b}1)", left, right, call)
    return Kernel.of(f"{a}0 {sign} {b}1", left, right, exact=sign in "+-*/")


def own_operation(node: Any, source: Source) -> Kernel:
    """One operand: abs, negation, bool."""
    return Kernel.of("#1(@0)", source(node.a), pure(node.operation))


def divide(node: Any, source: Source) -> Kernel:
    """``DivByZero``."""
    zero = _number(node.zero)
    return Kernel.of("@0 / @1 if @1 else #2", source(node.a), source(node.b), zero)


def divide_zero(node: Any, source: Source) -> Kernel:
    """``DivZeroByZero``."""
    single, dual = _number(node.single), _number(node.dual)
    text = "(#3 if @0 == 0.0 else #2) if @1 == 0.0 else @0 / @1"
    return Kernel.of(text, source(node.a), source(node.b), single, dual)


def choose(node: Any, source: Source) -> Kernel:
    """``If``."""
    names = [argument(one, source) for one in (node.cond, node.a, node.b)]
    condition, a, b = (_spelled(number, one) for number, one in enumerate(names))
    return Kernel.of(f"{a} if {condition} else {b}", *names)


def compare(node: Any, source: Source) -> Kernel:
    """``Cmp``."""
    names = [argument(one, source) for one in (node.a, node.b)]
    a, b = (_spelled(number, one) for number, one in enumerate(names))
    return Kernel.of(f"#2({a}, {b})", *names, functions.cmp)


def combine(node: Any, source: Source) -> Kernel:
    """``Max``, ``Min``, ``Sum``, ``Any``, ``All``, ``And``, ``Or``."""
    call = node.flogic
    logic = call.args[0] if _reduces(call) else None
    if logic not in (functions._andlogic, functions._orlogic):
        logic = None
        call = pure(call)
    names = [argument(one, source) for one in node.args]
    if len(names) > 9:
        raise RefusedError("more than nine operands")
    texts = [_spelled(number, one) for number, one in enumerate(names)]
    pair = _PAIRS.get(logic or call) if len(names) == 2 else None
    if pair is not None:
        return Kernel.of(pair.format(*texts), *names)
    return Kernel.of(f"#{len(names)}([{', '.join(texts)}])", *names, call)


# The first of equals, and of what does not compare, is max's and min's answer.
_PAIRS: dict[Any, str] = {
    max: "{1} if {1} > {0} else {0}",
    min: "{1} if {1} < {0} else {0}",
    functions._andlogic: "bool({0} and {1})",
    functions._orlogic: "bool({0} or {1})",
}


def _spelled(number: int, name: Any) -> str:
    return f"@{number}" if isinstance(name, array) else f"#{number}"


def _reduces(call: Any) -> bool:
    return (
        isinstance(call, partial)
        and call.func is reduce
        and len(call.args) == 1
        and not call.keywords
    )


def argument(thing: Any, source: Source) -> Any:
    """Return the array of a line among the arguments of an operation, or the number there."""
    return _number(thing.wrapped) if isinstance(thing, PseudoArray) else source(thing)


def _number(thing: Any) -> Any:
    if type(thing) not in (float, int, bool):
        raise RefusedError(f"a {type(thing).__name__} as an operand")
    return thing


def pure(call: Any) -> Any:
    """Return *call*, one of Python's own functions: no other code can be called by it.

    Raises:
        RefusedError: it is another.
    """
    if call in (bool, max, min, fsum, any, all, sum, abs) or (
        isinstance(call, BuiltinFunctionType) and call.__module__ == "_operator"
    ):
        return call
    raise RefusedError(f"the function {getattr(call, '__qualname__', call)!r}")


KERNELS: dict[type, Callable[[Any, Source], Kernel]] = {
    LineDelay: delay,
    LinesOperation: operation,
    LineOwnOperation: own_operation,
    functions.DivByZero: divide,
    functions.DivZeroByZero: divide_zero,
    functions.Cmp: compare,
    functions.If: choose,
    functions.MultiLogic: combine,
}
"""The class whose ``next`` a line operation runs -> the builder of its kernel."""

"""A node's own values: by a kernel, by its own next on a ticker, or by Backtrader's own code."""

from __future__ import annotations

import array
from collections.abc import Iterator
from typing import Any

import numpy as np
from backtrader.lineiterator import LineIterator

from atms.engine.once.columns import NotExactError
from atms.engine.once.stepping import step_through, steps_by_next
from atms.engine.once.table import EMPTY, Kernel, kernel_of

OWN_CODE = "its class has code of its own"
STEPPED = "its own next, bar by bar"
# What a kernel stands for: an instance that has its own runs it.
_OWN = frozenset(
    {
        *("_once", "preonce", "oncestart", "once", "prenext", "nextstart", "next"),
        *("forward", "home", "oncebinding", "buflen"),
    }
)
Outcome = tuple[bool, str]


def compute_values(node: Any) -> Outcome:
    """Compute what *node* writes into its lines, which are there already.

    Args:
        node: an indicator or an operation on lines.

    Returns:
        Whether it was fast, and a word about it: why it took Backtrader's own code, or how else
        it was computed than by a kernel.
    """
    kind = type(node)
    why = _own_functions(node)
    if all(getattr(kind, name) in empty for name, empty in EMPTY.items()):
        if not why:
            node.buflen()
            return True, ""
    elif not why:
        outcome = _fast(node, kind)
        if outcome[0]:
            return outcome
        why = outcome[1]
    node.preonce(0, node._minperiod - 1)
    node.oncestart(node._minperiod - 1, node._minperiod)
    node.once(node._minperiod, node.buflen())
    return (True, "its own once") if _is_ours(kind.once) else (False, why)


def _fast(node: Any, kind: type[Any]) -> Outcome:
    first, end = node._minperiod - 1, node.buflen()
    if type(first) is not int or not 0 <= first < end:
        return False, f"{end} bars, and its first value is that of bar {node._minperiod}"
    kernel = kernel_of(kind)
    why = OWN_CODE if kernel is None else _by_kernel(node, kernel, first, end)
    if why and steps_by_next(kind):
        try:
            step_through(node, first, end)
        except NotExactError as error:
            return False, str(error)
        return True, STEPPED
    return not why, why


def _by_kernel(node: Any, kernel: Kernel, first: int, end: int) -> str:
    own = node.lines[0]
    if any(binding is own for line in _lines_under(node) for binding in line.bindings):
        return "its line is written by another"
    try:
        with np.errstate(all="ignore"):
            kernel.compute(node, first, end)
    except NotExactError as error:
        if is_plain_array(own.array, end):  # take back what it may have written
            np.frombuffer(own.array, np.float64)[first:end] = np.nan
        return str(error)
    return ""


def is_plain_array(values: Any, length: int) -> bool:
    """Return whether *values* is an array of at least *length* floats."""
    return type(values) is array.array and values.typecode == "d" and 0 < length <= len(values)


def _lines_under(node: Any) -> Iterator[Any]:
    for child in getattr(node, "_lineiterators", {}).get(LineIterator.IndType, ()):
        yield from child.lines


def _own_functions(node: Any) -> str:
    own = vars(node).keys() & _OWN
    return f"the instance has its own {', '.join(sorted(own))}" if own else ""


def _is_ours(once: Any) -> bool:
    """Return whether it is a once of ours, which is over whole arrays by itself."""
    return str(getattr(once, "__module__", "")).startswith("atms.indicators.")

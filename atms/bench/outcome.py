"""What came out of a run, so that two engines can be compared: every float by its last bit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

_BIT = (
    "dt",
    "size",
    "price",
    "closed",
    "closedvalue",
    "closedcomm",
    "opened",
    "openedvalue",
    "openedcomm",
    "pnl",
    "psize",
    "pprice",
)


def of_run(strategy: Any, analyzers: bool = True) -> tuple[int, str]:
    """Return the number of fills, and a hash of fills, final value and cash, analyzers' results.

    It is read from what the broker keeps, so that nothing has to be recorded during the run.
    """
    broker = strategy.broker
    fills = [
        (order.data._id, order.isbuy(), *(getattr(bit, name) for name in _BIT))
        for order in broker.orders
        for bit in order.executed.exbits
    ]
    ends = (broker.getvalue(), broker.getcash())
    analyses = [one.get_analysis() for one in strategy.analyzers] if analyzers else []
    return len(fills), _hash([*fills, ends, *analyses])


def of_trials(found: Iterable[Any]) -> tuple[int, str]:
    """Return the number of orders, and a hash of parameters and results, of all trials."""
    rows = [
        (sorted(trial.p._getkwargs().items()), trial.analyzers[0].get_analysis())
        for (trial,) in found
    ]
    return sum(analysis["orders"] for _, analysis in rows), _hash(rows)


def _hash(values: Iterable[Any]) -> str:
    """Return a hash of the values' texts: a float's has all its bits, an int's is another one."""
    return hashlib.sha256("\n".join(map(repr, values)).encode()).hexdigest()

"""A run as a funnel: bars, signals, gates, orders, fills, trades; and what was refused most."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import pandas as pd

By = Literal["gate", "risk", "broker"]
_MOST = 5  # refusals that are named
_OUT = ("rejected", "margin")


class Refusals(NamedTuple):
    """How often something was refused.

    Attributes:
        by: ``gate``, the strategy's own condition; ``risk``, a limit of the config; ``broker``.
        name: the gate's, the limit's code, or the broker's.
    """

    by: By
    name: str
    times: int


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """What became of a run's bars.

    Attributes:
        bars: in the time range.
        signals: that the strategy stated; 0 if it does not explain itself.
        passed: signals that no gate refused.
        orders: that were made, legs of brackets and exits too.
        filled: orders that filled, in whole or in part.
        fills, trades: of them.
        refusals: the commonest, at most five.
    """

    bars: int
    signals: int
    passed: int
    orders: int
    filled: int
    fills: int
    trades: int
    refusals: tuple[Refusals, ...] = ()

    def __bool__(self) -> bool:
        """Return whether it says more than the figures do: signals, or refusals."""
        return bool(self.signals or self.refusals)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "refusals": [one._asdict() for one in self.refusals]}


def funnel(
    bars: int,
    decisions: pd.DataFrame,
    gates: pd.DataFrame,
    orders: pd.DataFrame,
    fills: pd.DataFrame,
    trades: pd.DataFrame,
) -> Funnel:
    """Return the funnel of a run's frames."""
    signals = decisions.loc[decisions["signal"] != "", "number"]
    failed = gates.loc[~gates["passed"], "number"]
    found: Counter[tuple[By, str]] = Counter()
    for name, count in gates.loc[~gates["passed"], "name"].value_counts().items():
        found["gate", str(name)] = int(count)
    for order in orders[orders["status"].isin(_OUT)].to_dict("records"):
        found[refused_by(order)] += 1
    most = sorted(found.items(), key=lambda one: (-one[1], one[0]))[:_MOST]
    return Funnel(
        bars=bars,
        signals=len(signals),
        passed=int((~signals.isin(failed)).sum()),
        orders=len(orders),
        filled=int((orders["filled"] > 0).sum()),
        fills=len(fills),
        trades=len(trades),
        refusals=tuple(Refusals(by, name, count) for (by, name), count in most),
    )


def refused_by(order: dict[Any, Any]) -> tuple[By, str]:
    """Return who refused an order, and the code of it; without one, the order's status."""
    code = order.get("code")
    if not isinstance(code, str):
        before, colon, _ = str(order.get("reason")).partition(":")  # as a live account tells it
        code = before if colon and before.isupper() else None
    if code is None:
        return "broker", str(order["status"])
    return ("risk" if code.startswith("MAX_") or code == "NO_PRICE" else "broker"), code

"""Why a trade was opened and closed, in the words that stand at its orders."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd

LIQUIDATION = "liquidated: "  # begins the reason of an order that the broker made
END_OF_RUN = "end of run"
_BY_TYPE = {
    "stop": "stop",
    "stoplimit": "stop",
    "stoptrail": "trailing stop",
    "stoptraillimit": "trailing stop",
    "limit": "limit",
}
SIGNAL, REVERSAL = "signal", "reversal"


class Words(NamedTuple):
    """What stands at an order.

    Attributes:
        reason, tag: as the strategy gave them; None: it gave none.
        exit: why a trade is closed that this order closes; None: nobody knows.
    """

    reason: str | None = None
    tag: str | None = None
    exit: str | None = None


def words(orders: Iterable[Mapping[str, Any]]) -> dict[Hashable, Words]:
    """Return order_id -> its words.

    Args:
        orders: mappings with order_id, type, parent_id, why, tag, reason.
    """
    rows = {order["order_id"]: order for order in orders}
    return {
        order_id: Words(_text(row.get("why")), _text(row.get("tag")), _exit(row, rows))
        for order_id, row in rows.items()
    }


def made_by_the_run(reason: Any) -> bool:
    """Return whether an order's reason says that not the strategy made it, but broker or runner."""
    return isinstance(reason, str) and (reason == END_OF_RUN or reason.startswith(LIQUIDATION))


def _exit(row: Mapping[str, Any], rows: Mapping[Hashable, Mapping[str, Any]]) -> str:
    reason = row.get("reason")
    if made_by_the_run(reason):
        return END_OF_RUN if reason == END_OF_RUN else "liquidation"
    parent = rows.get(row.get("parent_id"))
    own = _text(row.get("why"))
    # Backtrader gives a bracket's words to its legs too: there they say why it was opened.
    if own is not None and (parent is None or own != _text(parent.get("why"))):
        return own
    found = _BY_TYPE.get(str(row.get("type")), SIGNAL)
    return "target" if found == "limit" and _text(row.get("parent_id")) is not None else found


def _text(value: Any) -> str | None:
    """Return a text; None for what a frame has where there is nothing."""
    return None if value is None or value is pd.NA or value != value else str(value)

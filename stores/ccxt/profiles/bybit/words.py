"""Bybit's way to write times, numbers and names, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.profiles.called import client_ref, order_ref
from atms.stores.requests import Refs

CATEGORY = "spot"


def number(text: str | None) -> Decimal:
    """Return a number; the venue writes nothing where there is none."""
    return Decimal(text) if text else Decimal(0)


def plain(value: Decimal) -> str:
    """Return a number as the venue reads it: no exponent, no zeros behind."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def call(method: str, costs: Mapping[str, int], *expects: str, **params: Any) -> Call:
    """Return a request; each counts for the address too."""
    return Call(
        method=method, params=params, costs={"requests": 1, **costs}, expects=frozenset(expects)
    )


# ---- names of an order ---------------------------------------------------------------------
def refs_of(row: Mapping[str, Any], raw: str) -> Refs:
    """Return all names that a row of an order or an execution tells."""
    key = row.get("orderLinkId")
    mine = {client_ref(raw, key)} if key else set()
    return frozenset({order_ref(raw, str(row["orderId"]))} | mine)

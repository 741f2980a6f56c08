"""The words of the conformance table: a profile's lines, and what holds for each."""

from __future__ import annotations

from dataclasses import MISSING, fields

from atms.stores.capabilities import Capabilities, KeyRule

_ASKED = frozenset({"can_withdraw"})  # of the key, and so told by no profile


def words(can: Capabilities) -> frozenset[str]:
    """Return every line that may have a source, ``keys.max_len`` and ``budgets.weight`` apart."""
    whole = {field.name for field in fields(can)} - {"keys", "budgets", "exercised", "as_backtest"}
    keys = {f"keys.{field.name}" for field in fields(KeyRule)}
    return frozenset(whole | keys | {f"budgets.{budget.name}" for budget in can.budgets})


def needed(can: Capabilities) -> frozenset[str]:
    """Return the lines that a profile says itself: those that are not as every venue's."""
    found = set(_ASKED)
    for field in fields(can):
        value = getattr(can, field.name)
        if field.name == "keys":
            found |= {f"keys.{part.name}" for part in fields(KeyRule)}
        elif field.name == "budgets":
            found |= {f"budgets.{budget.name}" for budget in value}
        elif field.default is MISSING or value != field.default:
            found.add(field.name)
    return frozenset(found)

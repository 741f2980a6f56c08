"""The words of docs/venues.md: what the contract's suite tries, and a profile's lines."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import yaml

from atms.stores.capabilities import Capabilities, KeyRule
from atms.stores.ccxt import profiles
from tests.stores import contract
from tests.stores.ccxt.contract import OfSandbox

PAGE = Path(__file__).parents[3] / "docs" / "venues.md"
FOLDER = Path(profiles.__file__).parent
PARTS = {  # part of the contract -> its heading, and the letter of its columns
    contract.Writing: ("Orders leave once, and what comes back is a value", "W"),
    contract.Telling: ("What the account's stream tells", "T"),
    contract.Changing: ("What changes afterwards", "C"),
    contract.Remembering: ("The account's log", "R"),
    contract.Looking: ("Looking for an order", "L"),
    contract.Standing: ("The account and the market as they stand", "S"),
    OfSandbox: ("What the market tells", "M"),
}
_ASKED = frozenset({"can_withdraw"})  # of the key, and so told by no profile


def venue_of(suite: type) -> str:
    """Return ccxt's id of the exchange that a suite is of: ``TestBybitSpot`` -> ``bybit``."""
    name = suite.__name__.removeprefix("Test").lower()
    return max((one for one in profiles.PROFILES if name.startswith(one)), key=len)


def behaviours() -> dict[str, dict[str, str]]:
    """Return a part's heading -> its columns: ``W1`` -> the name of the test."""
    found: dict[str, dict[str, str]] = {}
    for part, (heading, letter) in PARTS.items():
        names = [name for name, _ in inspect.getmembers(part) if name.startswith("test_")]
        known = {name for other in found.values() for name in other.values()}
        names = [name for name in names if name not in known]
        names.sort(key=lambda name: inspect.unwrap(getattr(part, name)).__code__.co_firstlineno)
        found[heading] = {f"{letter}{place}": name for place, name in enumerate(names, 1)}
    return found


def is_of_a_venue(suite: Any) -> bool:
    """Return whether a class of tests is the contract on one exchange's sandbox."""
    return isinstance(suite, type) and issubclass(suite, OfSandbox) and suite is not OfSandbox


# ---- a profile's lines -------------------------------------------------------------------------
def sources_of(exchange: str) -> dict[str, Any]:
    """Return what a profile's ``sources.yaml`` says."""
    told: dict[str, Any] = yaml.safe_load((FOLDER / exchange / "sources.yaml").read_text())
    return told


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

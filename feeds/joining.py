"""How the values of several bars become one."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from atms.errors import ConfigError
from atms.feeds.raw import RawBars

HOWS = ("first", "max", "min", "last", "sum")
_OF_PRICE = {"open": "first", "high": "max", "low": "min", "close": "last"}
_PRICE = re.compile(r"(?:\w+_)?(open|high|low|close)")
_VOLUME = re.compile(r"(?:\w+_)?volume(?:_\w+)?", re.IGNORECASE)


def price_named(column: str) -> str | None:
    """Return ``high`` for high, ask_high or mark_high; None for what is no price of a bar."""
    found = _PRICE.fullmatch(column)
    return found[1] if found else None


def joining_rules(raw: RawBars, how: Mapping[str, str]) -> dict[str, str]:
    """Return column -> how its values become one: one of ``HOWS``, as *how* says or as usual.

    Raises:
        ConfigError: *how* names no column of *raw*, or no such way.
    """
    for name, rule in how.items():
        if name not in raw.columns:
            raise ConfigError(
                f"{raw.where}: how: has no column {name!r}; it has: {', '.join(raw.columns)}"
            )
        if rule not in HOWS:
            raise ConfigError(f"how: {name}: {rule!r} is none of {', '.join(HOWS)}")
    rules = {}
    for name in raw.columns:
        price = price_named(name)
        usual = _OF_PRICE[price] if price else "sum" if _VOLUME.fullmatch(name) else "last"
        rules[name] = how.get(name, usual)
    return rules


def joined(values: NDArray[np.float64], firsts: NDArray[np.intp], rule: str) -> NDArray[np.float64]:
    """Return one value for each run of *values*, shape (len(firsts),).

    A run begins at each of *firsts*, the first of them 0; what is unknown (NaN) stays so in a
    sum, a highest and a lowest.
    """
    if rule == "first":
        return values[firsts]
    if rule == "last":
        lasts = np.append(firsts[1:], len(values)) - 1
        return np.take(values, lasts)
    if rule == "sum":
        # In order, as a person adds; reduceat would pair them, and differ in the last bit.
        run = np.repeat(np.arange(len(firsts)), np.diff(firsts, append=len(values)))
        return np.bincount(run, values).astype(np.float64, copy=False)
    extreme = np.maximum if rule == "max" else np.minimum
    reduced: NDArray[np.float64] = extreme.reduceat(values, firsts)
    return reduced

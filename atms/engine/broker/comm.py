"""Which commission infos let the broker sleep, and which are worked out in place."""

from __future__ import annotations

import math
from typing import Any

import backtrader as bt

_BASE = bt.CommInfoBase
# What Backtrader asks on every bar of a position.
_ASKED_EACH_BAR = (
    "get_credit_interest", "_get_credit_interest", "cashadjust", "getvaluesize", "getvalue",
    "profitandloss", "get_leverage", "get_margin", "stocklike",
)  # fmt: skip
_ASKED_AT_FILLS = ("getcommission", "_getcommission", "confirmexec", "getoperationcost", "margin")


def _is_stock(info: Any, names: tuple[str, ...]) -> bool:
    cls, held = type(info), vars(info)
    return all(getattr(cls, name) is _BASE.__dict__[name] and name not in held for name in names)


def why_awake(info: Any) -> str:
    """Return why the broker has to look at a position of this info on every bar; "" if not."""
    name = type(info).__name__
    if not isinstance(info, _BASE) or not _is_stock(info, _ASKED_EACH_BAR):
        return f"{name} has its own way to value or to charge a position"
    if not info._stocklike:
        return f"{name}: a future's gains are cash on every bar"
    if info._creditrate:
        return f"{name}: interest on positions"
    if not _is_number(info.p.leverage) or not info.p.leverage or not _is_number(info.p.mult):
        return f"{name}: leverage {info.p.leverage!r}, mult {info.p.mult!r}"
    return ""


def is_valued(info: Any) -> bool:
    """Return whether a position of nothing is worth nothing by it."""
    return isinstance(info, _BASE) and _is_stock(info, _ASKED_EACH_BAR)


def is_plain(info: Any) -> bool:
    """Return whether its commission is a share of the value or fixed, as Backtrader has it."""
    return _is_stock(info, _ASKED_AT_FILLS)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)

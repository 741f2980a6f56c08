"""How the static report looks, and how values are written on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import FuncFormatter

from atms.report.figures import GRID, plain
from atms.report.page.blocks import Column, Kind

INK, QUIET, RULE = "#1d2129", "#646a75", GRID
GAIN, LOSS, ACCENT = "#0b7a75", "#c8553d", "#2f5d9b"
STATES = {"good": GAIN, "warn": "#b07a00", "bad": LOSS, "none": QUIET}
SMALL, BODY, HEAD = 7.0, 8.0, 11.0  # sizes of letters, points
NONE = "–"
NUMERIC = frozenset({"number", "count", "money", "price", "percent", "days"})


def _time(value: Any) -> str:
    moment = pd.Timestamp(int(value), unit="us")
    return f"{moment:%Y-%m-%d}" if moment == moment.normalize() else f"{moment:%Y-%m-%d %H:%M}"


def _number(value: Any) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3f}"


_WRITTEN: dict[str, Callable[[Any], str]] = {
    "number": lambda value: f"{value:,.3f}",
    "count": _number,
    "money": lambda value: f"{value:,.2f}",
    "price": lambda value: f"{value:,.8g}",
    "percent": lambda value: f"{value:.2%}",
    "days": lambda value: f"{value:,.0f}",
    "time": _time,
}


def written(value: Any, kind: Kind) -> str:
    """Return a value as people read it; a dash where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NONE
    write = _WRITTEN.get(kind)
    return str(value) if write is None or isinstance(value, str | bool) else write(value)


def heading(column: Column) -> str:
    """Return a column's heading, with its currency."""
    return f"{column.title} ({column.unit})" if column.unit else column.title


def colour(value: float) -> str:
    """Return the colour of a gain or a loss."""
    return LOSS if value < 0 else GAIN


def over_time(axes: Any) -> None:
    """Write times along an axis, as few and as short as can be."""
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def quiet(axes: Any, kind: Kind = "number") -> None:
    """Give axes a grid, small labels, and values written as *kind* along the second axis."""
    plain(axes)
    axes.tick_params(labelsize=SMALL, colors=QUIET, length=2)
    shown: Callable[[float, object], str] = lambda value, _: f"{value:,.6g}"  # noqa: E731
    if kind == "percent":
        shown = lambda value, _: f"{value:.4g}%" if not value else f"{100 * value:,.4g}%"  # noqa: E731
    axes.yaxis.set_major_formatter(FuncFormatter(shown))

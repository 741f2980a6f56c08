"""A run's equity and drawdown as a small chart in the terminal."""

from __future__ import annotations

import pandas as pd
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from atms.cli.tables import money, percent
from atms.report import sparkline
from atms.result import Result

FROM = 80  # columns of a terminal
_LEAST, _MOST = 28, 72
_GAP = 3
_LINES = 7, 3  # of equity and drawdown
_BENEATH = 5, 2


def beside(page: Console, figures: Table, result: Result) -> RenderableType:
    """Return *figures* with the run's chart: beside it where there is room, else beneath.

    On a page of under 80 columns, and where there is no equity to draw, *figures* alone.
    """
    if page.width < FROM or not result.equity["value"].notna().any():
        return figures
    taken = Measurement.get(page, page.options, figures).maximum
    room = page.width - taken - _GAP
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    if room < _LEAST:
        grid.add_row(figures)
        grid.add_row(_chart(page, result.equity, min(taken, page.width), _BENEATH))
    else:
        grid.add_row(figures, _chart(page, result.equity, min(room, _MOST), _LINES))
    return grid


def _chart(page: Console, equity: pd.DataFrame, width: int, lines: tuple[int, int]) -> Text:
    braille = _can_write(page, "⠿")
    value, drawdown = equity["value"], equity["drawdown"]
    said = f"equity, {money(value.min())} to {money(value.max())}"
    text = Text(no_wrap=True)
    text.append(f"{said:.{width}}\n", "dim")
    for row in sparkline.line(value, width, lines[0], braille=braille):
        text.append(f"{row}\n", "green")
    deepest = drawdown.min()
    said = f"drawdown, to {percent(None if pd.isna(deepest) else deepest)}"
    text.append(f"{said:.{width}}\n", "dim")
    for row in sparkline.hanging(drawdown, width, lines[1], braille=braille):
        text.append(f"{row}\n", "red")
    first, last = (f"{equity.index[place]:%Y-%m-%d}" for place in (0, -1))
    return text.append(f"{first}{last:>{width - len(first)}}", "dim")


def _can_write(page: Console, character: str) -> bool:
    try:
        character.encode(page.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True

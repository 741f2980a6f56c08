"""Tables on paper: as many columns as fit, as many rows as somebody reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from atms.report.page.blocks import Column, Table
from atms.report.static.flow import INNER, Flow, rule
from atms.report.static.style import INK, NUMERIC, QUIET, SMALL, heading, written

MOST_ROWS = 40  # of a tall table
_LONGEST = 66  # characters of a cell
_LETTER = SMALL * 0.57 / 72  # inches a character takes
_STEP = SMALL * 1.55 / 72
_GAP = 0.13


def draw_table(flow: Flow, table: Table, rows: Sequence[Sequence[Any]] | None = None) -> None:
    """Draw a table, and say beneath it what was left out.

    Args:
        flow: where.
        table: the table.
        rows: instead of its own, of a table whose columns are in a series.
    """
    rows = table.rows if rows is None else rows
    if not rows:
        return
    shown = [[_cell(v, c) for v, c in zip(row, table.columns, strict=True)] for row in rows]
    shown = shown[: MOST_ROWS if table.tall else None]
    columns, widths = _fitting(table.columns, shown)
    axes = flow.canvas((len(shown) + 2.2) * _STEP)
    axes.text(0, 0.8 * _STEP, table.title, fontsize=SMALL + 0.5, weight="bold", color=INK,
              parse_math=False)  # fmt: skip
    heads = [heading(column) for column in table.columns]
    for number, cells in enumerate([heads, *shown]):
        _draw_row(axes, number + 1, [cells[i] for i in columns], widths,
                  [table.columns[i] for i in columns])  # fmt: skip
    rule(axes, 2.15 * _STEP)
    for line in _left_out(table, columns, len(rows) - len(shown)):
        flow.text(line, size=SMALL - 0.5, colour=QUIET)


def _cell(value: Any, column: Column) -> str:
    text = written(value, column.kind).replace("\n", " ")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _fitting(
    columns: Sequence[Column], rows: Sequence[Sequence[str]]
) -> tuple[list[int], list[float]]:
    """Return which columns fit across the sheet, and how wide each is, inches."""
    kept, widths, used = [], [], 0.0
    for place, column in enumerate(columns):
        longest = max(len(heading(column)), *(len(row[place]) for row in rows))
        width = longest * _LETTER + _GAP
        if used + width > INNER + _GAP:
            break
        kept.append(place)
        widths.append(width)
        used += width
    return kept, widths


def _draw_row(
    axes: Any,
    number: int,
    cells: Sequence[str],
    widths: Sequence[float],
    columns: Sequence[Column],
) -> None:
    left = 0.0
    y = (number + 0.8) * _STEP
    for cell, width, column in zip(cells, widths, columns, strict=True):
        right = column.kind in NUMERIC
        axes.text(
            left + width - _GAP if right else left, y, cell, fontsize=SMALL, parse_math=False,
            ha="right" if right else "left", color=QUIET if number == 1 else INK,
        )  # fmt: skip
        left += width


def _left_out(table: Table, columns: Sequence[int], rows: int) -> list[str]:
    note = re.sub(r"; a click[^.;]*", "", table.note)  # paper does not hear it
    lines = [note] if note else []
    if rows:
        lines.append(f"{rows:,} more rows are in report.html and the run's files.")
    gone = [column.title for place, column in enumerate(table.columns) if place not in columns]
    if gone:
        lines.append(f"Columns that did not fit: {', '.join(gone)}.")
    return lines

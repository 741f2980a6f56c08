"""Charts of tables on paper, one function a kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from atms.report.page.blocks import Chart, Column, Kind, Table
from atms.report.static.flow import Flow
from atms.report.static.series_charts import moments
from atms.report.static.style import (
    ACCENT,
    GAIN,
    INK,
    LOSS,
    QUIET,
    SMALL,
    colour,
    heading,
    over_time,
    quiet,
    written,
)

Rows = Sequence[Sequence[Any]]
_MOST_BARS = 40
_SIGNED = LinearSegmentedColormap.from_list("signed", [LOSS, "#f7f7f5", GAIN])


class _Drawn:
    """A table's columns by their keys."""

    def __init__(self, table: Table, rows: Rows) -> None:
        self._places = {column.key: place for place, column in enumerate(table.columns)}
        self.columns = {column.key: column for column in table.columns}
        self.rows = rows

    def values(self, key: str) -> list[Any]:
        return [row[self._places[key]] for row in self.rows]

    def floats(self, key: str) -> Any:
        found = [np.nan if value is None else float(value) for value in self.values(key)]
        return np.array(found, dtype=np.float64)

    def kind(self, key: str) -> Kind:
        return self.columns[key].kind


def draw_chart(flow: Flow, chart: Chart, table: Table, rows: Rows | None = None) -> None:
    """Draw the picture of a table; nothing where the table has no row.

    Args:
        rows: instead of the table's own, where its columns are in a series.
    """
    rows = table.rows if rows is None else rows
    draw = _KINDS.get(chart.kind)
    if draw is not None and rows:
        draw(flow, chart, _Drawn(table, rows))


def _heatmap(flow: Flow, chart: Chart, drawn: _Drawn) -> None:
    cells = np.array([drawn.floats(key) for key in chart.y]).T
    most = float(np.nanmax(np.abs(cells))) if np.isfinite(cells).any() else 1.0
    axes = flow.axes(0.34 + 0.21 * len(cells), title=chart.title)
    axes.imshow(cells, cmap=_SIGNED, vmin=-most or -1, vmax=most or 1, aspect="auto")
    for (row, place), value in np.ndenumerate(cells):
        if np.isfinite(value):
            axes.text(place, row, f"{value:.1%}", ha="center", va="center", fontsize=SMALL - 1)
    heads = [drawn.columns[key].title for key in chart.y]
    axes.set_xticks(range(len(heads)), heads)
    labels = [written(value, drawn.kind(chart.x)) for value in drawn.values(chart.x)]
    axes.set_yticks(range(len(cells)), [label.replace(",", "") for label in labels])
    axes.tick_params(labelsize=SMALL, colors=QUIET, length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _bars(flow: Flow, chart: Chart, drawn: _Drawn) -> None:
    labels = [written(v, _label_kind(drawn.columns[chart.x])) for v in drawn.values(chart.x)]
    left_out = len(labels) - _MOST_BARS
    labels = labels[:_MOST_BARS]
    axes = flow.axes(1.7, title=chart.title, below=0.36)
    width = 0.7 / len(chart.y)
    for number, key in enumerate(chart.y):
        values = drawn.floats(key)[:_MOST_BARS]
        shades = [colour(value) for value in values] if number == 0 else QUIET
        at = np.arange(len(labels)) + number * width - 0.35 + width / 2
        axes.bar(at, values, color=shades, width=width, label=drawn.columns[key].title)
    turned = {"rotation": 30, "ha": "right"} if max(map(len, labels)) * len(labels) > 90 else {}
    axes.set_xticks(range(len(labels)), labels, **turned)
    for label in axes.get_xticklabels():
        label.set_parse_math(False)
    axes.axhline(0, color=QUIET, lw=0.6)
    axes.set_xlim(-0.7, max(len(labels), 6) - 0.3)  # one bar alone is no wall
    quiet(axes, drawn.kind(chart.y[0]))
    if len(chart.y) > 1:
        axes.legend(loc="best", frameon=False, ncols=4, fontsize=SMALL)
    if left_out > 0:
        flow.text(f"{left_out:,} more are on the page.", size=SMALL - 0.5, colour=QUIET)


def _label_kind(column: Column) -> Kind:
    return "text" if column.kind == "count" else column.kind  # a year has no comma


def _histogram(flow: Flow, chart: Chart, drawn: _Drawn) -> None:
    edges, counts = drawn.floats(chart.x), drawn.floats(chart.y[0])
    axes = flow.axes(1.7, title=chart.title, below=0.34)
    width = float(np.median(np.diff(edges))) if len(edges) > 1 else 1.0
    axes.bar(edges, counts, width * 0.95, align="edge", color=ACCENT, alpha=0.75)
    for key in chart.y[1:]:
        axes.plot(edges + width / 2, drawn.floats(key), color=INK, lw=0.9,
                  label=drawn.columns[key].title)  # fmt: skip
        axes.legend(loc="upper left", frameon=False, fontsize=SMALL)
    quiet(axes)
    kind = drawn.kind(chart.x)
    axes.xaxis.set_major_formatter(lambda value, _: written(float(value), kind))


def _lines(flow: Flow, chart: Chart, drawn: _Drawn) -> None:
    axes = flow.axes(1.7, title=chart.title, below=0.34)
    x = drawn.floats(chart.x)
    timed = drawn.kind(chart.x) == "time"
    for key, shade in zip(chart.y, (ACCENT, LOSS, GAIN, QUIET) * 5, strict=False):
        label = drawn.columns[key].title
        axes.plot(moments(x) if timed else x, drawn.floats(key), lw=1, color=shade, label=label)
    quiet(axes, drawn.kind(chart.y[0]))
    if timed:
        over_time(axes)
    if len(chart.y) > 1:
        axes.margins(y=0.16)  # room for the legend
        axes.legend(loc="upper left", frameon=False, ncols=4, fontsize=SMALL)


def _scatter(flow: Flow, chart: Chart, drawn: _Drawn) -> None:
    for key in chart.y:
        axes = flow.axes(2.0, title=chart.title, below=0.4)
        x, y = drawn.floats(chart.x), drawn.floats(key)
        axes.scatter(x, y, s=9, color=[colour(value) for value in y], alpha=0.7, lw=0)
        axes.axhline(0, color=QUIET, lw=0.6)
        quiet(axes, drawn.kind(key))
        kind = drawn.kind(chart.x)
        axes.xaxis.set_major_formatter(lambda value, _, kind=kind: written(float(value), kind))
        axes.set_xlabel(heading(drawn.columns[chart.x]), fontsize=SMALL, parse_math=False)
        axes.set_ylabel(heading(drawn.columns[key]), fontsize=SMALL, parse_math=False)


def _intervals(flow: Flow, chart: Chart, drawn: _Drawn) -> None:
    """Draw a row a figure: its interval as a line, its value as a point; one scale for all."""
    values, low, high = (
        drawn.floats(key) for key in (chart.y[0], chart.options["low"], chart.options["high"])
    )
    axes = flow.axes(0.3 + 0.2 * len(values), title=chart.title, left=1.3)
    rows = np.arange(len(values))[::-1]
    axes.hlines(rows, low, high, color=ACCENT, lw=2)
    axes.plot(values, rows, "o", color=INK, ms=3)
    axes.axvline(0, color=QUIET, lw=0.6)
    quiet(axes)
    axes.set_yticks(rows, [str(name) for name in drawn.values(chart.x)])
    axes.set_ylim(-0.6, len(values) - 0.4)
    kind = drawn.kind(chart.y[0])
    axes.xaxis.set_major_formatter(lambda value, _: written(float(value), kind))


_KINDS: dict[str, Callable[[Flow, Chart, _Drawn], None]] = {
    "heatmap": _heatmap,
    "bars": _bars,
    "histogram": _histogram,
    "lines": _lines,
    "scatter": _scatter,
    "intervals": _intervals,
}

"""Contents -> sheets: a PDF of all of them, or the first of it as one picture."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from atms.report.page.blocks import Block, Chart, Code, Contents, Table, Text
from atms.report.static.flow import INNER, SHEET, WIDTH, Flow
from atms.report.static.series_charts import Columns, draw_equity, draw_exposure, draw_price
from atms.report.static.style import HEAD, QUIET, SMALL, STATES, written
from atms.report.static.table_charts import draw_chart
from atms.report.static.tables import draw_table

MOST_FEEDS = 6
_MOST_CODE = 240  # lines
_OF_PICTURE = ("equity", "price", "heatmap", "bars")
_WHOLE = ("heatmap", "histogram", "lines")  # kinds that show all that their table has
_SHORT = 46  # characters of a line of the header that stands beside another
_TALL = 60.0  # inches: more than a picture ever takes

Series = Mapping[str, Columns]


def pdf(contents: Contents, series: Series, path: Path) -> None:
    """Write the page's contents as a PDF of A4 sheets.

    Prices are drawn for the first feeds that were traded, 6 at most, and tables have 40 rows at
    most; what is left out is said where it is.

    Raises:
        OSError: *path* cannot be written.
    """
    with _letters_may_miss(), PdfPages(path, metadata={"Title": contents.title}) as pages:
        flow = Flow(lambda sheet: pages.savefig(sheet), SHEET, contents.title)
        sheets = _Sheets(contents, series, flow)
        sheets.front()
        for section in contents.sections:
            flow.heading(section.title)
            for block in section.blocks:
                sheets.block(block)
        flow.close()


def png(contents: Contents, series: Series, path: Path) -> None:
    """Write the header, the strip, equity, price and returns by month and year as one picture.

    Raises:
        OSError: *path* cannot be written.
    """
    done: list[Figure] = []
    flow = Flow(done.append, _TALL, "")
    with _letters_may_miss():
        sheets = _Sheets(contents, series, flow, feeds=1)
        sheets.front()
        blocks = [block for section in contents.sections for block in section.blocks]
        for kind in _OF_PICTURE:
            first = next((b for b in blocks if isinstance(b, Chart) and b.kind == kind), None)
            if first is not None:
                sheets.block(first)
        height = flow.used
        flow.close()
        FigureCanvasAgg(done[0])
        box = Bbox.from_extents(0, _TALL - height, WIDTH, _TALL)
        done[0].savefig(path, dpi=120, bbox_inches=box)


@contextmanager
def _letters_may_miss() -> Iterator[None]:
    """A symbol in letters that the font lacks is drawn as boxes, and no reason to warn."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


class _Sheets:
    """Draws blocks on a flow."""

    def __init__(
        self, contents: Contents, series: Series, flow: Flow, feeds: int = MOST_FEEDS
    ) -> None:
        self._contents = contents
        self._series = series
        self._flow = flow
        self._feeds = feeds
        blocks = [block for section in contents.sections for block in section.blocks]
        self._tables = {block.id: block for block in blocks if isinstance(block, Table)}
        self._pictured = {
            block.table for block in blocks if isinstance(block, Chart) and block.kind in _WHOLE
        }

    def front(self) -> None:
        """Draw the title, what the run was, its badges and the strip."""
        flow, contents = self._flow, self._contents
        flow.heading(contents.title)
        _draw_about(flow, contents.about)
        for badge in contents.badges:
            said = f"{badge.title}: {badge.detail}"
            flow.text(said, size=SMALL + 0.5, colour=STATES[badge.state])
        _draw_strip(flow, contents)

    def block(self, block: Block) -> None:
        """Draw a block."""
        match block:
            case Text():
                self._flow.text(block.text, colour=STATES[block.state])
            case Table() if self._on_paper(block):
                draw_table(self._flow, block, self._rows(block))
            case Chart(kind="equity"):
                names = list(block.options.get("series", ["equity"]))
                there = [name for name in names if len(self._column(name, "time"))]
                said = dict(zip(names, block.options.get("names", ["equity"]), strict=False))
                if there:
                    curves = [self._series[name] for name in there]
                    draw_equity(self._flow, curves, [said.get(name, name) for name in there])
            case Chart(kind="exposure"):
                if len(self._column("equity", "time")):
                    draw_exposure(self._flow, self._series["equity"])
            case Chart(kind="price"):
                self._prices()
            case Chart():
                table = self._tables.get(block.table)
                if table is not None:
                    draw_chart(self._flow, block, table, self._rows(table))
            case Code():
                self._code(block)

    def _on_paper(self, table: Table) -> bool:
        """Whether a table says more than the picture of it; bars and fills fill books."""
        return table.series == "trades" or not (table.series or table.id in self._pictured)

    def _column(self, series: str, name: str) -> Any:
        return self._series.get(series, {}).get(name, ())

    def _rows(self, table: Table) -> Sequence[Sequence[Any]] | None:
        """Return the rows of a table whose columns are a series."""
        if not table.series:
            return None
        found = self._series.get(table.series, {})
        length = len(next(iter(found.values()), ()))
        columns = [_values(found.get(column.key), length) for column in table.columns]
        return list(zip(*columns, strict=True))

    def _prices(self) -> None:
        feeds = list(getattr(self._series, "meta", {}).get("feeds", ()))
        fills = self._series.get("fills", {"feed": ()})
        traded = {int(feed) for feed in fills["feed"] if feed == feed}
        priced = [i for i in range(len(feeds)) if len(self._column(f"bars:{i}", "time"))]
        order = sorted(priced, key=lambda place: place not in traded)  # stable
        for place in order[: self._feeds]:
            name = str(feeds[place]["name"])
            draw_price(self._flow, self._series[f"bars:{place}"], fills, place, name)
        if left := [str(feeds[place]["name"]) for place in order[self._feeds :]]:
            more = f" and {len(left) - 20} more" if len(left) > 20 else ""
            said = f"Not drawn here: {', '.join(left[:20])}{more}. They are in report.html."
            self._flow.text(said, size=SMALL, colour=QUIET)

    def _code(self, block: Code) -> None:
        lines = block.text.splitlines()
        if not lines:
            return
        self._flow.text(block.title, size=SMALL + 0.5)
        self._flow.text("\n".join(lines[:_MOST_CODE]), size=SMALL - 1, mono=True)
        if len(lines) > _MOST_CODE:
            left = f"{len(lines) - _MOST_CODE:,} more lines are in the run's files."
            self._flow.text(left, size=SMALL, colour=QUIET)


def _values(column: Any, length: int) -> list[Any]:
    if column is None:
        return [None] * length
    values = column.tolist() if isinstance(column, np.ndarray) else list(column)
    return [None if value != value else value for value in values]


def _draw_about(flow: Flow, about: Sequence[tuple[str, str]]) -> None:
    """Draw the header's lines in two columns; what is too long for them beneath."""
    if not about:
        return
    step, half = 0.155, INNER / 2
    short = [(label, value) for label, value in about if len(value) <= _SHORT]
    rows = -(-len(short) // 2)
    canvas = flow.canvas(rows * step)
    for number, (label, value) in enumerate(short):
        x, y = half * (number // rows), step * (number % rows + 0.8)
        canvas.text(x, y, label, fontsize=SMALL, color=QUIET, parse_math=False)
        canvas.text(x + 0.85, y, value, fontsize=SMALL, parse_math=False)
    for label, value in about:
        if len(value) > _SHORT:
            flow.text(f"{label}: {value}", size=SMALL)


def _draw_strip(flow: Flow, contents: Contents) -> None:
    """Draw the figures of the strip, four beside each other."""
    if not contents.strip:
        return
    a_row, step = 4, 0.52
    rows = -(-len(contents.strip) // a_row)
    canvas = flow.canvas(rows * step + 0.1)
    for number, figure in enumerate(contents.strip):
        x, y = INNER / a_row * (number % a_row), step * (number // a_row)
        unit = f" ({figure.unit})" if figure.unit else ""
        canvas.text(x, y + 0.12, f"{figure.title}{unit}", fontsize=SMALL, color=QUIET,
                    parse_math=False)  # fmt: skip
        canvas.text(x, y + 0.3, written(figure.value, figure.kind), fontsize=HEAD, weight="bold",
                    parse_math=False)  # fmt: skip
        low = figure.against
        if figure.interval:
            low = " to ".join(written(end, figure.kind) for end in figure.interval) + " (95 %)"
        canvas.text(x, y + 0.42, low, fontsize=SMALL - 1, color=QUIET, parse_math=False)

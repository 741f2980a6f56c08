"""What a page is made of: sections of blocks, as plain values that become JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["text", "number", "count", "money", "price", "percent", "time", "days"]
State = Literal["good", "warn", "bad", "none"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        key: its name in rows or series.
        title: its heading.
        kind: how a value is written; money and price in *unit*, percent is a fraction, time is
            microseconds since 1970 UTC.
        unit: of money: a currency.
    """

    key: str
    title: str
    kind: Kind = "text"
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under columns.

    Attributes:
        id: unique on the page; charts name the table behind them by it.
        rows: a list of values a row, in the order of *columns*; None where there is none.
        series: instead of rows: the packed series that holds the columns (``trades``).
        note: a line beneath, for people.
        tall: it may have many rows: sorted, filtered and shown page by page.
    """

    id: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]] = ()
    series: str = ""
    note: str = ""
    tall: bool = False


@dataclass(frozen=True)
class Chart:
    """A picture of a table or of a series.

    Attributes:
        id: unique on the page.
        kind: of series: equity, price, exposure; of a table: heatmap, bars, histogram, lines,
            scatter, intervals.
        title: its name, for everybody and for a screen reader.
        table: the id of the table behind it.
        x, y, by: keys of the table's columns that are drawn.
        options: what this kind needs more. equity: ``shade``, stretches with from, to
            (microseconds) and depth; ``log``. heatmap: ``total``, the column that is no cell.
            histogram: ``to``, the column of the upper edges (*x* has the lower), ``normal``, that
            of the curve over it. intervals: ``low``, ``high``. scatter: ``select``, the column
            that names the trade.
    """

    id: str
    kind: Literal[
        "equity", "price", "exposure",
        "heatmap", "bars", "histogram", "lines", "scatter", "intervals",
    ]  # fmt: skip
    title: str
    table: str
    x: str = ""
    y: Sequence[str] = ()
    by: str = ""
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Text:
    """A paragraph; *state* colours it."""

    text: str
    state: State = "none"


@dataclass(frozen=True)
class Code:
    """A long text, folded until somebody opens it."""

    id: str
    title: str
    text: str


Block = Table | Chart | Text | Code


@dataclass(frozen=True)
class Section:
    """A part of the page, with a heading and a place in its navigation."""

    id: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Badge:
    """A verdict in the header: *detail* says why, for the one who points at it or opens it."""

    id: str
    title: str
    state: State
    detail: str


@dataclass(frozen=True)
class Figure:
    """One number of the strip.

    Attributes:
        value: exactly as in metrics.json; None is undefined.
        interval: its 95 % interval, as (low, high), where there is one.
        against: a second line, in words: ``buy and hold -73.37%``.
    """

    id: str
    title: str
    kind: Kind
    value: Any
    unit: str = ""
    interval: tuple[float, float] | None = None
    against: str = ""


@dataclass(frozen=True)
class Contents:
    """A whole page: title, header lines (label, value), badges, strip, sections."""

    title: str
    about: Sequence[tuple[str, str]]
    badges: Sequence[Badge]
    strip: Sequence[Figure]
    sections: Sequence[Section]
    metrics: dict[str, Any]

"""Blocks one beneath the other, on as many sheets as they take."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from atms.report.static.style import BODY, HEAD, INK, QUIET, RULE, SMALL

WIDTH, MARGIN = 8.27, 0.55  # inches; A4
SHEET = 11.69
INNER = WIDTH - 2 * MARGIN
_LINE = 1.32 / 72  # inches a point of size, from one line to the next
_CHARACTERS = 1.8  # times the width in points over the size: so many fit on a line


class Flow:
    """Sheets that fill from top to bottom.

    Args:
        done: called with each sheet when it is full.
        height: of a sheet, inches.
        footer: what stands beneath each.
    """

    def __init__(self, done: Callable[[Figure], Any], height: float, footer: str) -> None:
        self._done = done
        self._height = height
        self._footer = footer
        self._sheets = 0
        self._figure: Figure | None = None
        self._heading = ""
        self.used = 0.0

    def heading(self, text: str) -> None:
        """Write a heading above the next block, and never alone at the end of a sheet."""
        self._heading = text

    def room(self, height: float, gap: float = 0.16) -> tuple[Figure, float]:
        """Return the sheet, and the upper edge (inches from below) of *height* free inches."""
        head = 0.34 if self._heading else 0.0
        if self._figure is None or self.used + head + height > self._height - MARGIN:
            self._new()
        assert self._figure is not None
        if self._heading:
            top = (self._height - self.used - 0.2) / self._height
            self._write(self._figure, MARGIN / WIDTH, top, self._heading, HEAD, weight="bold")
            self.used += head
            self._heading = ""
        top = self._height - self.used
        self.used += height + gap
        return self._figure, top

    def axes(
        self, height: float, *, title: str = "", left: float = 0.62, below: float = 0.26
    ) -> Any:
        """Return axes of *height* inches, a title above, and room for labels."""
        above = 0.24 if title else 0.06
        figure, top = self.room(height + above)
        box = (
            (MARGIN + left) / WIDTH,
            (top - above - height + below) / self._height,
            (INNER - left) / WIDTH,
            (height - below) / self._height,
        )
        if title:
            at = (MARGIN / WIDTH, (top - 0.14) / self._height)
            self._write(figure, *at, title, SMALL + 0.5, weight="bold")
        return figure.add_axes(box)

    def canvas(self, height: float, gap: float = 0.16) -> Any:
        """Return empty axes over the whole width, whose units are inches from their upper left."""
        figure, top = self.room(height, gap)
        box = (MARGIN / WIDTH, (top - height) / self._height, INNER / WIDTH, height / self._height)
        axes = figure.add_axes(box)
        axes.set_axis_off()
        axes.set_xlim(0, INNER)
        axes.set_ylim(height, 0)
        return axes

    def text(self, text: str, *, size: float = BODY, colour: str = INK, mono: bool = False) -> None:
        """Write a paragraph, its lines folded; over several sheets if it is long."""
        lines = fold(text, size, mono)
        step = size * _LINE
        while lines:
            room = int((self._height - MARGIN - self.used - 0.4) / step) if self._figure else 0
            fits = room if room >= min(len(lines), 4) else int((self._height - 2) / step)
            part, lines = lines[:fits], lines[fits:]
            axes = self.canvas(len(part) * step, gap=0.08)
            for number, line in enumerate(part):
                axes.text(
                    0, (number + 0.8) * step, line, fontsize=size, color=colour, parse_math=False,
                    family="monospace" if mono else None,
                )  # fmt: skip

    def close(self) -> None:
        """Hand the last sheet over."""
        if self._figure is not None:
            self._done(self._figure)
            self._figure = None

    def _new(self) -> None:
        self.close()
        self._sheets += 1
        self._figure = Figure(figsize=(WIDTH, self._height))
        self.used = MARGIN
        foot = 0.28 / self._height
        self._write(self._figure, MARGIN / WIDTH, foot, self._footer, SMALL - 1, color=QUIET)
        right = 1 - MARGIN / WIDTH
        number = str(self._sheets)
        self._write(self._figure, right, foot, number, SMALL - 1, color=QUIET, ha="right")

    def _write(
        self, figure: Figure, x: float, y: float, text: str, size: float, **more: Any
    ) -> None:
        figure.text(x, y, text, fontsize=size, parse_math=False, **{"color": INK, **more})


def fold(text: str, size: float, mono: bool = False) -> list[str]:
    """Return a text's lines, folded so that they fit across a sheet."""
    room = int(INNER * 72 / size / 0.605) if mono else int(INNER * 72 / size * _CHARACTERS)
    lines = text.expandtabs(4).splitlines() or [""]
    return [
        part
        for line in lines
        for part in (
            textwrap.wrap(line, room, drop_whitespace=not mono, subsequent_indent="  " * mono)
            or [""]
        )
    ]


def rule(axes: Any, y: float) -> None:
    """Draw a thin line across a canvas."""
    axes.plot([0, INNER], [y, y], color=RULE, lw=0.8, clip_on=False)

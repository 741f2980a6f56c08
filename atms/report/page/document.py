"""A whole page as one file: markup, styles, scripts and data, and nothing from anywhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

from atms.report.page import assets, markup
from atms.report.page.blocks import Chart, Contents, Section, Table
from atms.report.page.formats import plain
from atms.report.page.packing import pack

_MEGA = 1_000_000
_LEAST = 50_000  # bytes for the series, however long the rest has become


def document(contents: Contents, series: Mapping[str, Any], *, max_mb: float = 5.0) -> str:
    """Return a page as HTML that needs no network.

    Args:
        contents: what it says.
        series: the long columns that its charts and tables draw.
        max_mb: how many million bytes it may have; series become coarser where they do not fit,
            and the page says so.

    Raises:
        FileNotFoundError: Bokeh is not installed.
    """
    before, after = _around(contents)
    rest = len(before.encode()) + len(after.encode())
    packed = pack(series, max(int(max_mb * _MEGA) - rest, _LEAST))
    return before + _json("atms-series", {"data": packed.data, "notes": packed.notes}) + after


def _around(contents: Contents) -> tuple[str, str]:
    """Return the page without its series: what stands before them, and behind."""
    script, bokeh = assets.script(), assets.bokeh()
    sections = contents.sections
    before = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(script, bokeh)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{escape(contents.title)}</title>"
        f"<style>{assets.style().text}</style></head><body>"
        f'<a class="skip" href="#page">To the report</a>{markup.header(contents)}'
        f"{_WITHOUT}{markup.strip(contents.strip)}{_navigation(sections)}"
        '<p id="progress" class="progress" role="status" hidden></p><main id="page">'
        + "".join(markup.section(one.title, one.id, one.blocks) for one in sections)
        + "</main>"
        + _json("atms-contents", {"packed": assets.packed(_words(_described(sections)).encode())})
    )
    after = (
        f'<script type="text/plain" id="atms-bokeh">{bokeh.text}</script>'
        f"<script>{script.text}</script></body></html>\n"
    )
    return before, after


def _policy(script: assets.Asset, bokeh: assets.Asset) -> str:
    """Return what the page may do: run these two scripts, and fetch nothing."""
    return (
        f"default-src 'none'; script-src '{script.hash}' '{bokeh.hash}'; "
        "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


_HELP = (
    "the figures and short tables are here; charts and long tables are not. The run’s folder has "
    "everything: metrics.json, trades.csv, fills.csv, equity.parquet, bars.parquet."
)
_WITHOUT = (
    f'<noscript><p class="said warn">Scripts are off: {_HELP}</p></noscript>'
    '<p id="old" class="said warn" hidden>This browser cannot unpack the page’s data (it lacks '
    f"DecompressionStream; any browser since 2023 has it): {_HELP}</p>"
)


def _navigation(sections: Sequence[Section]) -> str:
    links = "".join(
        f'<a href="#{escape(section.id)}">{escape(section.title)}</a>' for section in sections
    )
    return f'<nav class="sections" aria-label="Sections">{links}</nav>'


def _described(sections: Sequence[Section]) -> dict[str, Any]:
    """Return what the scripts need: the charts, and the tables that they draw or fill."""
    blocks = [block for section in sections for block in section.blocks]
    charts = [block for block in blocks if isinstance(block, Chart)]
    drawn = {chart.table for chart in charts}
    return {
        "charts": [asdict(chart) for chart in charts],
        "tables": [
            _table(block)
            for block in blocks
            if isinstance(block, Table) and (block.tall or block.series or block.id in drawn)
        ],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "id": table.id,
        "title": table.title,
        "columns": [asdict(column) for column in table.columns],
        "rows": [[plain(value) for value in row] for row in table.rows],
        "series": table.series,
        "tall": table.tall,
    }


def _words(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"), default=plain)


def _json(ident: str, value: Any) -> str:
    """Return data as a script element that no text in it can end."""
    text = _words(value).replace("<", "\\u003c")
    return f'<script type="application/json" id="{ident}">{text}</script>\n'

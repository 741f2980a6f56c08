"""Runs beside each other as a page: their equity in one chart, figures, configs, warnings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from atms.cli.compare_figures import BEST, SHOWN
from atms.cli.tables import NONE
from atms.comparing import Comparison
from atms.report.page.blocks import Block, Chart, Column, Contents, Figure, Section, Table, Text
from atms.report.page.document import document
from atms.report.page.series import Series, series
from atms.report.page.series_values import Columns
from atms.reporting import replace
from atms.result import Result

_IN_STRIP = 8


def write_page(
    path: Path, results: Sequence[Result], names: Sequence[str], found: Comparison
) -> Path:
    """Write a comparison as one HTML file.

    Args:
        path: the file; what is there is replaced.
        results, names: the runs, and how they are called.
        found: the comparison, its notes with these names.

    Raises:
        OutputError: the file cannot be written.
    """
    said = contents(results, names, found)
    curves = Series(_curves(results, names), {"feeds": [], "first": None, "panes": {}})
    text = document(said, curves)
    return replace(path, lambda file: file.write_text(text, encoding="utf-8", errors="replace"))


def _curves(results: Sequence[Result], names: Sequence[str]) -> dict[str, Columns]:
    return {
        f"equity:{name}": {key: series(result)["equity"][key] for key in ("time", "value")}
        for name, result in zip(names, results, strict=True)
        if len(result.equity)
    }


def contents(results: Sequence[Result], names: Sequence[str], found: Comparison) -> Contents:
    """Return what the page of a comparison says."""
    titles = [_strategy(result) for result in results]
    return Contents(
        title=f"Compared: {', '.join(map(' '.join, zip(names, titles, strict=True)))}",
        about=[
            (name, f"{title}, run {result.id}, {result.status}")
            for name, title, result in zip(names, titles, results, strict=True)
        ],
        badges=[],
        strip=[
            Figure(f"total-return-{name}", f"{name}: total return", "percent", value,
                   against=title)
            for name, title, value in list(
                zip(names, titles, found.metrics.loc["total_return"], strict=True)
            )[:_IN_STRIP]
        ],
        sections=[
            Section("equity", "Equity", [*_warnings(found), *_equity(results, names)]),
            Section("figures", "Figures", [_figures(results, names, found)]),
            Section("configs", "Configs", _configs(results, names, found)),
        ],
        metrics={},
    )  # fmt: skip


def _strategy(result: Result) -> str:
    symbols = ", ".join(dict.fromkeys(feed.symbol for feed in result.feeds))
    return f"{result.provenance.strategy.rpartition(':')[2]} on {symbols}"


def _warnings(found: Comparison) -> list[Block]:
    return [*(Text(one, "warn") for one in found.warnings), Text("; ".join(found.notes))]


def _equity(results: Sequence[Result], names: Sequence[str]) -> list[Block]:
    there = [
        (name, _strategy(result))
        for name, result in zip(names, results, strict=True)
        if len(result.equity)
    ]
    if not there:
        return [Text("None of the runs has an equity curve.")]
    options = {
        "series": [f"equity:{name}" for name, _ in there],
        "names": [f"{name} {title}" for name, title in there],
    }
    title = "Equity of each run, its first value being 100 %"
    return [Chart("equity-chart", "equity", title, "compared", "time", ("value",), "", options)]


def _figures(results: Sequence[Result], names: Sequence[str], found: Comparison) -> Table:
    rows = []
    for figure in SHOWN:
        if figure not in found.metrics.index:
            continue
        label, write = SHOWN[figure]
        cells = []
        for result in results:
            value, best = found.metrics.at[figure, result.id], found.best.at[figure, result.id]
            cells.append(NONE if value is None else f"{write(value)}{f' {BEST}' if best else ''}")
        rows.append([label, *cells])
    columns = (Column("figure", "Figure"), *(Column(name, name) for name in names))
    return Table("compared", "Figures", columns, rows, note=f"{BEST} the best of its row")


def _configs(results: Sequence[Result], names: Sequence[str], found: Comparison) -> list[Block]:
    if not len(found.config):
        return [Text("No key of their configs differs.")]
    columns = (Column("key", "Key"), *(Column(name, name) for name in names))
    rows = [
        [key, *(NONE if pd.isna(row[result.id]) else str(row[result.id]) for result in results)]
        for key, row in found.config.iterrows()
    ]
    return [Table("configs-table", "Keys that differ", columns, rows)]

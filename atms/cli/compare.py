"""``atms compare``: the figures of several runs, and what differs in their configs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from atms.api import load_run
from atms.cli import options
from atms.cli.compare_figures import BEST, SHOWN
from atms.cli.compare_page import write_page
from atms.cli.guard import guarded
from atms.cli.screen import out, print_json, say
from atms.cli.tables import NONE, headline
from atms.comparing import Comparison
from atms.comparing import compare as compare_runs
from atms.errors import ConfigError
from atms.result import Result

_GAP = 2
_SHORTEST_FOLD = 22  # a time range stays whole


@guarded
def compare(
    run: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN", help="Two or more: an id, the start of one, `last`, or a folder."
        ),
    ],
    config: options.ConfigFiles = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write the comparison as a page too."),
    ] = None,
    json_: options.Json = False,
) -> None:
    """Show the figures of several runs beside each other, and what differs in their configs.

    The best of a row has a star, where better is defined. What forbids a
    comparison, as other data or another period, is warned of.

    Examples:
      python -m atms compare last 20261121-0930
      python -m atms compare runs/one runs/two --json
      python -m atms compare last 20261121-0930 --html compared.html
    """
    url = options.load(config).config.ledger.url
    results = [load_run(one, url) for one in run]
    _refuse_twice(run, results)
    names = [_letter(index) for index in range(len(results))]
    if html is not None:
        write_page(html, results, names, compare_runs(results, names))
        say(f"page: {html}")
    found = compare_runs(results, names if not json_ else None)
    if json_:
        print_json(_plain(results, found))
        return
    _show(out(), results, names, found)
    for warning in found.warnings:
        say(f"warning: {warning}", "yellow")


def _refuse_twice(given: Sequence[str], results: Sequence[Result]) -> None:
    seen: dict[str, str] = {}
    for text, result in zip(given, results, strict=True):
        if result.id in seen:
            raise ConfigError(
                f"{seen[result.id]} and {text} are the same run, {result.id}; name two different "
                "ones: python -m atms runs list"
            )
        seen[result.id] = text


def _letter(index: int) -> str:
    """Return A, B ... Z, AA, AB ..."""
    above, here = divmod(index, 26)
    return (_letter(above - 1) if above else "") + chr(ord("A") + here)


def _plain(results: Sequence[Result], found: Comparison) -> dict[str, Any]:
    return {
        "runs": [
            {
                "id": result.id,
                "status": result.status,
                "strategy": result.provenance.strategy,
                "symbols": list(dict.fromkeys(feed.symbol for feed in result.feeds)),
                "currency": result.feeds[0].currency,
                "hashes": result.provenance.hashes,
            }
            for result in results
        ],
        "metrics": found.metrics.to_dict("index"),
        "best": {
            figure: [str(name) for name in row.index[row]]
            for figure, row in found.best.iterrows()
            if row.any()
        },
        "config": {key: row.dropna().to_dict() for key, row in found.config.iterrows()},
        "notes": found.notes,
        "warnings": found.warnings,
    }


def _show(
    page: Console, results: Sequence[Result], names: Sequence[str], found: Comparison
) -> None:
    for name, result in zip(names, results, strict=True):
        line = Text.assemble((f"{name}  ", "bold"), headline(result))
        if result.status != "finished":
            line.append(f", {result.status}", "red")
        page.print(line, soft_wrap=True)
    page.print()
    figures = [figure for figure in SHOWN if figure in found.metrics.index]
    labels = [SHOWN[figure][0] for figure in figures]
    columns = [_figures(found, figures, result.id) for result in results]
    _print_blocks(page, labels, names, columns, "right")
    if found.best.loc[figures].to_numpy().any():
        page.print(f"{BEST} the best of its row", style="dim")
    page.print("\n" + "; ".join(found.notes), markup=False)
    if not len(found.config):
        page.print("no key of their configs differs")
        return
    page.print("their configs differ in:\n")
    columns = [[_setting(value) for value in found.config[result.id]] for result in results]
    _print_blocks(page, list(found.config.index), names, columns, "left")


def _figures(found: Comparison, figures: Sequence[str], run: str) -> list[Text]:
    cells = []
    for figure in figures:
        value, best = found.metrics.at[figure, run], found.best.at[figure, run]
        shown = NONE if value is None else SHOWN[figure][1](value)
        cells.append(Text(f"{shown}{BEST}", "bold green") if best else Text(f"{shown} "))
    return cells


def _setting(value: Any) -> Text:
    return Text(NONE, "dim") if value is pd.NA else Text(str(value))


def _print_blocks(
    page: Console,
    labels: Sequence[str],
    names: Sequence[str],
    columns: Sequence[Sequence[Text]],
    justify: Literal["left", "right"],
) -> None:
    """Print a column a run, as many side by side as the page is wide, the rest below.

    A figure is never cut; a long setting is folded where not all runs fit.
    """
    first = max(map(len, labels))
    room = page.width - first
    fold = max(room // len(names) - _GAP, _SHORTEST_FOLD)
    widths = [
        max(len(name) + 1, *(cell.cell_len for cell in column))
        for name, column in zip(names, columns, strict=True)
    ]
    if justify == "left" and sum(widths) + _GAP * len(widths) > room:
        widths = [min(width, fold) for width in widths]
    for start, end in _blocks(widths, room):
        if start:
            page.print()
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, _GAP, 0, 0))
        table.add_column("", style="dim", no_wrap=True)
        for index in range(start, end):
            head = Text(names[index] if justify == "left" else f"{names[index]} ")
            table.add_column(head, justify=justify, width=widths[index], overflow="fold")
        for row, label in enumerate(labels):
            table.add_row(label, *(columns[index][row] for index in range(start, end)))
        page.width = max(page.width, first + sum(widths[start:end]) + _GAP * (end - start + 1))
        page.print(table)


def _blocks(widths: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    """Yield (first, last, not included) of the columns that fit beside each other; at least one."""
    start, used = 0, 0
    for index, width in enumerate(widths):
        if index > start and used + _GAP + width > room:
            yield start, index
            start, used = index, 0
        used += _GAP + width
    yield start, len(widths)

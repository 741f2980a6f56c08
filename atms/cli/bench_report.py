"""``atms bench report``: the page's size and speed, as a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table
from rich.text import Text

from atms.bench.browser import missing
from atms.bench.machine import Machine
from atms.bench.page import SIZES, Measured, measure
from atms.cli.screen import errors, out, say
from atms.report.summary import json_safe


def bench_report(machine: Machine, bars: int | None, repeats: int, file: Path | None) -> None:
    """Measure pages of 20 thousand, 100 thousand and a million bars, or of *bars*, and show it."""
    with errors().status("") as status:
        found = measure(SIZES if bars is None else (bars,), repeats, status.update)
    if file is not None:
        values = {"machine": asdict(machine), "report": [asdict(one) for one in found]}
        file.write_text(json.dumps(json_safe(values), indent=2) + "\n", encoding="utf-8")
    page = out()
    page.print(_table(found))
    for one in found:
        for note in one.notes:
            page.print(f"{one.bars:,} bars: {note}", markup=False, soft_wrap=True)
    browser = next((f"Chromium {one.watched.browser}, " for one in found if one.watched), "")
    page.print(Text(f"{browser}{machine}", "dim"), soft_wrap=True)
    if lacking := missing():
        say(f"nothing was measured in a browser: {lacking}", "yellow")


def _table(found: Sequence[Measured]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    heads = ("bars", "fills", "MB", "of it series", "Bokeh", "CPU s to make")
    for head in (
        *heads,
        "s to usable",
        "s to ready",
        "CPU s of its thread",
        "longest task, s",
        "zoom to bars, s",
    ):
        table.add_column(head, justify="right", no_wrap=True)
    for one in found:
        seen = one.watched
        times = (seen.usable, seen.ready, seen.cpu, seen.longest, seen.zoom) if seen else ()
        table.add_row(
            f"{one.bars:,}", f"{one.fills:,}", f"{one.size / 1e6:.2f}",
            f"{one.parts['series'] / 1e6:.2f}", f"{one.parts['bokeh'] / 1e6:.2f}",
            f"{one.making:.2f}", *(f"{took / 1000:.2f}" for took in times),
        )  # fmt: skip
    return table

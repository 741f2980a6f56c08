"""``atms report``: a run's page made again, and its static versions."""

from __future__ import annotations

import math
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from atms.api import load_run
from atms.artefacts import read_manifest
from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.screen import out, print_json, say
from atms.errors import AtmsError, ConfigError, LedgerError, OutputError
from atms.reporting import default_path, write_page, write_pdf, write_png
from atms.result import Result
from atms.running.filed_result import MISSING, filed_result
from atms.stored import find_run

Run = Annotated[
    str, typer.Argument(help="A run's id, the start of it, its name, `last`, or its folder.")
]


@dataclass(frozen=True)
class Found:
    """A run, and what of it is gone, a sentence each."""

    result: Result
    missing: tuple[str, ...] = ()


@guarded
def report(
    run: Run = "last",
    config: options.ConfigFiles = None,
    out_: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="The page; default: report.html in the run's folder, or ID.html here.",
        ),
    ] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Write a PDF too, of the page's name, drawn without it.")
    ] = False,
    png: Annotated[
        bool, typer.Option("--png", help="Write a picture too, of the page's name.")
    ] = False,
    max_mb: Annotated[
        float | None,
        typer.Option("--max-mb", metavar="N", help="How large the page may get, megabytes."),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    json_: options.Json = False,
) -> None:
    """Make a run's page again: one HTML file with its charts and tables, no network needed.

    It is made from the run's folder; where that is gone, from the ledger as far
    as it goes, and what is missing is named.

    Examples:
      python -m atms report last
      python -m atms report 20261121-0930 --pdf --out pages/breakout.html
    """
    _check(max_mb, out_, {".pdf": pdf, ".png": png})
    found = find(run, options.load(config).config.ledger.url)
    for piece in found.missing:
        say(f"missing: {piece}", "yellow")
    page = out_ or default_path(found.result)
    files = [write_page(found.result, page, max_mb=max_mb, missing=found.missing)]
    if pdf:
        files.append(write_pdf(found.result, page.with_suffix(".pdf"), found.missing))
    if png:
        files.append(write_png(found.result, page.with_suffix(".png"), found.missing))
    _tell(found, files, json_)
    if open_ and not webbrowser.open(files[0].resolve().as_uri()):
        say(f"no browser was found; open {files[0]} yourself", "yellow")


def _check(max_mb: float | None, page: Path | None, beside: dict[str, bool]) -> None:
    """Refuse sizes that no page has, and a page whose place another file of it would take.

    Raises:
        ConfigError: there is one.
    """
    if max_mb is not None and not 1 < max_mb < math.inf:
        raise ConfigError(f"--max-mb {max_mb:g}: a page needs more than 1 megabyte, and an end")
    if page is not None and beside.get(page.suffix):
        way = page.with_suffix(".html")
        raise ConfigError(f"--out {page}: names the page, and what stands beside it: --out {way}")


def _tell(found: Found, files: list[Path], json_: bool) -> None:
    sizes = {str(file): file.stat().st_size for file in files}
    if json_:
        print_json({"id": found.result.id, "files": sizes, "missing": found.missing})
        return
    for file, size in sizes.items():
        out().print(f"{file}  {size / 1e6:.2f} MB", markup=False, soft_wrap=True)


def find(run: str, url: str) -> Found:
    """Return a run from its folder; if that is gone or damaged, from the ledger.

    Raises:
        ConfigError: there is no such run, or several.
        OutputError: neither has it.
    """
    try:
        return Found(load_run(run, url))
    except OutputError as gone:
        try:
            result = filed_result(url, find_run(_id_of(run), url)["id"])
        except (ConfigError, LedgerError) as unknown:
            raise OutputError(f"{gone}\n{_way_out(run, unknown)}") from gone
        missing: tuple[str, ...] = MISSING
        if Path(run).is_dir():  # the others may well be there: what is damaged stands first
            missing = tuple(piece.replace(" is gone:", " is not read:") for piece in MISSING)
        return Found(result, (f"{gone}.", *missing))


def _id_of(run: str) -> str:
    """Return the id of a run whose damaged folder was named; else what was named."""
    try:
        return str(read_manifest(Path(run))["run_id"])
    except (OutputError, KeyError):
        return run


def _way_out(run: str, unknown: AtmsError) -> str:
    return (
        f"nor does the ledger have it: {unknown}\n"
        f"name the folder where the run is now, or file it first: python -m atms runs sync {run}"
    )

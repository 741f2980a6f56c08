"""A run's page, PDF and picture as files, beside its other files or elsewhere."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atms.artefacts import MADE_LATER, config_yaml
from atms.errors import OutputError

if TYPE_CHECKING:
    from atms.result import Result

PAGE, PDF, PICTURE = MADE_LATER


def write_page(
    result: Result,
    path: Path | None = None,
    *,
    max_mb: float | None = None,
    missing: Sequence[str] = (),
) -> Path:
    """Write a run's page; return where.

    Args:
        result: the run.
        path: the file; default: :func:`default_path`. What is there is replaced.
        max_mb: how many million bytes it may have; default: ``report.max_mb`` of its config.
        missing: what of the run is gone, a sentence each.

    Raises:
        OutputError: the file cannot be written.
    """
    from atms.report.page.making import page

    size = result.config.report.max_mb if max_mb is None else max_mb
    text = page(result, config_yaml(result.config), max_mb=size, missing=missing)
    return replace(path or default_path(result), lambda file: _write(file, text))


def write_pdf(result: Result, path: Path, missing: Sequence[str] = ()) -> Path:
    """Write what the page says as a PDF; return where.

    Raises:
        OutputError: the file cannot be written.
    """
    from atms.report.page.making import parts
    from atms.report.static import pdf

    said, drawn = parts(result, config_yaml(result.config), missing)
    return replace(path, lambda file: pdf(said, drawn, file))


def write_png(result: Result, path: Path, missing: Sequence[str] = ()) -> Path:
    """Write the main of the page as one picture; return where.

    Raises:
        OutputError: the file cannot be written.
    """
    from atms.report.page.making import parts
    from atms.report.static import png

    said, drawn = parts(result, config_yaml(result.config), missing)
    return replace(path, lambda file: png(said, drawn, file))


def default_path(result: Result) -> Path:
    """Return ``report.html`` in the run's folder; where it has none, ``<id>.html`` here."""
    if result.folder is not None and result.folder.is_dir():
        return result.folder / PAGE
    return Path(f"{result.id}.html")


def replace(path: Path, write: Callable[[Path], object]) -> Path:
    """Have *write* fill a file beside *path*, then give it that name: never half a file.

    Raises:
        OutputError: the file cannot be written.
    """
    # The same ending: matplotlib tells by it what to write.
    partial = path.with_name(f".{path.stem}.partial-{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file() and not path.is_dir():
            write(path)  # a pipe or a device: another file in its place would be no pipe
            return path
        write(partial)
        partial.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            way = "choose another file with --out"
            raise OutputError(f"{path}: cannot be written: {reason}; {way}") from error
        raise
    return path


def _write(path: Path, text: str) -> None:
    # A lone surrogate, from a symbol say, is no reason to have no page.
    path.write_text(text, encoding="utf-8", errors="replace")

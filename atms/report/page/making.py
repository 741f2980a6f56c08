"""A run's page from its Result: what it says, what it draws, in one file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atms.report.page.blocks import Contents
from atms.report.page.contents import contents
from atms.report.page.document import document
from atms.report.page.series import Series, series

if TYPE_CHECKING:
    from atms.result import Result


def page(
    result: Result, config_text: str, *, max_mb: float = 5.0, missing: Sequence[str] = ()
) -> str:
    """Return a run's page, HTML that needs no network.

    Args:
        result: the run.
        config_text: its whole config, as a file.
        max_mb: how many million bytes the page may have.
        missing: what of the run is gone, a sentence each.

    Raises:
        FileNotFoundError: Bokeh is not installed.
    """
    said, drawn = parts(result, config_text, missing)
    return document(said, drawn, max_mb=max_mb)


def parts(result: Result, config_text: str, missing: Sequence[str] = ()) -> tuple[Contents, Series]:
    """Return what a run's page says and what it draws, for any kind of page."""
    return contents(result, config_text=config_text, missing=missing), series(result)

"""How a database that cannot be used is refused, whichever way one comes to it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from atms.errors import AtmsError, LedgerError
from atms.ledger import create, list_runs, read_bars, schema_status, upgrade, write_bars
from atms.result import Result
from tests.ledger.making import SERIES, bars, file

SECRET = "s3cr3t-Pa55"  # in every URL that is refused
Entry = Callable[[str, Result], Any]
ENTRIES: dict[str, Entry] = {
    "list_runs": lambda url, _: list_runs(url),
    "file_run": lambda url, result: file(result, url),
    "upgrade": lambda url, _: upgrade(url),
    "schema_status": lambda url, _: schema_status(url),
    "read_bars": lambda url, _: read_bars(url, SERIES),
    "write_bars": lambda url, _: write_bars(url, SERIES, bars(2)),
    "create": lambda url, _: create(url),
}


@contextmanager
def refused(match: str, *secrets: str, error: type[AtmsError] = LedgerError) -> Iterator[None]:
    """See that a line is raised that holds *match*, and no password, not even in its causes."""
    with pytest.raises(error, match=match) as caught:
        yield
    assert type(caught.value) is error
    said = str(caught.value)
    assert "\n" not in said
    whole = "".join(traceback.format_exception_only(caught.value))
    causes: BaseException | None = caught.value
    while causes is not None:
        whole += "".join(traceback.format_exception_only(causes))
        causes = causes.__cause__
    for secret in (SECRET, *secrets):
        assert secret not in whole

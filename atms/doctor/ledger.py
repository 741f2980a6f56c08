"""The ledger's database: where it is, whether it answers, its schema, what it holds."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from atms.config import mask_url
from atms.doctor import places
from atms.doctor.check import Check
from atms.errors import AtmsError, LedgerError

_ANSWER_SECONDS = 2
_CODE = LedgerError.exit_code


def checks(url: str) -> list[Check]:
    """Check the ledger at *url*, and the folder of its file; makes nothing."""
    file = _file(url)
    found = [] if file is None else [places.folder("ledger file", file.parent)]
    return [*found, *_ledger_checks(url)]


def _ledger_checks(url: str) -> list[Check]:
    from atms.ledger import list_runs, schema_status

    where = _where(url)
    try:
        _answers(url)
        status = schema_status(url)
        reached = Check("ledger", "ok", where)
        if status.found is None:
            return [
                reached,
                Check("ledger schema", "ok", "no tables yet; the first run makes them"),
            ]
        if status.found != status.wanted:
            found = f"{status.found}; this atms works with {status.wanted}"
            hint = "python -m atms db upgrade, or, if the ledger is the newer one, update atms"
            return [reached, Check("ledger schema", "fail", found, hint, _CODE)]
        schema = Check("ledger schema", "ok", status.found)
        runs = len(list_runs(url))
        return [reached, schema, _writable(url), Check("runs filed", "ok", f"{runs:,}")]
    except AtmsError as error:
        said = str(error).removeprefix("ledger ")
        return [Check("ledger", "fail", said, exit_code=error.exit_code)]


def _file(url: str) -> Path | None:
    """Return a SQLite ledger's file; None for a server, or what is no file."""
    try:
        parsed = make_url("".join(url))
    except ArgumentError:
        return None
    named = parsed.database if parsed.get_backend_name() == "sqlite" else None
    return Path(named).absolute() if named and named != ":memory:" else None


def _where(url: str) -> str:
    file = _file(url)
    return mask_url(url) if file is None else f"{mask_url(url)}: {file}"


def _answers(url: str) -> None:
    """Refuse a server that says nothing, sooner than its driver gives up; LedgerError."""
    parsed = make_url("".join(url))
    if parsed.get_backend_name() != "postgresql" or not parsed.host:
        return
    try:
        with socket.create_connection((parsed.host, parsed.port or 5432), _ANSWER_SECONDS):
            pass
    except TimeoutError:
        raise LedgerError(
            f"ledger {mask_url(url)}: no answer within {_ANSWER_SECONDS} s; look at host and port, "
            "and at firewalls on the way"
        ) from None
    except OSError:
        pass  # the driver says it better


def _writable(url: str) -> Check:
    from atms.ledger.engine import connected

    file = _file(url)
    if file is not None:
        may = os.access(file, os.W_OK)
        hint = f"chmod u+w {file}"
    else:
        with connected(url, write=False) as connection:
            may = bool(connection.execute(text(_MAY_WRITE)).scalar())
        user = make_url("".join(url)).username
        hint = f"GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user}"
    if may:
        return Check("ledger writable", "ok", "yes")
    return Check("ledger writable", "fail", "no: runs cannot be filed", hint, _CODE)


_MAY_WRITE = (
    "SELECT current_setting('transaction_read_only') = 'off' "
    "AND has_table_privilege('runs', 'INSERT')"
)

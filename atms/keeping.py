"""A run's two homes: its folder first, then the ledger."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from atms import artefacts, ledger
from atms.engine.collecting import rare_collections
from atms.errors import ConfigError, LedgerError

if TYPE_CHECKING:
    from atms.result import Result

log = logging.getLogger(__name__)


def keep(result: Result, folder: Path | None) -> Path:
    """Write *result* to *folder* (default ``<run.out>/<id>``), then file it in the ledger.

    Raises:
        OutputError: a file could not be written; nothing half-written stays.
        LedgerError: the database could not be written; the files are kept.
        ConfigError: its URL cannot be used, or its driver is not installed; the files are kept.
    """
    with rare_collections():
        return _keep(result, folder)


def _keep(result: Result, folder: Path | None) -> Path:
    wanted = folder if folder is not None else result.config.run.out / result.id
    target = artefacts.write(result, wanted)
    try:
        failed = _file(result, target) if result.config.ledger.enabled else None
        if result.config.report.html:
            _add_page(result, target)
    except KeyboardInterrupt as stop:
        stop.kept = target  # type: ignore[attr-defined]
        raise
    if failed is not None:
        raise type(failed)(f"{failed}\nthe run's files are kept in {target}") from failed
    return target


def _file(result: Result, target: Path) -> LedgerError | ConfigError | None:
    """File a run; return why that failed."""
    try:
        ledger.file_run(result, target, artefacts.manifest_hash(target))
    except (LedgerError, ConfigError) as error:
        return error
    return None


def _add_page(result: Result, target: Path) -> None:
    """Write the run's page, last: without it the run is whole, and `report` makes it again."""
    from atms.reporting import PAGE, write_page

    try:
        write_page(result, target / PAGE)
    except Exception as error:  # noqa: BLE001 - no page is worth a run
        why = f"{type(error).__name__}: {error}".rstrip(": ")
        log.warning("%s: not written: %s; the run is kept", target / PAGE, why)

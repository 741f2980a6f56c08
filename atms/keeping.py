"""A run's two homes: its folder first, then the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from atms import artefacts, ledger
from atms.engine.collecting import rare_collections
from atms.errors import ConfigError, LedgerError

if TYPE_CHECKING:
    from atms.result import Result


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
    if result.config.ledger.enabled:
        try:
            ledger.file_run(result, target, artefacts.manifest_hash(target))
        except (LedgerError, ConfigError) as error:
            raise type(error)(f"{error}\nthe run's files are kept in {target}") from error
        except KeyboardInterrupt as stop:
            stop.kept = target  # type: ignore[attr-defined]
            raise
    return target

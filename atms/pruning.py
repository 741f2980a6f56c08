"""Old backtests taken away: their folders, and their rows in the ledger."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from atms import ledger
from atms.artefacts import MADE_LATER, MANIFEST, read_manifest
from atms.errors import OutputError


@dataclass(frozen=True)
class Prunable:
    """A backtest that may go.

    Attributes:
        id: the run's.
        folder: where its files are; None if they are gone already.
        size: of its files, bytes.
        started: when it ran.
        why: which rule it fell under.
    """

    id: str
    folder: Path | None
    size: int
    started: datetime
    why: str


def prunable(
    url: str,
    *,
    older: timedelta | None = None,
    keep: int | None = None,
    max_size: int | None = None,
) -> list[Prunable]:
    """Return the backtests that fall under a rule, the oldest first.

    Args:
        url: the ledger's.
        older: those that started longer ago.
        keep: all but the newest so many.
        max_size: the oldest, until the rest takes at most so many bytes.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    rows = [row for row in ledger.list_runs(url) if row["mode"] == "backtest"]
    now, total, found = datetime.now(UTC), 0, []
    for place, row in enumerate(rows):  # the newest first
        folder = _own_folder(row["id"], Path(row["folder"]))
        size = sum(path.stat().st_size for path in folder.iterdir()) if folder else 0
        total += size
        if older is not None and now - row["started"] > older:
            why = "older"
        elif keep is not None and place >= keep:
            why = f"beyond the newest {keep}"
        elif max_size is not None and total > max_size:
            why = "beyond the size"
        else:
            continue
        found.append(Prunable(row["id"], folder, size, row["started"], why))
    return found[::-1]


def prune(url: str, runs: Sequence[Prunable]) -> dict[Path, str]:
    """Take *runs* away; return the folders that stay, and why.

    Raises:
        LedgerError: the ledger cannot be written; nothing was taken away.
    """
    ledger.delete_runs(url, [run.id for run in runs])
    stay = {}
    for run in runs:
        if run.folder is not None and (why := _remove_ours(run.folder)):
            stay[run.folder] = why
    return stay


def _own_folder(run_id: str, folder: Path) -> Path | None:
    """Return the folder if it is there and holds this run, and no other."""
    if not (folder / MANIFEST).is_file():
        return None
    try:
        return folder if read_manifest(folder).get("run_id") == run_id else None
    except OutputError:
        return None


def _remove_ours(folder: Path) -> str:
    """Remove what the manifest names, and the folder if nothing else is in it; else say why not."""
    if folder.is_symlink():
        return "is a link, and what it leads to is left"
    try:
        files = read_manifest(folder).get("files")
        if not isinstance(files, dict):
            return "its manifest does not say which files are the run's"
        # Only plain names: what lies elsewhere is not the run's, whatever the manifest says.
        ours = {MANIFEST, *MADE_LATER, *(name for name in files if Path(name).name == name)}
        if {path.name for path in folder.iterdir()} <= ours:
            shutil.rmtree(folder)
            return ""
        for name in ours:
            (folder / name).unlink(missing_ok=True)
    except (OSError, OutputError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        return f"cannot be removed: {reason or error}"
    return "holds files that are not the run's; these stay"

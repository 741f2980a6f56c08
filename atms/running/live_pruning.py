"""Old paper and live runs taken away: their folders, never a journal.

A journal's entries are all needed: what an account holds is a sum over them, and a restart begins
with the first. A run's folder is needed by nobody once its rows are in the ledger.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from atms.errors import JournalError, LedgerError
from atms.execution.disk.files import account_folder
from atms.execution.disk.journal_file import NAME as JOURNAL
from atms.execution.disk.recorder import NAME as INPUTS
from atms.ledger.connection import reading
from atms.ledger.live_runs import status_of
from atms.pruning import Prunable
from atms.running.live_log import NAME as LOG
from atms.running.live_pump import Pump
from atms.running.session import CONFIG, SessionFolder, sessions

_OURS = (CONFIG, "session.json", "status.json", "request.json", INPUTS, f"{INPUTS}.gz")


@dataclass
class LivePrunable:
    """What may go, and what a rule names and must stay.

    Attributes:
        runs: those that may go, the oldest first.
        stay: run id -> why it stays.
    """

    runs: list[Prunable] = field(default_factory=list)
    stay: dict[str, str] = field(default_factory=dict)


def prunable_live(
    state: Path,
    url: str | None,
    *,
    older: timedelta | None = None,
    keep: int | None = None,
    max_size: int | None = None,
) -> LivePrunable:
    """Return the paper and live runs that fall under a rule.

    The newest run of an account stays, and one whose rows are not all in the ledger.

    Args:
        state: ``execution.state_dir``.
        url: the ledger's; None: none is kept, and nobody is asked.
        older: those that began longer ago.
        keep: all but the newest so many.
        max_size: the oldest, until the rest takes at most so many bytes.
    """
    found, total, newest = LivePrunable(), 0, set[str]()
    now = datetime.now(UTC)
    for place, folder in enumerate(sessions(state)):
        session = folder.session
        size = sum(path.stat().st_size for path in folder.path.iterdir() if path.is_file())
        total += size
        last = {*session.accounts} - newest
        newest |= {*session.accounts}
        began = datetime.fromisoformat(session.begun)
        if older is not None and now - began > older:
            why = "older"
        elif keep is not None and place >= keep:
            why = f"beyond the newest {keep}"
        elif max_size is not None and total > max_size:
            why = "beyond the size"
        else:
            continue
        reason = next(_reasons(folder, url, last), "")
        if reason:
            found.stay[session.id] = reason
        else:
            found.runs.insert(0, Prunable(session.id, folder.path, size, began, why))
    return found


def _reasons(folder: SessionFolder, url: str | None, last: set[str]) -> Iterator[str]:
    """Yield why a run must stay."""
    session = folder.session
    if session.runs:
        yield "its process runs"
    if last:
        yield f"it is the last one of account {', '.join(sorted(last))}"
    if url is None:
        return
    try:
        if not _is_filed(session.id, url):
            yield "the ledger does not have its end: python -m atms runs sync"
        for account in session.accounts:
            place = account_folder(Path(session.state), account)
            if (place / JOURNAL).exists() and _missing(place, url):
                yield f"the ledger lacks entries of account {account}: python -m atms runs sync"
    except (LedgerError, JournalError) as error:
        yield str(error)


def _is_filed(run_id: str, url: str) -> bool:
    with reading(url) as connection:
        return connection is not None and status_of(connection, run_id) not in (None, "running")


def _missing(folder: Path, url: str) -> int:
    pump = Pump(url, folder)
    try:
        return pump.missing()
    finally:
        pump.close()


def prune_live(runs: list[Prunable]) -> dict[Path, str]:
    """Take runs' folders away; return those that stay, and why. The ledger keeps their rows."""
    stay = {}
    for run in runs:
        if run.folder is not None and (why := _remove(run.folder)):
            stay[run.folder] = why
    return stay


def _remove(folder: Path) -> str:
    if folder.is_symlink():
        return "is a link, and what it leads to is left"
    try:
        others = [path for path in folder.iterdir() if not _is_ours(path.name)]
        if not others:
            shutil.rmtree(folder)
            return ""
        for path in folder.iterdir():
            if path not in others:
                path.unlink()
    except OSError as error:
        return f"cannot be removed: {error.strerror}"
    return "holds files that are not the run's; these stay"


def _is_ours(name: str) -> bool:
    return name.removesuffix(".new") in _OURS or name == LOG or name.startswith(f"{LOG}.")

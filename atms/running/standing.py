"""How a live run's accounts stand by their journals, whoever asks and whether it runs or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atms.execution.core.core import Core, Terms
from atms.execution.core.records import decode
from atms.execution.disk.files import account_folder
from atms.execution.disk.journal import Journal
from atms.execution.disk.journal_file import NAME
from atms.running.beating import account_status
from atms.running.session import SessionFolder


def core_of(state: Path, account: str) -> Core | None:
    """Return an account's core as its journal says now; None where there is no journal.

    Raises:
        JournalError: it is damaged, or another account's.
    """
    path = account_folder(state, account) / NAME
    if not path.exists():
        return None
    journal = Journal(path.resolve(), account)  # beside the process that writes it
    try:
        terms = Terms(journal=journal.id, instruments=())
        return Core(terms, (decode(body) for _, body in journal.bodies()))
    finally:
        journal.close()


def accounts_of(folder: SessionFolder) -> dict[str, dict[str, Any]]:
    """Return a run's accounts as :func:`account_status` tells them."""
    session = folder.session
    found = {}
    for account in session.accounts:
        core = core_of(Path(session.state), account)
        if core is not None:
            found[account] = account_status(core)
    return found

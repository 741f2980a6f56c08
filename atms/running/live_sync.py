"""Journals of accounts that no run writes at the moment, brought into the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from atms.errors import JournalError
from atms.execution.disk.journal_file import NAME
from atms.execution.disk.lease import Holder
from atms.execution.disk.processes import is_same
from atms.running.live_pump import Pump
from atms.running.live_sessions import Ended
from atms.running.live_settling import settle

_LEASE = "lease.json"


@dataclass
class LiveSynced:
    """What became of the journals that were looked at.

    Attributes:
        written: account -> entries that the ledger did not have.
        settled: runs whose end, trades and figures were written.
        running: accounts that a process has just now; its own writer goes on.
        left: folder -> why its journal could not be read.
    """

    written: dict[str, int] = field(default_factory=dict)
    settled: list[str] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    left: dict[Path, str] = field(default_factory=dict)


def sync_live(state: Path, url: str) -> LiveSynced:
    """Write what journals have and the ledger has not; a second time adds nothing.

    Args:
        state: ``execution.state_dir``.
        url: the ledger's.

    Raises:
        LedgerError: the database cannot be read or written; what was written stays.
    """
    done = LiveSynced()
    runs: dict[str, Ended | None] = {}
    came: set[str] = set()
    alive: set[str] = set()
    for path in sorted(state.glob(f"accounts/*/{NAME}")):
        try:
            _one(path.parent, url, done, runs, came, alive)
        except (JournalError, ValueError) as error:
            done.left[path.parent] = str(error)
    for run_id, ended in runs.items():
        if run_id not in alive and settle(url, run_id, ended, again=run_id in came):
            done.settled.append(run_id)
    return done


def _one(
    folder: Path,
    url: str,
    done: LiveSynced,
    runs: dict[str, Ended | None],
    came: set[str],
    alive: set[str],
) -> None:
    """Bring one account over; note its runs, those with new rows, and those that go on."""
    pump = Pump(url, folder)
    try:
        found = pump.sessions.runs()
        before = pump.missing()
        while pump.step():
            pass
        if before:
            done.written[pump.account] = before
            came.update(found)
    finally:
        pump.close()
    for run_id in found:
        runs[run_id] = runs.get(run_id) or pump.sessions.ended.get(run_id)
    newest = list(found)[-1:]
    if newest and newest[0] not in pump.sessions.ended and is_held(folder):
        alive.update(newest)
        done.running.append(pump.account)


def is_held(folder: Path) -> bool:
    """Return whether a process of this machine has an account, by what its lease says."""
    try:
        holder = Holder(**json.loads((folder / _LEASE).read_text(encoding="utf-8")))
        return is_same(psutil.Process(holder.pid), holder.started)
    except (OSError, ValueError, TypeError, psutil.Error):
        return False

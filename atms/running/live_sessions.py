"""Which run took an account, from which epoch on: a file beside its journal.

::

    runs.jsonl   a line when a run takes the account, and one when it has ended

It is what the ledger is made from when the database was away for a run's whole life.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from atms.errors import JournalError
from atms.ledger.live_runs import RunRow, Session

NAME = "runs.jsonl"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run ended, and when."""

    status: str
    at: datetime


class Sessions:
    """The runs of one account's journal, as its file says; read once.

    Args:
        folder: the account's.
        journal: the journal's id; lines of another one, which was lost, do not count.

    Attributes:
        by_epoch: epoch -> session.
        ended: run id -> how it ended.
    """

    def __init__(self, folder: Path, journal: str) -> None:
        self.folder = folder
        self.journal = journal
        self.by_epoch: dict[int, Session] = {}
        self.ended: dict[str, Ended] = {}
        self._claimed: dict[str, RunRow] = {}  # those too whose epoch never began: it is another's
        for line in _lines(folder / NAME):
            self._take(line)

    def of(self, epoch: int) -> Session | None:
        """Return whose an epoch's entries are.

        An epoch of nobody is that of a process that stopped or flattened the run before it.
        """
        known = [number for number in self.by_epoch if number <= epoch]
        return self.by_epoch[max(known)] if known else None

    def claim(self, session: Session) -> None:
        """Let a journal's entries be a run's from an epoch on; of an epoch the last word counts.

        Raises:
            JournalError: the file cannot be written; it counts in this process all the same.
        """
        run = None
        if session.run is not None:
            run = {**asdict(session.run), "started": session.run.started.isoformat()}
            self._note(session.run)
        self.by_epoch[session.epoch] = session
        self._append(
            {
                "epoch": session.epoch, "journal": self.journal, "venue": session.venue,
                "at": session.at.isoformat(), "run": run,
            }
        )  # fmt: skip

    def end(self, run_id: str, status: str, at: datetime) -> None:
        """Say how a run ended.

        Raises:
            JournalError: the file cannot be written; it counts in this process all the same.
        """
        self.ended[run_id] = Ended(status=status, at=at)
        self._append({"ended": run_id, "status": status, "at": at.isoformat()})

    def runs(self) -> dict[str, RunRow]:
        """Return every run that took the account, by its id, in their order."""
        return dict(self._claimed)

    def _note(self, run: RunRow) -> None:
        self.ended.pop(run.id, None)
        self._claimed.pop(run.id, None)  # it is the newest now
        self._claimed[run.id] = run

    def _take(self, line: Mapping[str, Any]) -> None:
        if "ended" in line:
            at = datetime.fromisoformat(line["at"])
            self.ended[line["ended"]] = Ended(status=line["status"], at=at)
        elif line.get("journal") == self.journal:
            run = line["run"]
            if run is not None:
                started = datetime.fromisoformat(run["started"])
                run = RunRow(**{**run, "started": started, "audit": tuple(run["audit"])})
                self._note(run)
            self.by_epoch[line["epoch"]] = Session(
                epoch=line["epoch"], venue=line["venue"],
                at=datetime.fromisoformat(line["at"]), run=run,
            )  # fmt: skip

    def _append(self, line: Mapping[str, Any]) -> None:
        path = self.folder / NAME
        try:
            torn = path.exists() and path.stat().st_size and path.read_bytes()[-1:] != b"\n"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                before = b"\n" if torn else b""
                os.write(descriptor, before + json.dumps(line).encode() + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror}; the ledger may miss this run") from error


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return what the lines say; one that was torn says nothing."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from error
    found = []
    for line in text.splitlines():
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if isinstance(values, dict):
            found.append(values)
    return found

"""A live run as other processes see it: who runs it, how it stands, and what is asked of it.

::

    config.yaml    what it runs, whole
    session.json   who runs what, since when; written once
    status.json    how it stands; written anew every second, whatever the strategy does
    request.json   what another process asks: stop, or flatten
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import psutil

from atms.errors import ConfigError, OutputError, RunError
from atms.execution.disk.processes import is_same, started
from atms.steady import since_boot

CONFIG = "config.yaml"
_SESSION, _STATUS, _REQUEST = "session.json", "status.json", "request.json"
_FIRST = "begin one: python -m atms live -c FILE; or see one: python -m atms demo"
STALE = 10.0  # seconds without a heartbeat after which a run is taken for hung


@dataclass(frozen=True, kw_only=True)
class Session:
    """One live run.

    Attributes:
        id: the run's.
        mode: paper, live or shadow.
        pid, started: the process; seconds since the machine's start.
        accounts: whose it trades.
        strategy: the class's name.
        begun: ISO 8601 in UTC.
        on_stop: what a stop does to orders and positions.
        state: the folder of all accounts' files.
    """

    id: str
    mode: str
    pid: int
    started: float
    accounts: tuple[str, ...]
    strategy: str
    begun: str
    on_stop: str
    state: str

    @property
    def runs(self) -> bool:
        """Whether its process is there still."""
        try:
            process = psutil.Process(self.pid)
            return is_same(process, self.started) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def kill(self) -> None:
        """End its process: SIGTERM, and after a second SIGKILL; nothing if it is gone.

        Raises:
            RunError: it does not end, or is another user's.
        """
        try:
            process = psutil.Process(self.pid)
            if not self.runs:
                return
            process.terminate()
            _, alive = psutil.wait_procs([process], timeout=1)
            for one in alive:
                one.kill()
            if psutil.wait_procs(alive, timeout=10)[1]:
                raise RunError(f"process {self.pid} does not end, even killed: its disk may hang")
        except psutil.NoSuchProcess:
            return
        except psutil.AccessDenied as error:
            raise RunError(f"process {self.pid}: this user may not end it") from error


class SessionFolder:
    """The files of one live run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, state: Path, session: Session, config: str) -> Self:
        """Make the folder of a run that begins; *config* is the YAML that it runs by.

        Raises:
            OutputError: it cannot be written.
        """
        folder = cls(state / "runs" / session.id)
        try:
            folder.path.mkdir(parents=True, mode=0o700)
            (folder.path / CONFIG).write_text(config, encoding="utf-8")
            folder._write(_SESSION, asdict(session))
        except OSError as error:
            raise OutputError(f"{folder.path}: cannot be written: {error.strerror}") from error
        return folder

    @property
    def is_whole(self) -> bool:
        """Whether it says who runs it."""
        return {one.name for one in fields(Session)} == self._read(_SESSION).keys()

    @property
    def session(self) -> Session:
        """Who runs it."""
        values = self._read(_SESSION)
        return Session(**{**values, "accounts": tuple(values["accounts"])})

    def beat(self, status: Mapping[str, Any]) -> None:
        """Say how the run stands; a full disk is no reason to stop trading."""
        try:
            at = {"at": datetime.now(UTC).isoformat(), "beat": since_boot()}
            self._write(_STATUS, dict(status) | at)
        except OSError:
            return

    @property
    def status(self) -> dict[str, Any]:
        """How it stood at its last beat; empty before the first."""
        return self._read(_STATUS)

    @property
    def refused(self) -> bool:
        """Whether it ended before it had any of its accounts: nothing was done in its name."""
        return bool(self.status.get("refused"))

    @property
    def silence(self) -> float:
        """Seconds since the last beat, whoever has set the computer's clock since."""
        beat = self.status.get("beat")
        if beat is not None:
            return since_boot() - float(beat)
        return (datetime.now(UTC) - datetime.fromisoformat(self.session.begun)).total_seconds()

    def ask(self, what: str) -> None:
        """Ask the run for something: stop, or flatten."""
        self._write(_REQUEST, {"what": what})

    def asked(self) -> str:
        """Return what was asked of the run; an empty text: nothing."""
        return str(self._read(_REQUEST).get("what", ""))

    def _write(self, name: str, values: Mapping[str, Any]) -> None:
        new = self.path / f"{name}.new"
        new.write_text(json.dumps(values, default=str), encoding="utf-8")
        new.replace(self.path / name)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def this_process() -> tuple[int, float]:
    """Return this process's id and start."""
    return os.getpid(), started(psutil.Process())


def sessions(state: Path) -> list[SessionFolder]:
    """Return the live runs that there are or were, the newest first.

    A folder that does not say whose it is is left out: it must not keep anybody from ending a run.
    """
    found = [SessionFolder(path.parent) for path in (state / "runs").glob(f"*/{_SESSION}")]
    known = [one for one in found if one.is_whole]
    return sorted(known, key=lambda one: one.session.begun, reverse=True)


def find_session(state: Path, run: str | None) -> SessionFolder:
    """Return a run by its id or the start of it; None: the one that trades, else the last.

    A run that was refused its account comes after all others: what is open is not its doing.

    Raises:
        ConfigError: there is none, or several.
    """
    known = sessions(state)
    if run not in (None, "last"):
        known = [one for one in known if one.session.id.startswith(str(run))]
    elif running := [one for one in known if one.session.runs]:
        known = _holders(running)
    else:
        known = sorted(known, key=lambda one: one.refused)[:1]
    if not known:
        what = f"run {run!r}" if run else "run"
        way_out = "the runs: python -m atms status --all" if sessions(state) else _FIRST
        raise ConfigError(
            f"there is no live {what} in {state / 'runs'}; {way_out}; or, "
            "where a config has an execution.state_dir: --state-dir DIR"
        )
    if len(known) > 1:
        names = ", ".join(one.session.id for one in known[:5])
        raise ConfigError(f"{run or 'several runs are alive'}: which of {names}?")
    return known[0]


def _holders(running: list[SessionFolder]) -> list[SessionFolder]:
    """Return those that run without those that begin on an account which another one has."""
    begun = [one for one in running if one.status.get("state") in ("running", "stopping")]
    taken = {account for one in begun for account in one.session.accounts}
    return [one for one in running if one in begun or not taken & {*one.session.accounts}]

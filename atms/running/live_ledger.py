"""What makes a paper or live run visible in the ledger, beside the order path and never in it.

A thread of its own reads the accounts' journals, as another process would, and writes what they
say. A database that is away, slow or full delays the rows and nothing else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from atms.errors import JournalError, LedgerError, MissingExtra
from atms.ledger.connection import writing
from atms.ledger.engine import check_driver, parsed_url
from atms.ledger.live_runs import RunRow, Session, open_run
from atms.running.live_notes import Notes
from atms.running.live_pump import Pump
from atms.running.live_sessions import Ended, Sessions
from atms.running.live_settling import settle
from atms.running.live_tail import JournalTail

_ASIDE = 0.001  # seconds in which other threads have the interpreter
_FAR = 2000  # entries that rows are behind the journals: more than those of one moment's orders
_SOON = 0.5  # seconds before what failed is tried again; then twice that, and so on


@dataclass(frozen=True, kw_only=True)
class LedgerState:
    """How the writer stands.

    Attributes:
        lag: entries of the journals that are not in the ledger.
        last_error: what kept it from writing, a line; empty while it writes.
        failing_since: when that began; None while it writes.
        written: when it wrote last; None: not yet.
    """

    lag: int
    last_error: str
    failing_since: datetime | None
    written: datetime | None


class LedgerWriter:
    """Writes one run into the ledger while it goes on.

    Args:
        url: the ledger's.
        run: what is known of the run.
        began: when this process began with it, aware.
        every: seconds between two looks at the journals.
        longest: seconds between two tries, at most.
        quiet: seconds in which no journal grows: then the orders of a moment are on their way.
        patience: seconds that the rows wait for such a pause, at most; a tenth of it where they
            are far behind, or journals that always grow would get ever further ahead.

    Raises:
        LedgerError: the URL is no ledger's. A database that is away is no error.
        MissingExtra: its driver is not installed.
    """

    def __init__(
        self, url: str, run: RunRow, *, began: datetime, every: float = 0.5, longest: float = 1.0,
        quiet: float = 0.05, patience: float = 2.0,
    ) -> None:  # fmt: skip
        parsed = parsed_url(url)
        if parsed.get_backend_name() == "postgresql":
            check_driver(parsed)
        self.run = run
        self._url, self._began = url, began
        self._every, self._longest = every, longest
        self._quiet, self._patience = quiet, patience
        self._notes = Notes(run.id, run.mode)
        self._lock = threading.Lock()  # guards the accounts and the end
        self._accounts: dict[Path, Sessions] = {}
        self._end: Ended | None = None
        self._deadline: float | None = None
        self._pumps: dict[Path, Pump] = {}
        self._passing_since = 0.0
        self._grown_to: list[int] = []  # the journals, when they were looked at last
        self._opened = False
        self._others_settled = False
        self._damage: Exception | None = None
        self._complete = False
        self._lag = 0
        self._error = ""
        self._failing_since: datetime | None = None
        self._written: datetime | None = None
        self._wake = threading.Event()
        # A daemon: a database that hangs in the middle of an answer keeps no process from ending.
        self._thread = threading.Thread(target=self._go, name="atms-ledger", daemon=True)

    # ---- the run's threads ------------------------------------------------------------------
    def start(self) -> None:
        """Begin: the run's row is written when it has an account and the database is there."""
        self._thread.start()

    def take(self, folder: Path, venue: str) -> None:
        """Write an account's rows from now on; waits for the local disk alone.

        To be called when the account's lease is held, and before its journal's next epoch begins:
        that epoch is this run's. What earlier runs have left unwritten is written, too, as theirs.

        Args:
            folder: the account's, with its journal.
            venue: what orders and fills are filed under.

        Raises:
            JournalError: the journal cannot be read.
        """
        tail = JournalTail(folder)
        try:
            sessions, epoch = Sessions(folder, tail.journal), tail.epoch() + 1
        finally:
            tail.close()
        try:
            sessions.claim(Session(epoch=epoch, venue=venue, at=self._began, run=self.run))
        except JournalError as error:
            self._note(error)
        with self._lock:
            self._accounts[folder] = sessions
        self._wake.set()

    def equity(self, at: datetime, cash: float, value: float) -> None:
        """Note what the accounts are worth at a bar, in the run's currency; *at* is aware UTC."""
        self._notes.equity(at, cash, value)

    def strategy_state(self, at: datetime, values: Mapping[str, Any]) -> None:
        """Note what strategies want to find again: a :class:`StateKeeper`'s values."""
        self._notes.states(at, values)

    def said(self, what: str, about: Mapping[str, Any]) -> None:
        """Note what a strategy said; see :mod:`atms.ledger.said`."""
        self._notes.said(what, about)

    @property
    def state(self) -> LedgerState:
        """How it stands."""
        return LedgerState(
            lag=self._lag,
            last_error=self._error,
            failing_since=self._failing_since,
            written=self._written,
        )

    def close(self, timeout: float, *, status: str, at: datetime) -> bool:
        """Say how the run ended, and give the rest a bounded time; return whether all is written.

        What is not is written when an account is taken again, or by ``sync``. To be called when
        the journals get no more.

        Args:
            timeout: seconds.
            status: ``finished``, ``failed`` or ``interrupted``.
            at: when it ended, aware.
        """
        with self._lock:
            self._end = Ended(status=status, at=at)
            for sessions in self._accounts.values():
                try:
                    sessions.end(self.run.id, status, at)
                except JournalError as error:
                    self._note(error)
        self._deadline = time.monotonic() + timeout
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return self._complete

    # ---- its own thread ---------------------------------------------------------------------
    def _go(self) -> None:
        wait = self._every
        while not self._complete:
            try:
                wait = 0.0 if self._pass() else self._every
                self._error, self._failing_since = "", None
            except Exception as error:  # noqa: BLE001 - a writer that died would be missed by nobody
                wait = min(max(2 * wait, _SOON), self._longest)
                self._failed(error)
            if self._deadline is not None:
                left = self._deadline - time.monotonic()
                if left <= 0:
                    break
                wait = min(wait, left)
            if not self._complete:
                self._wake.wait(wait)
                self._wake.clear()
        for pump in self._pumps.values():
            pump.close()

    def _pass(self) -> bool:
        """Write what there is; return whether there may be more at once."""
        with self._lock:
            end, accounts = self._end, dict(self._accounts)
        if not accounts and end is None:
            # Who takes the account next says how this run ended, if it dies: by the account's
            # files. A row of which they do not know would say for ever that it goes on.
            return False
        if not self._opened:
            with writing(self._url) as connection:
                open_run(connection, self.run, self._began)
            self._opened = True
        self._passing_since = time.monotonic()
        self._grown_to = self._ends()
        self._let_orders_go()
        more = self._step_all(accounts)
        self._notes.write(self._url, self._step_aside)
        if self._damage is not None:
            raise self._damage
        if more:
            return True
        if accounts and not self._others_settled:
            self._settle_others()
        if end is not None:
            settle(self._url, self.run.id, end)
            self._complete = True
        return False

    def _let_orders_go(self) -> None:
        """Wait for a pause in the journals: computing here takes half of what orders need."""
        while self._grown_to and self._is_patient():
            if self._wake.wait(self._quiet) or not self._have_grown():
                return

    def _is_patient(self) -> bool:
        behind = sum(self._grown_to) - sum(one.written or 0 for one in self._pumps.values())
        patience = self._patience / 10 if behind > _FAR else self._patience
        return time.monotonic() - self._passing_since < patience

    def _step_aside(self) -> None:
        """Let other threads compute; and where orders have come meanwhile, let them go."""
        time.sleep(_ASIDE)
        if self._have_grown():
            self._let_orders_go()

    def _have_grown(self) -> bool:
        before, self._grown_to = self._grown_to, self._ends()
        return self._grown_to != before

    def _ends(self) -> list[int]:
        found = []
        for pump in self._pumps.values():
            with suppress(JournalError):  # told by its step
                found.append(pump.end())
        return found

    def _step_all(self, accounts: Mapping[Path, Sessions]) -> bool:
        """Bring a batch of each account over; a journal that is damaged keeps no other back."""
        more, lag = False, 0
        self._damage = None
        for folder, sessions in accounts.items():
            try:
                if folder not in self._pumps:
                    between = self._step_aside
                    self._pumps[folder] = Pump(self._url, folder, sessions, between=between)
                if self._pumps[folder].step():
                    more, self._written = True, datetime.now(UTC)
                lag += self._pumps[folder].lag()
            except (JournalError, ValueError) as error:
                self._damage = error
        self._lag = lag
        return more

    def _settle_others(self) -> None:
        """Say of the runs that had these accounts before how they ended."""
        for pump in self._pumps.values():
            for run_id in pump.sessions.runs().keys() - {self.run.id}:
                settle(self._url, run_id, pump.sessions.ended.get(run_id))
        self._others_settled = True

    def _failed(self, error: Exception) -> None:
        self._note(error)
        self._failing_since = self._failing_since or datetime.now(UTC)
        for pump in self._pumps.values():
            if not isinstance(error, LedgerError | JournalError):
                pump.drop()  # what was taken in may be half of something
        with_lag = [pump for pump in self._pumps.values() if pump.written is not None]
        try:
            self._lag = sum(pump.lag() for pump in with_lag)
        except JournalError:
            return  # it stays what it was

    def _note(self, error: Exception) -> None:
        known = isinstance(error, LedgerError | JournalError | MissingExtra)
        self._error = str(error) if known else f"{type(error).__name__}: {error}"

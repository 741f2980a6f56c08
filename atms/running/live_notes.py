"""What a run tells of itself beside its journals: equity, states, and what strategies say."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from atms.ledger.connection import writing
from atms.ledger.live_runs import note_equity, note_state
from atms.ledger.said import Said, write_said

Point = tuple[datetime, float, float]
_DAYS = 10_000  # of equity that wait for a database
_SAID = 10_000  # entries that do; what is more is in the run's recording
_PART = 100  # of them in one transaction


class Notes:
    """Notes of one run, put in by its thread and written by another.

    Of equity and states there is no queue: a database that is away for a week costs seven numbers.
    """

    def __init__(self, run_id: str, mode: str) -> None:
        self._run_id = run_id
        self._mode = mode
        self._said: deque[Said] = deque(maxlen=_SAID)
        self._lock = threading.Lock()
        self._begun = False
        self._first: Point | None = None
        self._days: dict[date, Point] = {}
        self._states: dict[str, tuple[datetime, Any]] = {}

    def equity(self, at: datetime, cash: float, value: float) -> None:
        """Note what the accounts are worth; of each UTC day the last counts."""
        with self._lock:
            if not self._begun:
                self._begun, self._first = True, (at, cash, value)
            self._days[at.date()] = (at, cash, value)
            if len(self._days) > _DAYS:
                del self._days[next(iter(self._days))]

    def states(self, at: datetime, values: Mapping[str, Any]) -> None:
        """Note what strategies want to find again, by their names."""
        with self._lock:
            self._states.update({name: (at, value) for name, value in values.items()})

    def said(self, what: str, about: Mapping[str, Any]) -> None:
        """Note what a strategy said; while too much waits, the oldest are forgotten."""
        with self._lock:
            self._said.append((what, about))

    def write(self, url: str, between: Callable[[], None] = lambda: None) -> None:
        """Write what is new; *between* is called between its parts.

        Raises:
            LedgerError: the database refused; nothing is forgotten that is not there.
        """
        with self._lock:
            first, days, states = self._first, dict(self._days), dict(self._states)
            entries = list(self._said)
        if days or states:
            with writing(url) as connection:
                if days:
                    points = [*([first] if first else []), *(days[day] for day in sorted(days))]
                    note_equity(connection, self._run_id, points)
                for name, (at, value) in states.items():
                    note_state(connection, self._run_id, at, {name: value})
        with self._lock:  # what came meanwhile stays
            self._first = None if self._first is first else self._first
            self._days = {d: p for d, p in self._days.items() if days.get(d) is not p}
            self._states = {n: s for n, s in self._states.items() if states.get(n) is not s}
        for start in range(0, len(entries), _PART):
            between()
            self._write_said(url, entries[start : start + _PART])

    def _write_said(self, url: str, entries: list[Said]) -> None:
        with writing(url) as connection:
            waiting = write_said(connection, self._run_id, self._mode, entries)
        done = {id(entry) for entry in entries} - {id(entry) for entry in waiting}
        with self._lock:
            self._said = deque((e for e in self._said if id(e) not in done), maxlen=_SAID)

"""Everything that strategies of a live run received and decided, in its order, on disk.

``inputs.jsonl`` has a line an entry::

    {"at": 1767225600000000, "is": "bar", "data": "BTC", "live": true, "values": {"close": 1.5}}

*at* is when, in microseconds since 1970 UTC; a value that is not finite is null. Entries are:

======== ============ ==============================================================================
is       what
======== ============ ==============================================================================
begun                 a process began: run, strategies, datas
bar                   a data was given a bar
told     data         a data's status: data, status
told     order        notify_order, of :func:`order_news`: which, how it stands, new executions
told     cash         notify_cashvalue: cash, value, stamp; it closes the bars of one ``next()``
told     store        notify_store: what, and its words
told     timer        notify_timer: timer (the place of its making), when
decided  order        an order was made: all fields, of :func:`order_fields`
decided  cancel       an order is wanted back: order
decided  signal       what a strategy's rules said of a bar, with its gates
decided  words        an order's reason and tag
decided  refusal      an order that a limit refused before it was sent
lost                  so many entries are missing here
======== ============ ==============================================================================

Orders are numbered 1, 2, 3 in the order of their making: Backtrader's own refs go on counting over
the runs of a process.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from atms.execution.disk.recording import micros

NAME = "inputs.jsonl"
_QUEUE = 200_000  # entries that may wait for a slow disk


class Recorder:
    """Writes a run's ``inputs.jsonl``; who has none has None in its place.

    The caller only puts an entry into a queue. A disk that is slow or full makes entries missing,
    which are counted, and stops nothing.

    Args:
        path: the file; appended to if it is there.
        now: the run's clock, aware.
        every: seconds between two writings.
        trouble: called once, from the recorder's thread, when the disk takes nothing.
        limit: entries that may wait.

    Attributes:
        lost: entries that are missing.
        last_error: why the disk takes nothing; empty while it does.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], datetime],
        every: float = 1.0,
        trouble: Callable[[str], None] = lambda words: None,
        limit: int = _QUEUE,
    ) -> None:
        self.path = path
        self.lost = 0
        self.last_error = ""
        self._now = now
        self._every = every
        self._trouble = trouble
        self._told_trouble = False
        self._limit = limit
        self._queue: deque[dict[str, Any]] = deque()
        self._missing = 0  # since the last line that says so
        self._counting = threading.Lock()
        self._numbers: dict[int, int] = {}  # ref -> our number, of orders that are not over
        self._made = 0
        self._file: int | None = None
        self._good = 0  # bytes of the file that are whole lines
        self._writing = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go, name="atms-recorder", daemon=True)
        self._thread.start()

    # ---- the run's thread -------------------------------------------------------------------
    def began(self, about: Mapping[str, Any]) -> None:
        """Note what runs: run, strategies with their parameters, datas in their order."""
        self._put("begun", about=_plain(about))

    def bar(self, data: str, values: Mapping[str, float], live: bool) -> None:
        """Note a bar as a data was given it.

        Args:
            data: its name.
            values: line -> value; ``datetime``: its end, microseconds since 1970 UTC.
            live: whether orders could be made on it.
        """
        self._put("bar", data=data, live=live, values=dict(values))

    def told(self, what: str, about: Mapping[str, Any]) -> None:
        """Note what strategies hear; the kinds are in the table above."""
        self._put("told", what=what, about=_plain(about))

    def decided(self, what: str, about: Mapping[str, Any]) -> None:
        """Note what a strategy wants; the kinds are in the table above."""
        self._put("decided", what=what, about=_plain(about))

    def order_made(self, order: Any, owner: str) -> None:
        """Note an order of Backtrader's as it is made, before it is sent anywhere."""
        number, fields = self._number(order.ref), order_fields(order)
        for name in ("parent", "oco"):
            fields[name] = self._numbers.get(fields[name])
        self.decided("order", {"order": number, "owner": owner, **fields})

    def order_canceled(self, order: Any) -> None:
        """Note that a strategy wants an order back."""
        self.decided("cancel", {"order": self._numbers.get(order.ref)})

    def order_told(self, order: Any, owner: str) -> None:
        """Note how an order stands: the clone that a strategy is notified with."""
        number = self._number(order.ref)
        self.told("order", {"order": number, "owner": owner, **order_news(order)})
        if not order.alive():
            del self._numbers[order.ref]

    def flush(self) -> None:
        """Write everything that waits now."""
        with self._writing:
            self._write()

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits, for a bounded time, and end; a second time does nothing."""
        self._stop.set()
        self._thread.join(timeout)

    def _number(self, ref: int) -> int:
        if ref not in self._numbers:
            self._made += 1
            self._numbers[ref] = self._made
        return self._numbers[ref]

    def _put(self, kind: str, **values: Any) -> None:
        if len(self._queue) >= self._limit:
            self._miss(1)
            return
        if self._missing:
            with self._counting:
                count, self._missing = self._missing, 0
            self._queue.append({"at": micros(self._now()), "is": "lost", "count": count})
        self._queue.append({"at": micros(self._now()), "is": kind, **values})

    def _miss(self, count: int, again: int = 0) -> None:
        """Count entries that are missing; *again*: those whose line that says so is missing too."""
        with self._counting:
            self.lost += count
            self._missing += count + again

    # ---- its own thread ---------------------------------------------------------------------
    def _go(self) -> None:
        while not self._stop.wait(self._every):
            self.flush()
        self.flush()
        with self._writing:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _write(self) -> None:
        waiting = [self._queue.popleft() for _ in range(len(self._queue))]
        if not waiting:
            return
        lines = b"".join(map(_line, waiting))
        try:
            self._append(lines)
        except OSError as error:
            self._failed(error, waiting)
            return
        self.last_error = ""

    def _append(self, lines: bytes) -> None:
        if self._file is None:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            self._good = _whole(self._file)
        os.ftruncate(self._file, self._good)  # a line that was torn, by us or by a kill
        done = 0
        while done < len(lines):
            done += os.pwrite(self._file, lines[done:], self._good + done)
        self._good += len(lines)

    def _failed(self, error: OSError, waiting: list[dict[str, Any]]) -> None:
        """Count what the disk did not take, and say so, once in a run."""
        told = [entry["count"] for entry in waiting if entry["is"] == "lost"]
        self._miss(len(waiting) - len(told), again=sum(told))
        self.last_error = f"{self.path}: {error.strerror}: the run goes on and is not recorded"
        if not self._told_trouble:
            self._told_trouble = True
            self._trouble(self.last_error)


def order_fields(order: Any) -> dict[str, Any]:
    """Return all that a strategy asked for; *parent* and *oco* are refs of Backtrader's."""
    p = order.p
    return {
        "data": order.data._name,
        "side": "buy" if order.isbuy() else "sell",
        "size": p.size,
        "price": p.price,
        "plimit": p.pricelimit,
        "exectype": order.ExecTypes[order.exectype],
        "valid": p.valid,
        "tradeid": order.tradeid,
        "trailamount": p.trailamount,
        "trailpercent": p.trailpercent,
        "transmit": p.transmit,
        "parent": None if order.parent is None else order.parent.ref,
        "oco": None if p.oco is None else p.oco.ref,
        "info": dict(order.info),
    }


def order_news(order: Any) -> dict[str, Any]:
    """Return how a notification's clone stands: status, sums, info, and what is new in it."""
    return {
        "data": order.data._name,
        "status": order.Status[order.status],
        "size": order.executed.size,
        "remaining": order.executed.remsize,
        "price": order.executed.price,
        "commission": order.executed.comm,
        "info": dict(order.info),
        "executions": [
            {
                "dt": bit.dt, "size": bit.size, "price": bit.price, "closed": bit.closed,
                "opened": bit.opened, "closed_fee": bit.closedcomm, "opened_fee": bit.openedcomm,
                "pnl": bit.pnl, "position": bit.psize, "position_price": bit.pprice,
            }
            for bit in order.executed.iterpending()
        ],
    }  # fmt: skip


def _line(entry: dict[str, Any]) -> bytes:
    if entry["is"] == "bar":
        values = entry["values"].items()
        entry["values"] = {name: value if math.isfinite(value) else None for name, value in values}
    return json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, as it is now: what strategies hold changes later."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _plain(nested) for name, nested in value.items()}
    if isinstance(value, list | tuple | set | frozenset | deque):
        return [_plain(nested) for nested in value]
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.name
    if hasattr(value, "item"):  # numpy's numbers
        return _plain(value.item())
    return str(value)


def _whole(file: int) -> int:
    """Return how many bytes of a file are whole lines."""
    size = os.fstat(file).st_size
    while size:
        start = max(0, size - 65_536)
        tail = os.pread(file, size - start, start)
        place = tail.rfind(b"\n")
        if place >= 0:
            return start + place + 1
        size = start
    return 0

"""A live run's log: JSON lines in a file that rotates, beside the lines that a person reads.

``log.jsonl`` has a line an event::

    {"at": "2026-01-05T10:00:00.123456+00:00", "level": "info", "logger": "atms.running.events",
     "run": "…", "text": "order Accepted: buy 0.01 btc", "about": {"order": "k3x9w2-1-4", …}}

*about* has the same as data, where the event has any; *error* the traceback, if something was
raised. Older lines are in ``log.jsonl.1`` and so on. Who logs only puts a line into a queue: a
disk that is slow or full makes lines missing, which are counted, and stops nothing.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from copy import copy
from datetime import UTC, datetime
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final

from atms.config import Config
from atms.running.hiding import hider

NAME: Final = "log.jsonl"
OURS: Final = "atms"
FILE: Final = "file"  # as a record's attribute *only*: it is not for the screen
SCREEN: Final = "screen"  # and this: it is not for the file
_QUEUE = 50_000  # lines that may wait for a slow disk
# Seconds between two writings: a thread that woke with each event would take the interpreter from
# the order that the event is of.
_EVERY = 0.25
_LAST_WORDS = 5.0  # seconds that the disk has, when a run is over
_PLAIN = logging.Formatter()  # only asked for tracebacks

Hide = Callable[[str], str]


class JsonLines(logging.Formatter):
    """Makes a record one line of JSON, of which every text has passed *hide*.

    Args:
        run: the run's id, in every line.
        hide: takes secrets out of a text.
    """

    def __init__(self, run: str, hide: Hide) -> None:
        super().__init__()
        self._run = run
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        values: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname.lower(), "logger": record.name, "run": self._run,
            "text": record.getMessage(),
        }  # fmt: skip
        about = getattr(record, "about", None)
        if about is not None:
            values["about"] = about
        if record.exc_info:
            values["error"] = _PLAIN.formatException(record.exc_info)
        return json.dumps(_clean(values, self._hide), ensure_ascii=False, separators=(",", ":"))


def _clean(value: Any, hide: Hide) -> Any:
    """Return a value as JSON has it: numbers as they are, all else as text without secrets."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None  # JSON has no infinity and no NaN
    if isinstance(value, dict):
        return {hide(str(name)): _clean(nested, hide) for name, nested in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(nested, hide) for nested in value]
    return hide(value if isinstance(value, str) else str(value))


class _File(RotatingFileHandler):
    """A rotating file for this user alone, that says once that the disk takes nothing."""

    def __init__(self, path: Path, max_bytes: int, older: int, trouble: Callable[[str], None]):
        self._trouble = trouble
        self.lost = 0
        super().__init__(path, maxBytes=max_bytes, backupCount=older, encoding="utf-8", delay=True)
        self.setFormatter(logging.Formatter("%(message)s"))

    def _open(self) -> io.TextIOWrapper:
        number = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return io.TextIOWrapper(io.FileIO(number, "a"), encoding="utf-8")

    def doRollover(self) -> None:  # noqa: N802 - logging's name
        """Begin a new file. With no older ones to keep, this one is emptied."""
        super().doRollover()
        if self.backupCount == 0:
            Path(self.baseFilename).unlink(missing_ok=True)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Count a line that was not written; tell it the first time."""
        self.lost += 1
        error = sys.exc_info()[1]
        if self.lost == 1:
            why = getattr(error, "strerror", None) or error
            self._trouble(f"{self.baseFilename}: {why}: the run goes on without its log")


class LogFile(logging.Handler):
    """Takes records from any thread and writes them from its own.

    Args:
        path: the file; its older parts lie beside it.
        lines: makes a record a line.
        max_bytes: how large a file gets.
        files: how many there are in all.
        trouble: told once, when the disk takes nothing.
    """

    def __init__(
        self, path: Path, lines: JsonLines, *, max_bytes: int, files: int,
        trouble: Callable[[str], None],
    ) -> None:  # fmt: skip
        super().__init__()
        self.setFormatter(lines)
        self._file = _File(path, max_bytes, files - 1, trouble)
        self._queue: deque[logging.LogRecord] = deque()
        self._missed = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go, name="atms-log", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """How many lines are missing."""
        return self._missed + self._file.lost

    def emit(self, record: logging.LogRecord) -> None:
        """Put a record into the queue, with its words as they are now; a line is made later."""
        if getattr(record, "only", FILE) != FILE:
            return
        if len(self._queue) >= _QUEUE:
            self._missed += 1
            return
        try:
            own = copy(record)
            own.msg, own.args = record.getMessage(), None
        except Exception:  # noqa: BLE001 - what a program logs must not end it
            self._missed += 1
            return
        self._queue.append(own)

    def close(self) -> None:
        """Write what waits, for a bounded time, and end; a second time does nothing."""
        self._over.set()
        self._thread.join(_LAST_WORDS)
        super().close()

    def _go(self) -> None:
        over = False
        while not over:
            over = self._over.wait(_EVERY)
            while self._queue:
                self._write(self._queue.popleft())
        self._file.close()

    def _write(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - the next line may be whole
            self._missed += 1
            return
        self._file.emit(logging.makeLogRecord({"msg": line}))


class Console(logging.Handler):
    """What a person should see, a line each on standard error: warnings and worse."""

    def __init__(self, hide: Hide) -> None:
        super().__init__(logging.WARNING)
        self._hide = hide

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record; a terminal that is gone is no reason to stop."""
        with suppress(OSError, ValueError):
            at = f"{datetime.fromtimestamp(record.created, UTC):%H:%M:%S}"
            text = f"{at} {record.levelname.lower()}: {record.getMessage()}"
            sys.stderr.write(self._hide(f"{text}\n"))  # a traceback stands in the file
            sys.stderr.flush()


class _Through(logging.Handler):
    """Passes records on to another handler or logger, if they are for it."""

    def __init__(self, take: Callable[[logging.LogRecord], object], level: int, only: str) -> None:
        super().__init__(level)
        self._take = take
        self._only = only

    def emit(self, record: logging.LogRecord) -> None:
        """Pass it on."""
        if getattr(record, "only", self._only) == self._only:
            self._take(record)


@contextmanager
def logging_to(folder: Path, run: str, config: Config) -> Iterator[None]:
    """Send log records to a run's file, and to the screen, for the length of a with block.

    The file gets those of atms from ``operations.log_level`` on, and of other loggers what they
    let through. The screen gets warnings; where a program has set up handlers of its own, it is
    left to them, and they get of atms what they got before.
    """
    section, hide = config.operations, hider(config)
    root, ours = logging.getLogger(), logging.getLogger(OURS)
    console = Console(hide)
    with ExitStack() as stack:
        stack.callback(_set, ours, ours.level, ours.propagate)
        through = _Through(root.handle, ours.getEffectiveLevel(), SCREEN)
        _attach(stack, ours, through)
        if not root.handlers:
            _attach(stack, root, console)
        if section.log:
            file = LogFile(
                folder / NAME, JsonLines(run, hide), files=section.log_files,
                max_bytes=max(1, int(section.log_max_mb * 1_000_000)),
                trouble=lambda words: _tell(console, words),
            )  # fmt: skip
            _attach(stack, ours, file)
            _attach(stack, root, _Through(partial(_unless_ours, file), logging.NOTSET, FILE))
        _set(ours, logging.getLevelNamesMapping()[section.log_level.upper()], False)
        yield


def _attach(stack: ExitStack, logger: logging.Logger, handler: logging.Handler) -> None:
    logger.addHandler(handler)
    stack.callback(handler.close)
    stack.callback(logger.removeHandler, handler)


def _set(logger: logging.Logger, level: int, propagate: bool) -> None:
    logger.setLevel(level)
    logger.propagate = propagate


def _unless_ours(file: LogFile, record: logging.LogRecord) -> None:
    if record.name.partition(".")[0] != OURS:
        file.handle(record)


def _tell(console: Console, words: str) -> None:
    """Print what the log itself cannot take."""
    console.emit(logging.LogRecord(__name__, logging.WARNING, "", 0, words, None, None))

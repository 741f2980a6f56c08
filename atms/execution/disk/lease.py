"""The right to run an account: one process at a time.

::

    lease.lock   locked by the holder; the kernel unlocks it when the holder ends
    lease.json   who holds it: for people, and for a process that takes over
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import psutil

from atms.errors import JournalError
from atms.execution.disk.journal_file import make_folder, told
from atms.execution.disk.processes import is_same, started

_LOCK, _WORDS = "lease.lock", "lease.json"
_TERM_SECONDS, _KILL_SECONDS, _LOCK_SECONDS = 5.0, 10.0, 1.0
_LOOK_EVERY = 0.02


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds a lease.

    Attributes:
        account: which account's.
        pid: the process.
        started: when that process began, in seconds since the machine's start: a clock that is
            set changes nothing in it.
        host: the machine's name; a container has its own, and its own pids.
        since: when the lease was taken, ISO 8601 in UTC.
        descriptor: the process's own number of the locked file.
    """

    account: str
    pid: int
    started: float
    host: str
    since: str
    descriptor: int


class LeaseHeld(JournalError):  # noqa: N818 - read as a sentence: raise LeaseHeld
    """Another process runs the account, and was not ended.

    Attributes:
        holder: that process; None: it has not said yet who it is.
    """

    def __init__(self, message: str, holder: Holder | None) -> None:
        super().__init__(message)
        self.holder = holder


class LeaseLost(JournalError):  # noqa: N818
    """The account may be another process's by now."""


class Lease:
    """One account's lease, held by this process and by none of its children.

    Attributes:
        holder: this process.
    """

    def __init__(self, folder: Path, holder: Holder) -> None:
        """Keep what is locked already; :meth:`take` takes it."""
        self.holder = holder
        self._lock = folder / _LOCK
        self._words = folder / _WORDS
        self._text = json.dumps(asdict(holder))
        self._released = False

    @classmethod
    def take(cls, folder: Path, account: str, *, takeover: bool = False) -> Lease:
        """Take the lease of *account*, whose files are in *folder*, made if it is not there.

        Args:
            takeover: end the process that holds it: SIGTERM, after 5 s SIGKILL, and wait.

        Raises:
            LeaseHeld: another process has it; it could or must not be ended: it is another
                user's or machine's, or its number is another process's by now.
            JournalError: the files cannot be written.
        """
        make_folder(folder)
        folder = folder.resolve()
        with told(folder / _LOCK):
            _refuse_twice(folder, account)
            descriptor = _opened(folder / _LOCK)
            try:
                if not _locked(descriptor):
                    _make_way(folder, account, descriptor, takeover)
                lease = cls(folder, _this_process(account, descriptor))
                lease._write()
                lease.check()
            except BaseException:
                os.close(descriptor)
                raise
        return lease

    def check(self) -> None:
        """Make sure that the account is still this process's.

        Raises:
            LeaseLost: it was released; a file of it was removed or replaced; another process has
                the lock; this process is a child of the one that took it.
        """
        if self._released:
            raise self._lost("was released")
        if os.getpid() != self.holder.pid:
            raise self._lost(f"is process {self.holder.pid}'s, of which this is a child")
        if not _is_open_here(self._lock, self.holder.descriptor):
            raise self._lost(f"{_LOCK} was removed or replaced")
        try:
            if _text_of(self._words) != self._text:
                raise self._lost(f"{_WORDS} was removed or replaced")
            if not _locked(self.holder.descriptor):
                raise self._lost("another process has the lock")
        except OSError as error:
            raise self._lost(f"cannot be looked at: {error.strerror}") from error

    def release(self) -> None:
        """Give the account free; a second time does nothing."""
        if self._released:
            return
        self._released = True
        if os.getpid() == self.holder.pid and _text_of(self._words) == self._text:
            self._words.unlink(missing_ok=True)
        os.close(self.holder.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _write(self) -> None:
        new = self._words.with_name(f"{_WORDS}.new")
        new.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(new, flags, 0o600), "w", encoding="utf-8") as written:
            written.write(self._text)
        new.replace(self._words)

    def _lost(self, why: str) -> LeaseLost:
        return LeaseLost(
            f"lease {self._lock}: {why}; account {self.holder.account} may be another process's: "
            "end this one"
        )


def _opened(lock: Path) -> int:
    """Return a descriptor that programs started from here do not get (PEP 446)."""
    return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _locked(descriptor: int) -> bool:
    """Lock the file, or find it locked by this process; False: it is another's.

    A lock of fcntl's kind belongs to the process: a forked child has no part in it, and does not
    keep it when its parent is killed, as it would one of flock's kind.
    """
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _refuse_twice(folder: Path, account: str) -> None:
    # Asked before the lock is opened: within one process locks do not exclude each other, and
    # whichever descriptor is closed first takes the lock away.
    holder = _holder(folder)
    if (
        holder is not None
        and holder.pid == os.getpid()
        and is_same(psutil.Process(), holder.started)
        and _is_open_here(folder / _LOCK, holder.descriptor)
    ):
        raise LeaseHeld(f"account {account}: this process has it already; use that one", holder)


def _make_way(folder: Path, account: str, descriptor: int, takeover: bool) -> None:
    """Get the lock from its holder, or raise LeaseHeld."""
    holder = _holder(folder)
    if takeover and holder is not None:
        _end(holder, account)
        if _comes(lambda: _locked(descriptor), _LOCK_SECONDS):
            return
        holder = _holder(folder)
    raise _held(account, holder, "end it (python -m atms stop), or take over (--takeover)")


def _held(account: str, holder: Holder | None, way_out: str) -> LeaseHeld:
    if holder is None:
        return LeaseHeld(
            f"account {account}: another process is taking it just now; try again", None
        )
    return LeaseHeld(
        f"account {account}: process {holder.pid} on {holder.host} has it since {holder.since}; "
        f"{way_out}",
        holder,
    )


def _end(holder: Holder, account: str) -> None:
    if holder.host != _host():
        raise _held(account, holder, "it can be ended on that machine alone")
    try:
        process = psutil.Process(holder.pid)
        if not is_same(process, holder.started):
            raise _held(account, holder, "but that number is another process's by now; try again")
        if process.uids().real != os.getuid():
            raise _held(account, holder, f"only its user, {process.username()}, can end it")
        process.terminate()
        if not _comes(lambda: _has_ended(process), _TERM_SECONDS):
            process.kill()
            if not _comes(lambda: _has_ended(process), _KILL_SECONDS):
                raise _held(account, holder, "it does not end, even killed: its disk may hang")
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise _held(account, holder, "this user may not end it") from error


def _has_ended(process: psutil.Process) -> bool:
    try:
        # Its parent need not have asked yet how it ended; nor is that for us to do.
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _comes(what: Callable[[], bool], seconds: float) -> bool:
    for _ in range(round(seconds / _LOOK_EVERY)):
        if what():
            return True
        time.sleep(_LOOK_EVERY)
    return what()


def _this_process(account: str, descriptor: int) -> Holder:
    os.utime(descriptor)  # the time is the kernel's: nothing here reads a clock
    since = datetime.fromtimestamp(os.fstat(descriptor).st_mtime, UTC)
    return Holder(
        account=account,
        pid=os.getpid(),
        started=started(psutil.Process()),
        host=_host(),
        since=since.isoformat(timespec="seconds"),
        descriptor=descriptor,
    )


def _host() -> str:
    return os.uname().nodename


def _holder(folder: Path) -> Holder | None:
    try:
        return Holder(**json.loads(_text_of(folder / _WORDS)))
    except (ValueError, TypeError):  # not there, or not of ours
        return None


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _is_open_here(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:  # no such file; no such descriptor
        return False

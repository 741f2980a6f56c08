"""The folder of a local server: what stands in it, whose it is, and one process at a time.

::

    atms-postgres.lock   makes the folder a local server's; held while one starts or stops it
    data/                the cluster; only ever a whole one
    password             of the superuser atms; mode 600
    port                 the port it had last
    log                  the server's own words
    programs-.../        a copy of the server's programs, where root started it
    new-.../             what was being made when a process was killed; removed at the next start
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from atms.errors import LedgerError
from atms.localdb.account import Account, user_name

_UNFIT = '"$`\\'  # PostgreSQL's programs hand paths to a shell, within double quotes
_SEARCH = 0o111
_SHOWN = 3


@dataclass(frozen=True)
class ServerFolder:
    """The names in a local server's folder; *path* is absolute, without links."""

    path: Path

    @property
    def lock(self) -> Path:
        """The file that is locked, and whose presence says whose folder it is."""
        return self.path / "atms-postgres.lock"

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.path / "data"

    @property
    def password(self) -> Path:
        """The file with the superuser's password."""
        return self.path / "password"

    @property
    def port(self) -> Path:
        """The file with the port for next time."""
        return self.path / "port"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.path / "log"

    @property
    def is_ours(self) -> bool:
        """Whether a local server was ever started here."""
        return self.lock.exists()


def default_folder() -> Path:
    """Return where a local server stands unless told otherwise.

    For root ``/var/lib/atms/postgres``; else ``atms/postgres`` in ``$XDG_DATA_HOME`` or in
    ``~/.local/share``.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/atms/postgres")
    shared = Path(os.environ.get("XDG_DATA_HOME", ""))
    if not shared.is_absolute():
        shared = Path.home() / ".local" / "share"
    return shared / "atms" / "postgres"


def named(folder: Path) -> ServerFolder:
    """Return the folder of that name, which need not exist.

    Raises:
        LedgerError: PostgreSQL's programs could not take its path.
    """
    try:
        path = folder.expanduser().resolve()
        _check_that_it_ends(path)
    except (OSError, RuntimeError) as error:  # links in a circle; a user without a home
        raise LedgerError(f"{folder}: {error}; choose another --dir") from error
    for character in str(path):
        if character in _UNFIT or not character.isprintable():
            raise LedgerError(
                f"{path}: PostgreSQL cannot take a path with {character!r} in it; "
                "choose another --dir"
            )
    return ServerFolder(path)


def _check_that_it_ends(path: Path) -> None:
    """Raise what the system says of links in a circle: 3.13 resolves them to themselves."""
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise


def claim(folder: ServerFolder, account: Account) -> None:
    """Make *folder* a local server's, if it is not; what stands there is left alone.

    Raises:
        LedgerError: it holds something else, or *account* cannot reach it.
    """
    path = folder.path
    if account.switch:
        _check_way(path, account)
    _make_folders(path, account)
    if account.switch and path.stat().st_uid != os.geteuid():
        # Its owner could put a link there, and have root write where it points.
        owner = user_name(path.stat().st_uid)
        raise LedgerError(
            f"{path}: belongs to {owner}; start the server as {owner}, or choose another --dir"
        )
    others = sorted(entry.name for entry in path.iterdir() if entry != folder.lock)
    if others and not folder.is_ours:
        more = ", ..." if len(others) > _SHOWN else ""
        raise LedgerError(
            f"{path}: holds files that are no local server's ({', '.join(others[:_SHOWN])}{more}); "
            "choose an empty folder, or a new one, with --dir"
        )
    if account.switch:
        mode = path.stat().st_mode
        if mode & _SEARCH != _SEARCH:
            path.chmod(mode & 0o777 | _SEARCH)


def _check_way(path: Path, account: Account) -> None:
    closed = account.first_closed([one for one in reversed(path.parents) if one.is_dir()])
    if closed is not None:
        raise LedgerError(
            f"{path}: PostgreSQL does not run as root, and {account.name}, as whom it would run, "
            f"may not enter {closed}; choose a folder that every user can reach, such as "
            "--dir /var/lib/atms-postgres"
        )


def _make_folders(path: Path, account: Account) -> None:
    if path.exists():
        return
    _make_folders(path.parent, account)
    path.mkdir(exist_ok=True)
    if account.switch:
        path.chmod(0o755)  # whatever root's umask is


@contextmanager
def locked(folder: ServerFolder) -> Iterator[None]:
    """Hold *folder* against other processes that start or stop its server; wait for them."""
    descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def workshop(folder: ServerFolder) -> Iterator[Path]:
    """Yield an empty folder inside *folder*, on the same disk, removed afterwards."""
    path = Path(tempfile.mkdtemp(prefix="new-", dir=folder.path))
    try:
        path.chmod(0o755)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def sweep(folder: ServerFolder) -> None:
    """Remove what killed processes left half made."""
    for path in folder.path.glob("new-*"):
        shutil.rmtree(path, ignore_errors=True)


def write_durably(path: Path, text: str) -> None:
    """Write *text* into a file of mode 600, and onto the disk."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def rename_durably(made: Path, path: Path) -> None:
    """Give *made* its name, on the disk too: a power cut must not take a cluster's name away."""
    made.rename(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

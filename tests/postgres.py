"""A real PostgreSQL server for tests: one a session, an empty database a test.

Fixtures: ``postgres_server``, ``postgres_url``, ``postgres_crashable``. The first test that asks
for one makes a cluster (about half a second); every server is a copy of it. They stand in a folder
of their own and not in pytest's tmp_path, whose mode a second pytest changes: a server that runs as
another user, as root's does, then loses its data. A guard process ends them, see
:mod:`tests.localdb.guard`.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import psutil
import psycopg2
import pytest

from atms import localdb
from atms.localdb import LocalServer
from atms.localdb.folder import named
from tests.localdb import guard


class Session:
    """The servers of one test session, all below one folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="atms-postgres-")).resolve()
        self.folder.chmod(0o755)  # the server's user must get through
        self._numbers = itertools.count(1)
        self._remover = ThreadPoolExecutor(1)
        self._guard = subprocess.Popen(
            [sys.executable, guard.__file__, str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # the terminal's Ctrl-C is not for it
        )

    def close(self) -> None:
        """End everything and remove it."""
        self._remover.shutdown()
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        if self._guard.wait(timeout=60):
            raise RuntimeError(f"{self.folder}: servers of the tests are still running")

    @cached_property
    def template(self) -> Path:
        """The folder of a server that was made and started once, and is stopped."""
        folder = self.folder / "template"
        localdb.start(folder)
        localdb.stop(folder)
        return folder

    @cached_property
    def server(self) -> LocalServer:
        """The server that the tests share."""
        return localdb.start(self.copy())

    def copy(self) -> Path:
        """Return a new folder with a server that is not running."""
        folder = self.folder / f"server-{next(self._numbers)}"
        folder.mkdir()
        folder.chmod(0o755)
        source = named(self.template)
        subprocess.run(
            ["cp", "-a", source.lock, source.password, source.data, folder], check=True, timeout=60
        )
        for programs in self.template.glob("programs-*"):
            (folder / programs.name).symlink_to(programs)
        return folder

    def discard(self, folder: Path) -> None:
        """End the servers in *folder*, and have it removed meanwhile: some disks need a second."""
        guard.end_servers(folder)
        self._remover.submit(guard.remove, folder)

    def new_name(self) -> str:
        """Return a name that no database and no folder has had yet."""
        return f"test_{next(self._numbers)}"

    def shared_database(self) -> str:
        """Return the URL of an empty database for several tests; it goes with the server."""
        # Dropping it would wait for a checkpoint.
        name = f"shared_{next(self._numbers)}"
        execute(self.server.url, f"CREATE DATABASE {name} TEMPLATE template0")
        return f"{self.server.url.rpartition('/')[0]}/{name}"


class CrashableServer:
    """A server of a test's own, to be killed and started again.

    Attributes:
        folder: its folder, which stays.
        server: the server as it was started last.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = localdb.start(folder)

    @property
    def url(self) -> str:
        """Where it is now: another port after a restart only if the old one was taken."""
        return self.server.url

    def start(self) -> None:
        """Start it again, recovery included; if it runs, nothing happens."""
        self.server = localdb.start(self.folder)

    def stop(self) -> bool:
        """Shut it down in order; return False if it was not running."""
        return localdb.stop(self.folder)

    def kill(self) -> None:
        """Kill all its processes at once, as a power cut would; the disk keeps what it has."""
        postmaster = psutil.Process(self.server.pid)
        postmaster.suspend()  # it would start or warn others while they are killed
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            process.kill()
        deadline = time.monotonic() + 10
        while any(guard.is_alive(process) for process in family):
            assert time.monotonic() < deadline, f"processes of {self.folder} outlive SIGKILL"
            time.sleep(0.002)


_SESSION = pytest.StashKey[Session]()


def session_of(config: pytest.Config) -> Session:
    """Return the servers of this run of pytest; they are ended when it is over."""
    if _SESSION not in config.stash:
        config.stash[_SESSION] = Session()
        config.add_cleanup(config.stash[_SESSION].close)
    return config.stash[_SESSION]


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    """Run one statement, outside a transaction; return its rows, if it has any."""
    connection = psycopg2.connect(url.replace("+psycopg2", ""), connect_timeout=20)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> LocalServer:
    """The session's server; fsync is on. A test that stops or kills a server takes its own."""
    return session_of(pytestconfig).server


@pytest.fixture
def postgres_url(pytestconfig: pytest.Config, postgres_server: LocalServer) -> Iterator[str]:
    """An empty database of this test's own: ``postgresql+psycopg2://...``."""
    name = session_of(pytestconfig).new_name()
    # Not the default template, which a connection to it would lock, and a test could have changed.
    execute(postgres_server.url, f"CREATE DATABASE {name} TEMPLATE template0")
    yield postgres_server.url.rpartition("/")[0] + f"/{name}"
    execute(postgres_server.url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_crashable(pytestconfig: pytest.Config) -> Iterator[CrashableServer]:
    """A running server of this test's own: ``.url``, ``.kill()``, ``.start()``, ``.stop()``."""
    session = session_of(pytestconfig)
    folder = session.copy()
    try:
        yield CrashableServer(folder)
    finally:
        session.discard(folder)

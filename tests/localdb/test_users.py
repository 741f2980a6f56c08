"""As root, and as an ordinary user beside it: who runs the server, and what is left untouched."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from atms import localdb
from atms.errors import LedgerError
from atms.localdb import LocalServer
from atms.localdb.folder import named
from tests.localdb import guard
from tests.localdb.conftest import ROOT
from tests.postgres import execute, session_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another user")


@pytest.fixture(scope="module")
def nobody() -> pwd.struct_passwd:
    """An ordinary user."""
    return pwd.getpwnam("nobody")


def modes(folder: Path) -> list[tuple[int, int, int]]:
    """Return mode, owner and group of *folder* and of everything above it."""
    found = [path.stat() for path in (folder, *folder.parents)]
    return [(one.st_mode, one.st_uid, one.st_gid) for one in found]


def test_roots_server_runs_as_nobody(made: Path, nobody: pwd.struct_passwd) -> None:
    server = localdb.start(made)
    running = psutil.Process(server.pid)
    assert set(running.uids()) == {nobody.pw_uid}
    assert set(running.gids()) == {nobody.pw_gid}
    groups = Path(f"/proc/{server.pid}/status").read_text().partition("Groups:")[2]
    assert groups.splitlines()[0].strip() == ""
    assert server.data.stat().st_uid == nobody.pw_uid


@dataclass(frozen=True)
class Start:
    """A first start by a root with a narrow umask: the system before and after it."""

    server: LocalServer
    before: list[object]
    after: list[object]


@pytest.fixture(scope="module")
def first(pytestconfig: pytest.Config) -> Iterator[Start]:
    above = session_of(pytestconfig).folder
    packages = Path(psutil.__file__).parent.parent

    def look() -> list[object]:
        users = [Path("/etc", name).read_bytes() for name in ("passwd", "group")]
        return [*users, *map(modes, (above, packages, Path.home()))]

    before, umask = look(), os.umask(0o077)
    try:
        server = localdb.start(above / "narrow" / "deep" / "down")
    finally:
        os.umask(umask)
    yield Start(server, before, look())
    guard.end_servers(above / "narrow")


def test_a_first_start_adds_no_user_and_changes_no_parents_mode(first: Start) -> None:
    assert first.after == first.before


def test_nobody_is_given_the_data_and_nothing_else(first: Start, nobody: pwd.struct_passwd) -> None:
    folder = first.server.folder
    assert folder.stat().st_uid == 0
    given = {path.name for path in folder.iterdir() if path.stat().st_uid == nobody.pw_uid}
    assert given == {"data"}


def test_whatever_roots_umask_is_the_server_reaches_its_files(first: Start) -> None:
    assert execute(first.server.url, "SELECT 1") == [(1,)]


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that root alone may enter, as /root is."""
    folder = Path(tempfile.mkdtemp()).resolve()
    (folder / "inner").mkdir()
    yield folder
    shutil.rmtree(folder)


def test_a_folder_that_nobody_cannot_reach_is_refused_without_touching_a_mode(
    closed: Path,
) -> None:
    folder = closed / "inner" / "postgres"
    before = modes(closed / "inner")
    with pytest.raises(LedgerError) as caught:
        localdb.start(folder)
    assert str(caught.value) == (
        f"{folder}: PostgreSQL does not run as root, and nobody, as whom it would run, may not "
        f"enter {closed}; choose a folder that every user can reach, such as "
        "--dir /var/lib/atms-postgres"
    )
    assert modes(closed / "inner") == before
    assert list((closed / "inner").iterdir()) == []


def test_root_takes_no_folder_that_belongs_to_another_user(
    fresh: Path, nobody: pwd.struct_passwd
) -> None:
    fresh.mkdir()
    os.chown(fresh, nobody.pw_uid, nobody.pw_gid)
    with pytest.raises(LedgerError, match="belongs to nobody; start the server as nobody"):
        localdb.start(fresh)
    assert list(fresh.iterdir()) == []


def test_a_cluster_that_another_user_made_is_refused(spoilable: Path) -> None:
    os.chown(named(spoilable).data, 12345, 12345)
    with pytest.raises(LedgerError, match="belongs to user 12345, and the server would run as"):
        localdb.start(spoilable)


def test_the_copied_programs_are_reused_and_replaced_with_another_version(
    spoilable: Path,
) -> None:
    (link,) = spoilable.glob("programs-*")
    name = link.name
    link.unlink()
    localdb.start(spoilable)
    localdb.stop(spoilable)
    made_at = (spoilable / name).stat().st_ino
    localdb.start(spoilable)
    localdb.stop(spoilable)
    assert (spoilable / name).stat().st_ino == made_at
    (spoilable / name).rename(spoilable / "programs-18-0.0.1")
    localdb.start(spoilable)
    assert [path.name for path in spoilable.glob("programs-*")] == [name]


# ---- an ordinary user ---------------------------------------------------------------------------
@pytest.fixture
def home(nobody: pwd.struct_passwd) -> Iterator[Path]:
    """The home of an ordinary user, closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="home-")).resolve()
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def interpreter(nobody: pwd.struct_passwd) -> str:
    """Return a Python of this version that an ordinary user can run, with what it must import."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for one in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin")):
        try:
            if (
                one
                and not as_user([one, "-c", "import atms.localdb"], nobody, Path("/")).returncode
            ):
                return one
        except OSError:
            continue  # below /root, say
    pytest.skip(f"no {version} with our packages that an ordinary user may run")


def as_user(
    command: list[str], user: pwd.struct_passwd, home: Path
) -> subprocess.CompletedProcess[str]:
    places = [str(ROOT), *(place for place in sys.path if place.endswith("-packages"))]
    return subprocess.run(
        command,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        cwd="/",
        env={"HOME": str(home), "PYTHONPATH": os.pathsep.join(places), "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


LIFE = """
import sqlalchemy
from atms import localdb
folder = localdb.default_folder()
server = localdb.start(folder)
engine = sqlalchemy.create_engine(server.url)
with engine.connect() as connection:
    print(connection.exec_driver_sql("SELECT current_database()").scalar())
engine.dispose()
print(sorted(path.name for path in folder.iterdir()))
assert localdb.stop(folder)
assert localdb.start(folder).url == server.url
assert localdb.stop(folder) and localdb.status(folder) is None
print(folder)
"""


def test_an_ordinary_users_server_runs_from_the_installed_files(
    home: Path, nobody: pwd.struct_passwd, interpreter: str
) -> None:
    done = as_user([interpreter, "-c", LIFE], nobody, home)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "atms",
        "['atms-postgres.lock', 'data', 'log', 'password', 'port']",
        str(home / ".local" / "share" / "atms" / "postgres"),
    ]
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_an_ordinary_user_is_told_when_a_folder_is_anothers(
    made: Path, home: Path, nobody: pwd.struct_passwd, interpreter: str
) -> None:
    localdb.start(made)
    code = f"from pathlib import Path; from atms import localdb; localdb.start(Path({str(made)!r}))"
    done = as_user([interpreter, "-c", code], nobody, home)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("atms.errors.LedgerError: ")
    assert "permission denied; use the user who made it" in last

"""A local server's life: it starts, is there for everyone, keeps its data, and stops."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from atms import localdb
from atms.errors import ConfigError, LedgerError
from atms.localdb import ports
from atms.localdb.folder import named
from tests.postgres import execute


def test_the_first_start_makes_a_database_that_answers(fresh: Path) -> None:
    server = localdb.start(fresh)
    rows = execute(server.url, "SELECT current_user, current_database()")
    assert rows == [("atms", "atms")]
    assert server.url.startswith("postgresql+psycopg2://atms:")
    assert server.url.endswith(f"@127.0.0.1:{server.port}/atms")
    assert (server.folder, server.data) == (fresh, fresh / "data")


def test_text_is_utf_8_and_times_are_utc_whatever_the_systems_locale_is(made: Path) -> None:
    server = localdb.start(made)
    query = "SELECT 'ÄÖ€' ILIKE 'äö€', current_setting('server_encoding'), now()::text LIKE '%+00'"
    assert execute(server.url, query) == [(True, "UTF8", True)]


def test_fsync_is_on(made: Path) -> None:
    assert execute(localdb.start(made).url, "SHOW fsync") == [("on",)]


def test_starting_a_running_server_returns_it(made: Path) -> None:
    server = localdb.start(made)
    assert localdb.start(made) == server


def test_a_running_server_is_not_moved_to_another_port(made: Path) -> None:
    server = localdb.start(made)
    with pytest.raises(LedgerError, match=f"runs already, on port {server.port}; stop it first"):
        localdb.start(made, port=server.port + 1)
    assert localdb.status(made) == server


def test_a_stopped_server_is_gone_and_stopping_it_again_says_so(made: Path) -> None:
    server = localdb.start(made)
    assert localdb.stop(made) is True
    assert ports.is_free(server.port)
    assert localdb.stop(made) is False


def test_stop_closes_open_connections(made: Path) -> None:
    server = localdb.start(made)
    connection = psycopg2.connect(server.url.replace("+psycopg2", ""))
    assert localdb.stop(made) is True
    with pytest.raises(psycopg2.OperationalError):
        connection.cursor().execute("SELECT 1")
    connection.close()


def test_status_is_the_running_server_or_none(made: Path) -> None:
    assert localdb.status(made) is None
    server = localdb.start(made)
    assert localdb.status(made) == server
    localdb.stop(made)
    assert localdb.status(made) is None


def test_looking_for_a_server_makes_no_folder(workdir: Path) -> None:
    assert localdb.status(workdir / "none") is None
    assert localdb.stop(workdir / "none") is False
    assert list(workdir.iterdir()) == []


def test_data_password_and_port_are_the_same_after_a_restart(made: Path) -> None:
    first = localdb.start(made)
    execute(first.url, "CREATE TABLE kept AS SELECT 42 AS n")
    localdb.stop(made)
    again = localdb.start(made)
    assert again.url == first.url
    assert execute(again.url, "SELECT n FROM kept") == [(42,)]


def test_a_wrong_password_is_refused(made: Path) -> None:
    server = localdb.start(made)
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(
            host="127.0.0.1", port=server.port, user="atms", password="x", dbname="atms"
        )


def test_the_password_is_for_the_owners_eyes_and_in_no_repr(made: Path) -> None:
    server = localdb.start(made)
    password = named(made).password
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    assert len(password.read_text()) >= 32
    assert password.read_text() not in repr(server)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux' table of sockets")
def test_it_listens_on_the_loopback_address_and_nowhere_else(made: Path) -> None:
    server = localdb.start(made)
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path("/proc/net", table).read_text().splitlines()[1:]
    ]
    listening = [
        row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{server.port:04X}")
    ]
    assert listening == [f"0100007F:{server.port:04X}"]
    assert execute(server.url, "SHOW unix_socket_directories") == [("",)]


def test_it_sees_nothing_of_the_callers_environment(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXCHANGE_API_SECRET", "not for the database")
    server = localdb.start(made)
    query = "CREATE TEMP TABLE e (line text); COPY e FROM PROGRAM 'env'; SELECT line FROM e"
    seen = [line for (line,) in execute(server.url, query)]
    assert "TZ=UTC" in seen
    assert not any("not for the database" in str(line) for line in seen)


def test_its_processes_hear_no_ctrl_c_of_the_terminal_and_are_nobodys_child(made: Path) -> None:
    server = localdb.start(made)
    assert os.getsid(server.pid) != os.getsid(0)
    with pytest.raises(ChildProcessError):
        os.waitpid(server.pid, os.WNOHANG)


def test_two_processes_that_start_at_once_get_the_same_server(
    fresh: Path, environment: dict[str, str]
) -> None:
    code = (
        "import sys, pathlib; from atms import localdb; print('ready', flush=True); input(); "
        "server = localdb.start(pathlib.Path(sys.argv[1])); print(server.pid, server.url)"
    )
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(fresh)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(2)
    ]
    for starter in starters:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "ready\n"
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda one: one.communicate("go\n", timeout=60)[0], starters))
    server = localdb.status(fresh)
    assert server is not None
    assert said == [f"{server.pid} {server.url}\n"] * 2
    assert [starter.returncode for starter in starters] == [0, 0]


# ---- ports --------------------------------------------------------------------------------------
def test_the_port_that_is_asked_for_is_used_and_kept(made: Path) -> None:
    port = a_free_port()
    assert localdb.start(made, port=port).port == port
    localdb.stop(made)
    assert localdb.start(made).port == port


def test_a_port_that_is_asked_for_and_taken_is_an_error(made: Path) -> None:
    with listener() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LedgerError, match=f"port {port}: another program holds it"):
            localdb.start(made, port=port)
    assert localdb.status(made) is None


def test_when_its_old_port_is_taken_it_moves_and_says_so(made: Path) -> None:
    with listener() as taken:
        port = taken.getsockname()[1]
        named(made).port.write_text(f"{port}\n")
        server = localdb.start(made)
    assert server.moved_from == port
    assert server.port != port
    assert execute(server.url, "SELECT 1") == [(1,)]


def test_its_old_port_is_waited_for_a_moment(made: Path) -> None:
    taken = listener()
    port = taken.getsockname()[1]
    named(made).port.write_text(f"{port}\n")
    freed = threading.Timer(0.1, taken.close)
    freed.start()
    server = localdb.start(made)
    freed.join()
    assert (server.port, server.moved_from) == (port, None)


def test_a_port_that_is_taken_in_the_last_moment_is_replaced(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listener() as taken:
        port = taken.getsockname()[1]
        free = a_free_port()
        named(made).port.unlink(missing_ok=True)
        answers = iter([port, free])
        monkeypatch.setattr(ports, "choose", lambda _folder: next(answers))
        assert localdb.start(made).port == free


@pytest.mark.parametrize("port", [0, 80, 65536, -1])
def test_what_is_no_port_is_refused(fresh: Path, port: int) -> None:
    with pytest.raises(ConfigError, match=f"port {port}: choose one from 1024 to 65535"):
        localdb.start(fresh, port=port)
    assert not fresh.exists()


def listener() -> socket.socket:
    """Return a socket that holds a port."""
    return socket.create_server(("127.0.0.1", 0))


def a_free_port() -> int:
    with listener() as probe:
        return int(probe.getsockname()[1])


def test_a_starter_whose_output_is_read_through_a_pipe_comes_back(
    made: Path, command: Callable[..., list[str]], environment: dict[str, str]
) -> None:
    # A server that held the pipe open would hang this until the timeout.
    done = subprocess.run(
        command("start", "--dir", made),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=environment,
    )
    server = localdb.status(made)
    assert server is not None
    assert done.stdout == f"{server.url}\n"

"""``local start|stop|status``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from atms import localdb
from atms.localdb.folder import named
from tests.localdb.test_start_stop import listener

Local = Callable[..., tuple[int, str, str]]


@pytest.fixture
def local(capfd: pytest.CaptureFixture[str]) -> Local:
    """Run a command line of ``local``; return exit code, standard output, standard error."""
    from atms.cli.local import local as app

    def call(*args: str | Path) -> tuple[int, str, str]:
        capfd.readouterr()
        code = 0
        try:
            app([str(one) for one in args], prog_name="local")
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def test_start_prints_the_url_alone_and_beside_it_how_to_use_and_stop_it(
    made: Path, local: Local
) -> None:
    code, out, err = local("start", "--dir", made)
    server = localdb.status(made)
    assert server is not None
    assert (code, out) == (0, f"{server.url}\n")
    assert f"DATABASE_URL='{server.url}'\n" in err
    assert "ledger.url: ${DATABASE_URL}\n" in err
    assert f"python -m atms db local stop --dir {made}\n" in err


def test_start_as_json(made: Path, local: Local) -> None:
    code, out, err = local("start", "--dir", made, "--json")
    server = localdb.status(made)
    assert server is not None
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "running": True,
        "folder": str(made),
        "port": server.port,
        "pid": server.pid,
        "url": server.url,
    }


def test_a_change_of_port_is_said(made: Path, local: Local) -> None:
    with listener() as taken:
        port = taken.getsockname()[1]
        named(made).port.write_text(f"{port}\n")
        _, _, err = local("start", "--dir", made)
    assert f"warning: port {port}, which it had last, is taken" in err


def test_status_of_a_running_server_is_its_url_and_exit_code_0(made: Path, local: Local) -> None:
    server = localdb.start(made)
    code, out, err = local("status", "--dir", made)
    assert (code, out) == (0, f"{server.url}\n")
    assert err == f"{made}: running as process {server.pid}, on port {server.port}\n"


def test_status_of_a_stopped_server_is_exit_code_1_and_how_to_start_it(
    made: Path, local: Local
) -> None:
    code, out, err = local("status", "--dir", made)
    assert (code, out) == (1, "")
    start = f"python -m atms db local start --dir {made}"
    assert err == f"{made}: not running; start it with: {start}\n"
    code, out, _ = local("status", "--dir", made, "--json")
    assert (code, json.loads(out)) == (1, {"running": False, "folder": str(made)})


def test_stop_says_whether_it_was_running(made: Path, local: Local) -> None:
    localdb.start(made)
    assert local("stop", "--dir", made) == (0, "", f"{made}: stopped\n")
    assert local("stop", "--dir", made) == (0, "", f"{made}: was not running\n")
    code, out, err = local("stop", "--dir", made, "--json")
    assert (code, json.loads(out), err) == (0, {"stopped": False, "folder": str(made)}, "")


def test_an_error_is_one_message_and_exit_code_4(fresh: Path, local: Local) -> None:
    fresh.mkdir()
    (fresh / "mine.txt").write_text("")
    code, out, err = local("start", "--dir", fresh)
    assert (code, out) == (4, "")
    assert err.startswith(f"error: {fresh}: holds files that are no local server's (mine.txt)")


def test_help_says_that_the_password_is_printed(local: Local) -> None:
    _, out, _ = local("start", "--help")
    assert "password included" in " ".join(out.split())

"""Is a run well, and who is told: the judgement, the endpoint, systemd's socket."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atms.errors import ConfigError
from atms.running.health import Health, judge, told
from atms.running.health_server import HealthServer
from atms.running.systemd import Notifier

GOOD = {
    "state": "running", "strategy_silent": 0.5, "bar_age": 30.0, "last_bar": "2026-01-05T10:00:00",
    "accounts": {
        "venue-1": {"ready": True, "failed": None, "trouble": None, "link": "up", "halted": {},
                    "orders": [], "journal": {"entries": 9, "waiting": 0, "commit_ms": 0.4}}
    },
    "feeds": [{"name": "btc", "status": "LIVE", "stream_silent": 1.0}],
    "ledger": {"lag": 0, "error": "", "failing_seconds": None},
    "recorder": {"lost": 0, "error": ""},
    "risk": {"gross": {}},
}  # fmt: skip
WELL = Health(ready=True, why=(), notes=())


def but(**changes: Any) -> dict[str, Any]:
    """Return a good status with other values; ``account__link`` changes the account's."""
    status = json.loads(json.dumps(GOOD))
    for name, value in changes.items():
        if name.startswith("account__"):
            status["accounts"]["venue-1"][name.removeprefix("account__")] = value
        else:
            status[name] = value
    return status


def test_a_run_that_trades_is_ready() -> None:
    assert judge(GOOD, 1.0) == Health(ready=True, why=(), notes=())


@pytest.mark.parametrize(
    ("status", "silence", "why"),
    [
        ({}, 0.0, "it has not begun"),
        (but(state="starting"), 0.0, "it is starting"),
        (but(state="closing"), 0.0, "it is closing"),
        (but(), 11.0, "no heartbeat for 11 s"),
        (but(strategy_silent=11.0), 2.0, "the strategy has not returned for 11 s"),
        (but(account__ready=False), 0.0, "account venue-1 is not ready"),
        (but(account__ready=False, account__trouble="no connection"), 0.0,
         "account venue-1 is not ready: no connection"),
        (but(account__failed="the disk is full"), 0.0, "account venue-1: the disk is full"),
        (but(account__link="down x"), 0.0, "account venue-1: its stream is down: x"),
        (but(feeds=[{"name": "btc", "status": "DELAYED", "stream_silent": None}]), 0.0,
         "feed btc is DELAYED"),
        (but(feeds=[{"name": "btc", "status": "", "stream_silent": None}]), 0.0,
         "feed btc is not connected"),
    ],
)  # fmt: skip
def test_what_keeps_a_run_from_trading_is_named(status: Any, silence: float, why: str) -> None:
    assert judge(status, silence) == Health(ready=False, why=(why,), notes=())


@pytest.mark.parametrize(
    ("status", "note"),
    [
        (but(account__halted={"BTC": "differs"}), "account venue-1: BTC is halted: differs"),
        (but(account__doubted=1),
         "account venue-1: nobody knows whether 1 order(s) stand"),
        (but(ledger={"lag": 7, "error": "away", "failing_seconds": 61.0}),
         "the ledger is 7 entries behind, for 61 s: away"),
        (but(recorder={"lost": 3, "error": ""}), "3 entries of inputs.jsonl are missing: -"),
    ],
)  # fmt: skip
def test_what_is_worth_a_look_is_a_note_and_keeps_nobody_from_trading(
    status: Any, note: str
) -> None:
    assert judge(status, 0.0) == Health(ready=True, why=(), notes=(note,))


def test_a_ledger_that_fails_for_a_moment_is_no_news() -> None:
    status = but(ledger={"lag": 7, "error": "away", "failing_seconds": 59.0})
    assert judge(status, 0.0) == WELL


def test_ages_go_on_after_the_beat() -> None:
    found = told("run-1", GOOD, 4.0)
    assert (found["beat_age"], found["strategy_age"], found["bar_age"]) == (4.0, 4.5, 34.0)
    assert found["feeds"] == [{"name": "btc", "status": "LIVE", "stream_age": 5.0}]
    assert found["accounts"]["venue-1"]["journal"]["commit_ms"] == 0.4


# ---- the endpoint --------------------------------------------------------------------------------
@pytest.fixture
def server() -> Iterator[HealthServer]:
    made = HealthServer(0, lambda: REPORT)
    yield made
    made.close()


REPORT: dict[str, Any] = {"ready": True}


def ask(server: HealthServer, path: str = "/health", host: str = "") -> tuple[int, Any]:
    port = int(server.url.split(":")[2].partition("/")[0])
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        wire.request("GET", path, headers={"Host": host or f"127.0.0.1:{port}"})
        answer = wire.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        wire.close()


def test_ready_is_200_and_else_503(server: HealthServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(server) == (200, {"ready": True})
    monkeypatch.setitem(REPORT, "ready", False)
    assert ask(server) == (503, {"ready": False})


def test_another_path_is_none_and_another_name_is_refused(server: HealthServer) -> None:
    assert ask(server, "/")[0] == 404
    assert ask(server, host="evil.example:80")[0] == 403
    assert ask(server, host="127.0.0.1.evil.example")[0] == 403
    assert ask(server, host="localhost")[0] == 200


def test_it_listens_on_this_machine_alone(server: HealthServer) -> None:
    assert server._server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_told_with_the_key(server: HealthServer) -> None:
    port = int(server.url.split(":")[2].partition("/")[0])
    with pytest.raises(ConfigError, match=f"operations.health_port: port {port} cannot be had"):
        HealthServer(port, lambda: REPORT)


# ---- systemd -------------------------------------------------------------------------------------
@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A service manager's socket, in the file system."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind(str(tmp_path / "notify"))
        wire.setblocking(False)
        yield wire


def heard(manager: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(manager.recv(4096).decode())
        except BlockingIOError:
            return found


def notifier(manager: socket.socket, **environment: str) -> Notifier:
    return Notifier({"NOTIFY_SOCKET": manager.getsockname(), **environment})


def test_ready_is_told_once_and_a_status_when_it_changes(manager: socket.socket) -> None:
    one = notifier(manager)
    ill = Health(ready=False, why=("it is\nstarting",), notes=())
    one.beat(ill, "starting", None)
    one.beat(ill, "starting", None)
    one.beat(WELL, "running", 0.1)
    one.beat(WELL, "running", 0.1)
    one.stopping()
    assert heard(manager) == [
        "STATUS=it is starting", "READY=1\nSTATUS=ready", "STOPPING=1",
    ]  # fmt: skip


def test_signs_of_life_stop_while_the_strategy_hangs(manager: socket.socket) -> None:
    """WatchdogSec is 10 s: half of it without a pass, and no sign is sent."""
    one = notifier(manager, WATCHDOG_USEC="10000000", WATCHDOG_PID=str(os.getpid()))
    for silent in (4.9, 5.1, 0.2):
        one.beat(WELL, "running", silent)
    assert [text.count("WATCHDOG=1") for text in heard(manager)] == [1, 1]
    one.beat(WELL, "closing", 60.0)  # it is wound down: no strategy passes
    assert heard(manager) == ["WATCHDOG=1"]


@pytest.mark.parametrize("environment", [{}, {"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}])
def test_without_a_watchdog_of_ours_no_sign_is_sent(
    manager: socket.socket, environment: dict[str, str]
) -> None:
    one = notifier(manager, **environment)
    one.beat(WELL, "running", 0.1)
    assert heard(manager) == ["READY=1\nSTATUS=ready"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has an abstract namespace")
def test_a_name_in_the_abstract_namespace_is_heard() -> None:
    name = f"atms-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind(f"\0{name}")
        wire.setblocking(False)
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).stopping()
        assert heard(wire) == ["STOPPING=1"]


def test_a_manager_that_is_gone_keeps_nobody_from_trading(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).stopping()
    Notifier({}).stopping()

"""The health of a live run: asked over HTTP and told to systemd, well and hung."""

from __future__ import annotations

import http.client
import json
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.test_stops import holding
from tests.live.venue import Venue

Serve = Callable[..., Venue]


def status() -> dict[str, Any]:
    """Return the status of the one run."""
    (path,) = Path("state/runs").glob("*/status.json")
    return json.loads(path.read_text())


def health() -> tuple[int, dict[str, Any]]:
    """Ask the run; its port stands in its status."""
    place = status()["health"].removeprefix("http://").removesuffix("/health")
    wire = http.client.HTTPConnection(place, timeout=10)
    try:
        wire.request("GET", "/health")
        answer = wire.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        wire.close()


def test_a_run_answers_ready_and_tells_its_ages_and_its_risk(
    starter: Starter, serve: Serve
) -> None:
    venue = serve()
    write_run("Hold", operations={"health_port": 0})
    process = holding(starter, venue)
    process.until(
        lambda: (found := health())[0] == 200 and found[1]["risk"]["gross"], "it is not ready"
    )
    code, found = health()
    assert (code, found["why"], found["state"]) == (200, [], "running")
    assert found["beat_age"] < 5 and found["strategy_age"] < 5 and found["bar_age"] < 5
    assert [(feed["name"], feed["status"]) for feed in found["feeds"]] == [("btc", "LIVE")]
    assert found["feeds"][0]["stream_age"] < 5
    (account,) = found["accounts"].values()
    assert account["ready"] and account["link"] == "up"
    assert account["journal"]["entries"] > 5 and account["journal"]["commit_ms"] > 0
    assert found["ledger"]["lag"] >= 0
    assert found["risk"]["open_orders"] == 1
    (value,) = found["risk"]["positions"].values()
    assert abs(value - 0.00999 * 3900) < 0.00999 * 400
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err


def test_a_strategy_that_hangs_is_told_while_it_hangs(starter: Starter, serve: Serve) -> None:
    """Over HTTP after ten seconds; systemd's watchdog of two hears nothing after one."""
    venue = serve()
    write_run("Hang", operations={"health_port": 0}, execution={"on_stop": "cancel"})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("notify")
        manager.settimeout(4)
        env = {"NOTIFY_SOCKET": str(Path("notify").absolute()), "WATCHDOG_USEC": "2000000"}
        process = starter.start("live", "-c", "live.yaml", "--yes", env=env)
        process.until(lambda: Path("hangs").exists(), "it does not hang")
        heard = []
        try:
            while True:
                heard.append(manager.recv(4096).decode())
        except TimeoutError:
            pass  # silence: systemd would end it now
        assert any("READY=1" in text for text in heard)
        assert any("WATCHDOG=1" in text for text in heard)
    process.until(lambda: health()[0] == 503, "it is not told")
    found = health()[1]
    assert "the strategy has not returned for" in found["why"][0]
    assert found["beat_age"] < 5
    assert starter.run("stop", "--state-dir", "state").code == 0
    assert venue.count("fill") >= 1


def test_a_port_that_is_taken_ends_it_before_anything_is_begun(
    starter: Starter, serve: Serve
) -> None:
    serve()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        write_run("Hold", operations={"health_port": taken.getsockname()[1]})
        process = starter.run("live", "-c", "live.yaml", "--yes")
    assert process.code == 2
    assert "operations.health_port: port" in process.err
    assert not Path("state/runs").exists()

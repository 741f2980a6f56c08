"""The log of a live run, by a process of its own on the sandbox."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.test_stops import holding
from tests.live.venue import Venue

Serve = Callable[..., Venue]


def log_of() -> list[dict[str, Any]]:
    """Return the log's lines."""
    (path,) = Path("state/runs").glob("*/log.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_runs_log_tells_its_beginning_its_orders_and_its_end(
    starter: Starter, serve: Serve
) -> None:
    venue = serve()
    write_run("Hold", execution={"on_stop": "cancel"})
    process = holding(starter, venue)
    process.until(lambda: "order Completed" in json.dumps(log_of()), "no fill in its log")
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    log = log_of()
    assert len({line["run"] for line in log}) == 1
    texts = [line["text"] for line in log]
    assert texts[0] == "run begins: Hold, live"
    assert texts[-1] == "run ended: finished"
    assert texts.index("btc: LIVE") < texts.index("order Completed: buy 0.01 btc")
    (fill,) = [line["about"] for line in log if line["text"].startswith("order Completed")]
    told = venue.of("fill")[0]
    assert (fill["average"], fill["filled"]) == (float(told["price"]), 0.01)
    assert fill["order"] == told["client_id"]
    assert "order Completed" not in process.err


def test_a_run_that_fails_says_why_in_its_log_with_the_place(
    starter: Starter, serve: Serve
) -> None:
    serve()
    write_run("Raise")
    process = starter.run("live", "-c", "live.yaml", "--yes")
    assert (process.code, "Traceback" in process.err) == (1, False)
    (line,) = [line for line in log_of() if line["level"] == "error"]
    assert line["text"] == "run failed: a mistake of mine"
    assert "mine.py" in line["error"]
    assert log_of()[-1]["text"] == "run ended: failed"

"""A live run is ended: by a signal, by a command, by a watch, by another that takes its account."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.live.kills.episodes import stopped
from tests.live.making import write_run
from tests.live.processes import Process, Starter
from tests.live.venue import Venue

Serve = Callable[..., Venue]
STATE = ("--state-dir", "state")


def holding(starter: Starter, venue: Venue, *args: str) -> Process:
    """Start the run; return it when it holds something and an order of it rests."""
    process = starter.start("live", "-c", "live.yaml", "--yes", *args)
    process.until(lambda: rests(venue) and held(venue), "it does not trade")
    return process


def rests(venue: Venue) -> list[str]:
    """Return our ids of the orders that are open at the venue."""
    last = {line["order"]: line for line in venue.sandbox.truth.lines if "client_id" in line}
    return [line["client_id"] for line in last.values() if line["status"] == "NEW"]


def held(venue: Venue) -> Decimal:
    """Return how many bitcoins the account has."""
    balances = [line["BTC"] for line in venue.sandbox.truth.of("balances") if "BTC" in line]
    return sum(map(Decimal, balances[-1]), Decimal(0)) if balances else Decimal(0)


def stands(venue: Venue) -> tuple[int, bool]:
    """Return how many orders rest, and whether something is held."""
    return len(rests(venue)), bool(held(venue))


AFTER = {"leave": (1, True), "cancel": (0, True), "flatten": (0, False)}


@pytest.mark.parametrize(
    ("number", "policy"),
    [(signal.SIGTERM, "leave"), (signal.SIGINT, "cancel"), (signal.SIGTERM, "flatten")],
)
def test_a_signal_ends_it_by_its_policy(
    starter: Starter, serve: Serve, number: signal.Signals, policy: str
) -> None:
    venue = serve()
    write_run("Hold", execution={"on_stop": policy})
    process = holding(starter, venue)
    process.send(number)
    assert process.wait() == 0, process.err
    assert stands(venue) == AFTER[policy]
    assert re.search(r"^run \S+ ended$", process.err, re.M)


def test_a_signal_before_the_account_is_ready_is_no_failure_and_says_what_is_left(
    starter: Starter, serve: Serve
) -> None:
    venue = serve()
    write_run("Hold", execution={"on_stop": "cancel"})
    holding(starter, venue).kill()
    process = stopped(starter, "an epoch has begun", hit=1)
    venue.call(venue.sandbox.faults.set, "slow_reply", 1.0)
    process.send(signal.SIGTERM)
    process.send(signal.SIGCONT)
    assert process.wait() == 0, process.err
    assert "left: binance-spot-loopback" in process.err
    assert "it was not ready yet, so nothing was cancelled or closed" in process.err
    assert "Traceback" not in process.err
    assert rests(venue)
    venue.call(venue.sandbox.faults.set, "slow_reply", 0.0)
    assert starter.run("stop", *STATE).code == 0
    assert stands(venue) == AFTER["cancel"]


@pytest.mark.parametrize(("command", "after"), [("stop", "cancel"), ("flatten", "flatten")])
def test_a_command_ends_a_healthy_run(
    starter: Starter, serve: Serve, command: str, after: str
) -> None:
    venue = serve()
    write_run("Hold", execution={"on_stop": "cancel"})
    process = holding(starter, venue)
    ended = starter.run(command, *STATE)
    assert ended.code == 0, ended.err
    assert "does not answer" not in ended.err
    assert process.wait() == 0, process.err
    assert stands(venue) == AFTER[after]


@pytest.mark.parametrize(("how", "command"), [("python", "stop"), ("c", "flatten")])
def test_a_run_whose_strategy_hangs_is_ended_and_acted_for(
    starter: Starter, serve: Serve, how: str, command: str
) -> None:
    venue = serve()
    write_run("Hang", strategy={"params": {"how": how}}, execution={"on_stop": "flatten"})
    process = starter.start("live", "-c", "live.yaml", "--yes")
    process.until(Path("hangs").exists, "it does not hang")
    ended = starter.run(command, *STATE)
    assert ended.code == 0, ended.err
    assert f"it does not answer: ending process {process.pid}" in ended.err
    assert process.wait() < 0
    assert stands(venue) == AFTER["flatten"]


def test_what_a_dead_run_had_open_is_wound_down_by_stop(starter: Starter, serve: Serve) -> None:
    venue = serve()
    write_run("Hold", execution={"on_stop": "cancel"})
    holding(starter, venue).kill()
    shown = starter.run("status", *STATE)
    assert "its process is gone; what it had open stands" in shown.err
    died = json.loads(starter.run("status", *STATE, "--json").out)["at"]
    ended = starter.run("stop", *STATE)
    assert ended.code == 0, ended.err
    assert "its process is gone already" in ended.err
    assert stands(venue) == AFTER["cancel"]
    known = json.loads(starter.run("status", *STATE, "--json").out)
    assert (known["state"], known["at"] > died) == ("ended", True)
    (account,) = known["accounts"].values()
    assert (account["orders"], len(account["positions"])) == ([], 1)  # and not as it died
    assert known["risk"]["open_orders"] == 0
    assert starter.run("stop", *STATE).err.splitlines()[-1] == f"run {known['id']} ended"


def test_a_watch_acts_for_a_run_that_is_stopped_in_its_tracks(
    starter: Starter, serve: Serve
) -> None:
    venue = serve()
    write_run("Hold", execution={"on_stop": "flatten"})
    process = holding(starter, venue)
    watch = starter.start("watch", "--after", "2", *STATE)
    process.send(signal.SIGSTOP)
    assert watch.wait() == 0, watch.err
    assert "has no heartbeat for 2 s: flatten" in watch.err
    assert process.wait() == -signal.SIGKILL
    assert stands(venue) == AFTER["flatten"]


def test_a_watch_acts_for_a_run_that_dies_and_ends_with_one_that_ends(
    starter: Starter, serve: Serve
) -> None:
    venue = serve()
    write_run("Hold", execution={"on_stop": "cancel"})
    process = holding(starter, venue)
    watch = starter.start("watch", *STATE)
    process.kill()
    assert watch.wait() == 0, watch.err
    assert "died: cancel" in watch.err
    assert stands(venue) == AFTER["cancel"]

    process = starter.start("live", "-c", "live.yaml", "--yes")
    process.until(lambda: ": running" in process.err, "it is not ready")
    watch = starter.start("watch", *STATE)
    watch.until(lambda: "watching run " in watch.err, "it does not watch")
    process.send(signal.SIGTERM)
    assert (process.wait(), watch.wait()) == (0, 0)
    said = watch.err.splitlines()
    assert "on_stop is cancel" in said[0]
    assert re.fullmatch(r"run \S+ ended", said[1])


def test_an_account_is_one_process_s_until_another_takes_it_over(
    starter: Starter, serve: Serve
) -> None:
    venue = serve()
    write_run("Hold")
    first = holding(starter, venue)
    first.until(lambda: ": running" in first.err, "it is not ready")
    second = starter.run("live", "-c", "live.yaml", "--yes")
    assert second.code == 4
    assert f"process {first.pid} on {os.uname().nodename} has it since" in second.err
    assert "Traceback" not in second.err
    listed = json.loads(starter.run("status", *STATE, "--all", "--json").out)
    assert [one["state"] for one in listed] == ["refused", "running"]
    first.kill()  # and still it is the one that traded
    assert json.loads(starter.run("status", *STATE, "--json").out)["id"] == listed[1]["id"]
    first = starter.start("live", "-c", "live.yaml", "--yes")
    first.until(lambda: ": running" in first.err, "it is not ready")
    third = starter.start("live", "-c", "live.yaml", "--yes", "--takeover")
    assert first.wait() in (0, -signal.SIGTERM), first.err
    third.until(lambda: ": running" in third.err, "it is not ready")
    third.send(signal.SIGTERM)
    assert third.wait() == 0, third.err
    shown: dict[str, Any] = {"orders": 1, "positions": 1}
    for what, number in shown.items():
        assert starter.run(what, *STATE, "--json").out.count('"instrument"') == number
    assert starter.run("reconcile", *STATE).code == 0

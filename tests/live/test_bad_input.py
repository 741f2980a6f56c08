"""What is wrong from the start, or goes wrong on the way: a clear line, an exit code, no harm."""

from __future__ import annotations

import resource
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.live.checking import differences
from tests.live.making import write_run
from tests.live.processes import Process, Starter
from tests.live.test_stops import holding, rests, stands
from tests.live.venue import Venue, read_log

Cli = Callable[..., tuple[int, str, str]]
Serve = Callable[..., Venue]
LIVE = ("live", "-c", "live.yaml", "--yes")


@pytest.fixture
def refused(cli: Cli) -> Callable[..., tuple[int, str]]:
    """Start a run that must not trade; return exit code and standard error."""

    def call(*args: str) -> tuple[int, str]:
        code, _, err = cli(*(args or LIVE))
        assert "Traceback" not in err
        assert not Path("state/accounts").exists(), "the account was taken"
        return code, err

    return call


Refused = Callable[..., tuple[int, str]]
Set = pytest.MonkeyPatch


# ---- refused before anything is done -------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("ATMS_SANDBOX_KEY", "x" * 64, "-2015"),
        ("ATMS_SANDBOX_KEY", "x", "-2014"),
        ("ATMS_SANDBOX_SECRET", "x" * 64, "-1022"),
    ],
)
def test_a_key_that_the_venue_does_not_take(
    serve: Serve, refused: Refused, monkeypatch: Set, name: str, value: str, code: str
) -> None:
    serve()
    write_run("Hold")
    monkeypatch.setenv(name, value)
    told = f"the venue does not take the key ({code}"
    exit_code, err = refused()
    assert (exit_code, told in err, "check key and secret" in err) == (4, True, True), err


def test_a_key_that_may_withdraw(serve: Serve, refused: Refused, monkeypatch: Set) -> None:
    venue = serve(may_withdraw=True)
    write_run("Hold")
    monkeypatch.setenv("ATMS_SANDBOX_KEY", venue.sandbox.withdrawal_key[0])
    monkeypatch.setenv("ATMS_SANDBOX_SECRET", venue.sandbox.withdrawal_key[1])
    assert refused() == (
        4, "error: stores.venue: its key may withdraw; make one that may trade alone\n",
    )  # fmt: skip


def test_a_symbol_that_is_not_there(serve: Serve, refused: Refused) -> None:
    serve()
    feed = {"name": "btc", "store": "venue", "symbol": "BTC/USDX", "timeframe": "1h",
            "currency": "USDT"}  # fmt: skip
    write_run("Hold", data={"feeds": [feed]})
    code, err = refused()
    assert (code, "no symbol 'BTC/USDX'; did you mean 'BTC/USDT'?" in err) == (4, True), err


def test_a_venue_in_maintenance(serve: Serve, refused: Refused) -> None:
    venue = serve()
    write_run("Hold")
    venue.call(venue.sandbox.venue.close_for, 60)
    code, err = refused()
    assert (code, "no longer available" in err) == (4, True), err


def test_a_venue_that_is_not_there(serve: Serve, refused: Refused, monkeypatch: Set) -> None:
    serve()
    write_run("Hold")
    monkeypatch.setenv("ATMS_SANDBOX_URL", "http://127.0.0.1:9")
    code, err = refused()
    assert code == 4
    assert "stores.venue: binance-spot-loopback: no connection to 127.0.0.1:9: it is " in err


@pytest.mark.parametrize(("offset", "told"), [(10_000, "behind"), (-10_000, "ahead of")])
def test_a_clock_that_is_ten_seconds_off(
    serve: Serve, refused: Refused, offset: int, told: str
) -> None:
    venue = serve()
    write_run("Hold")
    venue.sandbox.clock.offset = offset
    code, err = refused()
    assert (code, f"the clock is 10.0 s off ({told} the venue's)" in err) == (4, True), err


@pytest.mark.parametrize("name", ["max_order_notional", "max_position", "max_orders_per_minute"])
def test_live_without_one_of_its_three_limits(serve: Serve, refused: Refused, name: str) -> None:
    serve()
    write_run("Hold", risk={name: None})
    code, err = refused()
    assert (code, f"live needs its limits: give risk.{name}" in err) == (2, True), err


def test_live_where_the_environment_says_paper(
    serve: Serve, refused: Refused, monkeypatch: Set
) -> None:
    serve()
    write_run("Hold")
    monkeypatch.setenv("PAPER_TRADING", "true")
    code, err = refused()
    assert (code, "live trading is forbidden" in err) == (2, True), err


def test_live_with_nobody_to_ask(serve: Serve, refused: Refused) -> None:
    serve()
    write_run("Hold")
    code, err = refused(*LIVE[:-1])
    assert (code, "there is nobody to ask: give --yes" in err) == (2, True), err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("live", "--yes"), "give -c FILE"),
        ((*LIVE, "--tkeover"), "--takeover"),
        ((*LIVE, "--set", "execution.on_stop=sell"), "'leave', 'cancel' or 'flatten'"),
        (("live", "-c", "nope.yaml", "--yes"), "no such config file"),
        (("stop", "--state-dir", "state"), "there is no live run"),
        (("watch", "nope", "--state-dir", "state"), "there is no live run 'nope'"),
    ],
)
def test_a_command_line_that_is_wrong(refused: Refused, args: tuple[str, ...], told: str) -> None:
    write_run("Hold")
    code, err = refused(*args)
    assert (code, told in err) == (2, True), err


@pytest.mark.parametrize("asked", [1, 5])
def test_ctrl_c_while_the_account_is_looked_at(starter: Starter, serve: Serve, asked: int) -> None:
    venue = serve(faults={"slow_reply": 0.5})
    write_run("Hold")
    process = starter.start(*LIVE)
    process.until(lambda: venue.count("request") >= asked, "it does not ask the venue")
    process.send(signal.SIGINT)
    assert process.wait() == 130
    assert process.err == "error: interrupted; nothing was written\n"
    assert not Path("state/accounts").exists()


def test_a_secret_that_is_not_set(serve: Serve, refused: Refused, monkeypatch: Set) -> None:
    serve()
    write_run("Hold")
    monkeypatch.delenv("ATMS_SANDBOX_SECRET")
    code, err = refused()
    assert (code, "stores.venue: the secret ${ATMS_SANDBOX_SECRET} is not set" in err) == (2, True)


# ---- on the way ----------------------------------------------------------------------------------
def running(starter: Starter) -> Process:
    """Start the run; return it when it is ready and has seen a few bars."""
    process = starter.start(*LIVE)
    process.until(lambda: ": running" in process.err, "it is not ready")
    return process


def ended(process: Process) -> str:
    """End a run by SIGTERM; return its standard error."""
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    assert "Traceback" not in process.err
    return process.err


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (1e-7, "btc: buy 1e-07 refused: FILTER: size 1e-7 is under the minimum of 0.00001"),
        (1e-5, "btc: buy 1e-05 refused: FILTER: "),
        (200.0, "btc: buy 200 refused: FUNDS: "),
    ],
)
def test_an_order_that_cannot_be_is_told_in_a_line(
    starter: Starter, serve: Serve, size: float, told: str
) -> None:
    venue = serve()
    limits = {"max_order_notional": 10**7, "max_position": 10**4}
    write_run("Hold", strategy={"params": {"size": size}}, risk=limits)
    process = starter.start(*LIVE)
    process.until(lambda: told in process.err, told)
    assert told in ended(process)
    assert stands(venue)[1] is False


def test_a_second_ctrl_c_says_where_what_was_done_is_kept(starter: Starter, serve: Serve) -> None:
    venue = serve(faults={"slow_reply": 0.5})
    write_run("Hold", execution={"on_stop": "flatten"})
    process = running(starter)
    process.until(lambda: stands(venue)[1], "it holds nothing")
    process.send(signal.SIGINT)
    time.sleep(0.2)  # so long a person needs; what it closes by takes longer
    process.send(signal.SIGINT)
    assert process.wait() == 130
    assert "error: interrupted; kept: orders and fills, in the journal" in process.err


def test_a_strategy_that_raises_while_it_holds_something(starter: Starter, serve: Serve) -> None:
    venue = serve()
    write_run("Raise", execution={"on_stop": "flatten"})
    process = starter.run(*LIVE)
    assert process.code == 1
    assert "error: strategy Raise raised in next: ValueError: a mistake of mine" in process.err
    assert "mine.py:" in process.err
    assert stands(venue) == (0, False)


def test_a_disk_that_is_full_lets_nothing_leave(starter: Starter, serve: Serve) -> None:
    venue = serve()
    write_run("Flip", ledger={"enabled": False})
    process = starter.start(*LIVE)
    process.until(lambda: venue.count("fill") > 2, "it does not trade")
    room = (account() / "journal.db-wal").stat().st_size + 100
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (room, room))
    assert process.wait() == 4, process.err
    assert "the disk failed or is full; see to it and start again" in process.err
    assert "Traceback" not in process.err
    ended(running(starter))  # what was at the venue and not in the journal is there
    venue.freeze()
    ended(running(starter))
    assert differences(read_log(), {"USDT": Decimal(100_000)}, Path("state"), None) == []


def account() -> Path:
    """Return the folder of the one account."""
    return next(Path("state/accounts").iterdir())


def test_a_lost_journal_makes_its_orders_foreign_and_its_position_unknown(
    starter: Starter, serve: Serve
) -> None:
    venue = serve()
    write_run("Hold")
    process = holding(starter, venue)
    process.kill()
    (order,) = rests(venue)
    shutil.rmtree(account())
    err = ended(running(starter))
    assert f"foreign_order: order {order} is not ours" in err
    ways = ("halted: the venue holds what the journal does not explain", "adopt", "ignore",
            "trade it away there")  # fmt: skip
    assert [way in err for way in ways] == [True] * 4, err
    assert "refused: HALTED" in err
    assert rests(venue) == [order]
    assert len(venue.of("order")) == 2

    shutil.rmtree(account())
    process = starter.start(*LIVE, "--set", "execution.unknown_position=adopt")
    told = "adopted: held, and not explained by the journal: net +0.00999"
    process.until(lambda: told in process.err, told)
    assert "refused" not in ended(process)


def test_a_journal_that_is_damaged(starter: Starter, serve: Serve) -> None:
    venue = serve()
    write_run("Hold")
    holding(starter, venue).kill()
    before = rests(venue)
    for path in account().glob("journal.db*"):
        path.write_bytes(path.read_bytes()[:2000] + b"?" * 3000)
    process = starter.run(*LIVE)
    assert process.code == 4
    assert "is damaged" in process.err and "move it and its -wal file aside" in process.err
    assert rests(venue) == before


def test_a_journal_of_another_account(starter: Starter, serve: Serve) -> None:
    venue = serve()
    write_run("Hold")
    holding(starter, venue).kill()
    before = rests(venue)
    with closing(sqlite3.connect(account() / "journal.db")) as journal:
        journal.execute("UPDATE about SET value = 'binance-spot-1' WHERE name = 'account'")
        journal.commit()
    process = starter.run(*LIVE)
    assert process.code == 4
    assert "binance-spot-1" in process.err and account().name in process.err
    assert "Traceback" not in process.err
    assert rests(venue) == before

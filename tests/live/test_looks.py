"""What `doctor`, `accounts` and `status` say of accounts and runs, against the sandbox."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.test_stops import holding
from tests.live.venue import Venue

Serve = Callable[..., Venue]
Cli = Callable[..., tuple[int, str, str]]
DOCTOR = ("doctor", "-c", "live.yaml", "--json")


def found(out: str) -> dict[str, dict[str, Any]]:
    """Return the doctor's checks by their names, those of live runs."""
    checks = {check["name"]: check for check in json.loads(out)}
    words = ("store ", "journal ", "limits", "state")
    return {name: check for name, check in checks.items() if name.startswith(words)}


def verdicts(out: str) -> dict[str, str]:
    return {name: check["verdict"] for name, check in found(out).items()}


# ---- doctor --------------------------------------------------------------------------------------
def test_a_good_account_passes_and_how_orders_are_done_is_told(serve: Serve, cli: Cli) -> None:
    serve(seconds_a_bar=0)
    write_run("Hold")
    code, out, err = cli(*DOCTOR)
    assert code == 0, err
    assert verdicts(out) == {
        "state": "ok", "limits": "ok", "store venue": "ok", "store venue clock": "ok",
        "store venue key": "ok", "store venue holds": "ok", "store venue orders": "info",
    }  # fmt: skip
    checks = found(out)
    assert checks["store venue holds"]["found"] == "100000.00000000 USDT; 0 open orders"
    assert "done by the venue: market, limit, stops" in checks["store venue orders"]["found"]
    assert not Path("state").exists(), "nothing is made"


def test_a_key_that_may_withdraw_fails(
    serve: Serve, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue = serve(seconds_a_bar=0, may_withdraw=True)
    write_run("Hold")
    monkeypatch.setenv("ATMS_SANDBOX_KEY", venue.sandbox.withdrawal_key[0])
    monkeypatch.setenv("ATMS_SANDBOX_SECRET", venue.sandbox.withdrawal_key[1])
    code, out, _ = cli(*DOCTOR)
    assert (code, found(out)["store venue key"]["verdict"]) == (4, "fail")
    assert "may withdraw" in found(out)["store venue key"]["found"]


@pytest.mark.parametrize(("offset", "verdict"), [(0, "ok"), (3_000, "warn"), (10_000, None)])
def test_a_clock_that_is_off_is_told(
    serve: Serve, cli: Cli, offset: int, verdict: str | None
) -> None:
    venue = serve(seconds_a_bar=0)
    write_run("Hold")
    venue.sandbox.clock.offset = offset
    code, out, _ = cli(*DOCTOR)
    checks = found(out)
    if verdict is None:
        assert (code, checks["store venue"]["verdict"]) == (4, "fail")
        assert "the clock is 10.0 s off" in checks["store venue"]["found"]
    else:
        assert (code, checks["store venue clock"]["verdict"]) == (0, verdict)
        told = checks["store venue clock"]["found"]
        assert abs(int(told.split()[0]) - offset) < 500


def test_a_store_without_a_key_is_for_paper(serve: Serve, cli: Cli) -> None:
    serve(seconds_a_bar=0)
    store = {"venue": "binance", "url": "${ATMS_SANDBOX_URL}", "market_clock": "stream"}
    write_run("Hold", stores={"venue": store}, risk={"max_position": None})
    code, out, _ = cli(*DOCTOR)
    assert code == 0
    assert verdicts(out) == {
        "state": "ok", "limits": "warn", "store venue": "ok", "store venue clock": "ok",
        "store venue key": "info",
    }  # fmt: skip
    assert found(out)["limits"]["found"] == "not given: risk.max_position"


def test_a_venue_that_is_not_there_fails_and_offline_nobody_asks(
    serve: Serve, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(seconds_a_bar=0)
    write_run("Hold")
    monkeypatch.setenv("ATMS_SANDBOX_URL", "http://127.0.0.1:9")
    code, out, _ = cli(*DOCTOR)
    assert (code, verdicts(out)["store venue"]) == (4, "fail")
    code, out, _ = cli(*DOCTOR, "--offline")
    assert (code, verdicts(out)["store venue"]) == (0, "info")


def test_a_journal_is_read_while_its_run_trades_and_one_that_is_damaged_fails(
    starter: Starter, serve: Serve, cli: Cli
) -> None:
    venue = serve()
    write_run("Hold", execution={"on_stop": "leave"})
    process = holding(starter, venue)
    code, out, err = cli(*DOCTOR)
    assert code == 0, err
    (journal,) = [check for name, check in found(out).items() if name.startswith("journal")]
    assert journal["verdict"] == "ok"
    assert "1 open orders, holds " in journal["found"]
    assert "a process has it" in journal["found"]
    process.kill()
    for path in Path("state/accounts").glob("*/journal.db*"):
        path.write_bytes(path.read_bytes()[:2000] + b"?" * 3000)
    code, out, _ = cli(*DOCTOR, "--offline")
    (journal,) = [check for name, check in found(out).items() if name.startswith("journal")]
    assert (code, journal["verdict"]) == (4, "fail")
    assert "damaged" in journal["found"]


# ---- accounts ------------------------------------------------------------------------------------
def test_accounts_are_shown_and_one_that_does_not_answer_is_told(serve: Serve, cli: Cli) -> None:
    serve(seconds_a_bar=0)
    away = {"venue": "binance", "url": "http://127.0.0.1:9", "key": "${ATMS_SANDBOX_KEY}",
            "secret": "${ATMS_SANDBOX_SECRET}"}  # fmt: skip
    write_run("Hold")
    code, out, err = cli("accounts", "-c", "live.yaml")
    assert code == 0, err
    assert "USDT" in out and "100000.00000000" in out and "may withdraw  no" in out
    more = {"stores": {"away": away, "nokey": {"venue": "binance"}}}
    Path("more.yaml").write_text(json.dumps(more))
    code, out, err = cli("accounts", "-c", "live.yaml", "-c", "more.yaml", "--json")
    assert code == 4
    shown = {one["store"]: one for one in json.loads(out)}
    assert shown["venue"]["balances"] == [
        {"asset": "USDT", "total": "100000.00000000", "free": "100000.00000000"}
    ]
    assert shown["venue"]["can_withdraw"] is False
    assert "no connection" in shown["away"]["error"]
    assert "names no key" in shown["nokey"]["error"]
    assert "k" * 20 not in out + err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (
            ("accounts", "-c", "live.yaml", "venu"),
            "no store 'venu'; did you mean 'venue'?",
        ),
        (("accounts",), "has no stores"),
    ],
)
def test_accounts_that_are_not_there(cli: Cli, args: tuple[str, ...], told: str) -> None:
    write_run("Hold")
    code, _, err = cli(*args)
    assert (code, told in err) == (2, True), err


# ---- status --------------------------------------------------------------------------------------
def test_status_says_whether_a_run_is_ready(starter: Starter, serve: Serve, cli: Cli) -> None:
    venue = serve()
    write_run("Hold", execution={"on_stop": "cancel"})
    process = holding(starter, venue)
    state = ("--state-dir", "state")

    def ready() -> bool:
        return bool(json.loads(cli("status", *state, "--json")[1])["ready"])

    process.until(ready, "it is not ready")
    code, out, _ = cli("status", *state)
    assert code == 0
    assert "\nREADY\n" in out and "1 open orders" in out
    process.send(signal.SIGSTOP)
    process.until(lambda: not ready(), "it is ready without a heartbeat")
    assert "NOT READY; no heartbeat for" in cli("status", *state)[1]
    process.send(signal.SIGCONT)
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    found_ = json.loads(cli("status", *state, "--json")[1])
    assert (found_["ready"], found_["why"]) == (False, ["it is ended"])
    assert "READY" not in cli("status", *state)[1]

"""``atms stores``, ``accounts`` and ``doctor`` of an exchange that nobody tried."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.threads import SandboxThread
from atms.stores.ccxt.profiles import PROFILES

Cli = Callable[..., tuple[int, str, str]]


def write(url: str) -> None:
    """Write a config whose venue ccxt asks as it asks Binance."""
    Path("c.yaml").write_text(f"""
stores: {{us: {{venue: binanceus, url: "{url}"}}}}
data: {{feeds: [{{name: btc, store: us, symbol: BTC/USDT, timeframe: 1h, currency: USDT}}]}}
strategy: buy_and_hold
execution: {{state_dir: state}}
ledger: {{url: "sqlite:///ledger.db"}}
""")


def test_the_list_has_each_exchange_once_and_says_which_were_tried(cli: Cli) -> None:
    code, out, _ = cli("stores", "list", "--json")
    rows = {row["name"]: row["exercised"] for row in json.loads(out)}
    assert code == 0
    assert {name for name, tried in rows.items() if tried} == set(PROFILES)
    assert rows["gate"] is False
    assert len(rows) == len(json.loads(out)) > 90


def test_what_ccxt_says_is_shown_as_not_exercised(cli: Cli) -> None:
    code, out, _ = cli("stores", "show", "gate")
    assert code == 0
    assert "not exercised: ccxt's word alone" in out
    assert "No order goes there." in out
    code, out, _ = cli("stores", "show", "binance")
    assert "not exercised" not in out


def test_a_misspelt_exchange_is_refused_with_the_nearest(cli: Cli) -> None:
    code, _, err = cli("stores", "show", "gatte")
    assert (code, "did you mean 'gate'?" in err) == (2, True)


@pytest.mark.usefixtures("workdir")
def test_doctor_and_accounts_say_that_nothing_was_exercised(cli: Cli) -> None:
    with SandboxThread(SandboxConfig()) as thread:
        thread.call(thread.sandbox.market.print, 100, 1)
        write(thread.sandbox.url)
        code, out, _ = cli("doctor", "-c", "c.yaml", "--json")
        checks = {check["name"]: check for check in json.loads(out)}
        assert checks["store us"]["verdict"] != "fail", checks["store us"]
        assert checks["store us orders"]["verdict"] == "warn"
        assert checks["store us orders"]["found"].startswith("not exercised: no order is made")
        code, out, _ = cli("accounts", "-c", "c.yaml")
        assert (code, "not exercised: ccxt's word alone" in out) == (0, True)
        assert not thread.sandbox.truth.of("order")


@pytest.mark.usefixtures("workdir")
def test_an_account_without_its_passphrase_is_told_with_its_place_once(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "a")
    Path("c.yaml").write_text("""
stores: {mine: {venue: okx, key: "${KEY}", secret: "${KEY}"}}
data: {feeds: [{name: btc, store: mine, symbol: BTC/USDT, timeframe: 1h, currency: USDT}]}
strategy: buy_and_hold
""")
    code, _, err = cli("accounts", "-c", "c.yaml")
    assert code == 2
    assert err.startswith("stores.mine.passphrase: a key of okx has one")

"""``atms sandbox`` on the command line."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from atms.cli import serving
from atms.cli.sandbox import OFFERED, sandbox

DATA = ("--data", "sample:BTCUSD_1h")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been served."""
    found: list[Any] = []

    async def serve(one: Any) -> None:
        found.append(one)

    monkeypatch.setattr(serving, "serve", serve)
    return found


@pytest.mark.parametrize("one", OFFERED, ids=lambda one: one.venue)
def test_what_all_sandboxes_have_reaches_each_by_its_venues_name(one: Any, made: list[Any]) -> None:
    given = [one.venue, *DATA, "--key", "k", "--secret", "s", "--seed", "7", "--fault", "ban=0.5"]
    if one.venue == "coinbase":  # its secret is a private key
        given = [part for part in given if part not in ("--secret", "s")]
    result = CliRunner().invoke(sandbox, [*given, "--speed", "60", "--history", "20"])
    assert result.exit_code == 0, result.stderr
    config = made[0].config
    assert (config.speed, config.seed, config.faults) == (60, 7, {"ban": 0.5})
    assert config.balances == {"USDT": 10_000}  # nothing else: that would be halted
    assert (config.key, config.markets[0].history) == ("k", 20)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--balance", "USDT=-4"), "--balance USDT=-4: write ASSET=UNITS, 0 or more"),
        (("--balance", "USDT=nan"), "write ASSET=UNITS"),
        (("--port", "80000"), "65535"),
        (("--fault", "nope=1"), "there is none of that name"),
    ],
)
def test_a_wrong_option_is_told(options: tuple[str, ...], message: str, made: list[Any]) -> None:
    result = CliRunner().invoke(sandbox, ["kraken", *DATA, *options])
    assert result.exit_code == 2
    assert message in result.stderr
    assert not made


@pytest.mark.parametrize("name", ["bybitlinear", "okxlinear"])
def test_options_of_futures_reach_the_account(name: str, made: list[Any]) -> None:
    options = ("--leverage", "5", "--hedge", "--balance", "USDT=77", "--funding-rate", "0.003")
    given = [name, *DATA, *options]
    result = CliRunner().invoke(sandbox, given)
    assert result.exit_code == 0, result.stderr
    account, risk = made[0].venue.account, made[0].venue.risk
    assert (set(account.leverage.values()), account.hedge) == ({5}, True)
    assert (account.free["USDT"], float(risk.rate)) == (77, 0.003)
    wrong = CliRunner().invoke(sandbox, [*given, "--leverage", "1000"])
    assert wrong.exit_code == 2
    assert "write one from 1 to" in wrong.stderr

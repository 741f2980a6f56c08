"""``atms sandbox`` of futures that need no options of their own, on the command line."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from atms.cli import sandbox_futures
from atms.cli.sandbox import sandbox


@pytest.mark.parametrize("name", [one[0] for one in sandbox_futures.EXCHANGES])
def test_options_reach_the_account(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    async def serve(serving: Any) -> None:
        made.append(serving)

    monkeypatch.setattr(sandbox_futures, "serve", serve)
    options = ("--leverage", "5", "--hedge", "--balance", "USDT=77", "--funding-rate", "0.003")
    given = [name, "--data", "sample:BTCUSD_1h", *options]
    result = CliRunner().invoke(sandbox, given)
    assert result.exit_code == 0, result.stderr
    account, risk = made[0].venue.account, made[0].venue.risk
    assert (set(account.leverage.values()), account.hedge) == ({5}, True)
    assert (account.free["USDT"], float(risk.rate)) == (77, 0.003)
    wrong = CliRunner().invoke(sandbox, [*given, "--leverage", "1000"])
    assert wrong.exit_code == 2
    assert "write one from 1 to" in wrong.stderr

"""``atms sandbox binance-usdm`` on the command line."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from atms.cli import serving
from atms.cli.sandbox import sandbox
from atms.sandbox.binance_usdm.server import UsdmSandbox


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--data", "nope.csv"), "no such file"),
        (("--data", "sample:BTCUSD_1h", "--speed", "0"), "write a number above 0"),
        (("--data", "sample:BTCUSD_1h", "--leverage", "126"), "write one from 1 to 125"),
        (("--data", "sample:BTCUSD_1h", "--balance", "USDT"), "write NAME=NUMBER"),
    ],
)
def test_a_wrong_option_is_told_in_a_line(options: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(sandbox, ["binance-usdm", *options])
    assert result.exit_code in (2, 3)
    assert message in result.stderr


def test_options_reach_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[UsdmSandbox] = []

    async def serve(one: UsdmSandbox) -> None:
        made.append(one)

    monkeypatch.setattr(serving, "serve", serve)
    options = ("--leverage", "5", "--isolated", "--hedge", "--balance", "USDT=77")
    result = CliRunner().invoke(sandbox, ["binance-usdm", "--data", "sample:BTCUSD_1h", *options])
    assert result.exit_code == 0, result.stderr
    account = made[0].venue.account
    assert (account.leverage, account.margin_type) == ({"BTCUSDT": 5}, {"BTCUSDT": "ISOLATED"})
    assert (account.dual_side, account.wallet["USDT"]) == (True, 77)

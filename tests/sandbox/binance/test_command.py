"""``atms sandbox binance`` on the command line, as a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from atms.cli.sandbox import sandbox

pytest.importorskip("ccxt", reason="the sandbox is tested with ccxt")
_START = "from atms.cli.sandbox import sandbox; import sys; sandbox(sys.argv[1:])"


@contextmanager
def started(*options: str, venue: str = "binance") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command; yield it and what it printed until it served."""
    command = [sys.executable, "-c", _START, venue, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        text = ""
        while "Ctrl-C ends it." not in text:
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            text += line
        yield process, text
    finally:
        process.kill()
        process.communicate()


def test_it_says_where_it_is_and_serves_until_ctrl_c() -> None:
    import ccxt

    from atms.sandbox.binance.pointing import loopback_urls

    options = ("--data", "sample:BTCUSD_1h", "--speed", "600", "--balance", "USDT=77")
    with started(*options) as (process, text):
        found = dict(re.findall(r"^(address|key|secret)\s+(\S+)$", text, re.M))
        assert re.search(r"BTCUSDT: 20,111 bars of 1h, 2017-07-01", text)
        exchange = ccxt.binance({"apiKey": found["key"], "secret": found["secret"]})
        exchange.urls["api"] = loopback_urls(exchange.urls["api"], found["address"])
        with exchange.session:
            assert exchange.fetch_balance()["USDT"]["free"] == 77
            assert len(exchange.fetch_ohlcv("BTC/USDT", "1h", limit=500)) == 500
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=10)
        assert "stopped" in out
        assert "Traceback" not in errors


def test_a_passphrase_is_called_what_a_store_of_the_config_calls_it() -> None:
    with started("--data", "sample:BTCUSD_1h", venue="okx") as (_, text):
        assert re.search(r"^passphrase \S+$", text, re.M)
        assert "password" not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--data", "nope.csv"), "no such file"),
        (("--data", "sample:BTCUSD_1h", "--speed", "0"), "write a number above 0"),
        (("--data", "sample:BTCUSD_1h", "--fault", "drop_evnt=1"), "did you mean 'drop_event'"),
        (("--data", "sample:BTCUSD_1h", "--fault", "drop_event"), "write NAME=NUMBER"),
        (("--data", "sample:BTCUSD_1h", "--symbol", "A", "--symbol", "B"), "go in pairs"),
        (("--data", "sample:BTCUSD_1x"), "did you mean 'BTCUSD_1h'"),
    ],
)
def test_a_wrong_option_is_told_in_a_line(options: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(sandbox, ["binance", *options])
    assert result.exit_code in (2, 3)
    assert message in result.stderr


def test_without_aiohttp_the_command_that_installs_it_is_told() -> None:
    script = "import sys; sys.modules['aiohttp'] = None; " + _START
    found = subprocess.run(
        [sys.executable, "-c", script, "binance", "--data", "sample:BTCUSD_1h"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 2
    assert "needs aiohttp: pip install" in found.stderr

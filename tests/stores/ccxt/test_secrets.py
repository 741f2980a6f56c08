"""Key, secret and passphrase are shown nowhere: planted canaries, in every kind of trouble."""

from __future__ import annotations

import asyncio
import logging
import re
import traceback
from dataclasses import replace

import pytest

from atms.config import Config
from atms.errors import ConfigError, VenueError
from atms.running.live_stores import venue_store
from atms.sandbox.binance.config import SandboxConfig
from atms.stores.ccxt import store
from atms.stores.ccxt.profiles import profile
from atms.stores.ccxt.store import CCXTStore
from atms.stores.ccxt.wire import Wire
from tests.stores.bench import sent
from tests.stores.ccxt.bench import CONFIG, SandboxBench, run

KEY, SECRET, PASSWORD = "canaryKEY5f0b", "canarySECRETa91c", "canaryPASSd07e"
LIVE = {"data": {"feeds": [{"store": "mine", "symbol": "BTC/USDT", "timeframe": "1m"}]},
        "strategy": "ma_cross"}  # fmt: skip
PLANTED: SandboxConfig = replace(CONFIG, key=KEY, secret=SECRET)
TROUBLES = [
    "silent", "server_error", "lose_request", "lose_reply", "moved", "rate_limited",
    "auth_failed", "echo", "venue_down", "",
]  # fmt: skip


def store_of(bench: SandboxBench, **more: object) -> CCXTStore:
    made = CCXTStore(
        "binance", key=KEY, secret=lambda: SECRET, password=PASSWORD, url=bench.front.url,
        timeout=0.5, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    bench.stores.append(made)
    return made


async def all_that_is_said(bench: SandboxBench, trouble: str) -> str:
    """Return everything that a store says of a write, a read and a connection in trouble."""
    store = store_of(bench)
    await store.connect()
    said = [repr(store), repr(vars(store)), str(store)]
    with bench.front.trouble(trouble):
        said.append(repr(await sent(store, bench.standing("a-1"))))
        for read in (store.snapshot([bench.instrument]), store_of(bench).connect()):
            try:
                said.append(repr(await read))
            except VenueError as error:
                said.append("".join(traceback.format_exception(error)))
                said.append(repr(error))
    bench.sandbox.disconnect()
    await bench.front.say("not what anybody understands")
    await asyncio.sleep(0.4)
    return "\n".join(said)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_secret_is_in_errors_outcomes_tracebacks_and_logs(
    trouble: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []

    async def body(bench: SandboxBench) -> None:
        said.append(await all_that_is_said(bench, trouble))

    with caplog.at_level(logging.DEBUG):
        run(body, PLANTED)
    shown = capsys.readouterr()
    everything = "\n".join([*said, caplog.text, shown.out, shown.err])
    for line in everything.splitlines():
        assert KEY not in line
        assert SECRET not in line
        assert PASSWORD not in line
        assert not re.search("signature=[0-9a-f]", line)
    assert "binance" in everything


def test_a_signed_request_is_what_the_canaries_were_planted_for() -> None:
    async def body(bench: SandboxBench) -> None:
        await store_of(bench).connect()
        assert any(KEY in headers.values() for headers in bench.front.headers)

    run(body, PLANTED)


@pytest.mark.parametrize(
    "told",
    [
        "{'OK-ACCESS-SIGN': 'c2lnbmVk+/=', 'OK-ACCESS-PASSPHRASE': 'c2lnbmVk+/='}",
        "KC-API-SIGN: c2lnbmVk+/=\nkc-api-passphrase: c2lnbmVk+/=",
        "signature=c2lnbmVk+/=&timestamp=1",
        f"you said {PASSWORD}",
    ],
)
def test_what_a_venue_repeats_of_signatures_and_passphrases_is_hidden(told: str) -> None:
    async def cleaned() -> str:
        wire = Wire(
            profile("binance"), key=KEY, secret=SECRET, password=PASSWORD, base=None,
            testnet=False, timeout=1, used=lambda told: None,
        )  # fmt: skip
        text = wire.clean(told)
        await wire.close()
        return text

    shown = asyncio.run(cleaned())
    assert "c2ln" not in shown
    assert PASSWORD not in shown
    assert "***" in shown


@pytest.mark.parametrize("exchange", ["kucoin", "okx"])
def test_a_key_whose_passphrase_is_missing_is_told_by_the_name_in_the_config(exchange: str) -> None:
    given = {"venue": exchange, "key": "${MY_KEY}", "secret": "${MY_SECRET}"}
    with pytest.raises(ConfigError, match=r"stores\.mine\.passphrase.*\$\{ENV_NAME\} or file:PATH"):
        venue_store(Config.model_validate({**LIVE, "stores": {"mine": given}}), "mine")


def test_a_store_asks_for_the_passphrase_of_a_venue_that_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "WITH_PASSPHRASE", {"binance"})
    with pytest.raises(ConfigError, match="a key of binance has a passphrase; give password"):
        CCXTStore("binance", key=KEY, secret=SECRET)
    CCXTStore("binance", key=KEY, secret=SECRET, password=PASSWORD)
    CCXTStore("binance")

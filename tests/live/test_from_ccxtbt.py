"""The script on the page for people coming from ccxtbt trades, under plain bt.Cerebro."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import atms
from tests.conftest import ROOT
from tests.docs.test_docs import blocks
from tests.live.processes import until
from tests.live.venue import KEY, SECRET, Venue

PAGE = ROOT / "docs" / "from_ccxtbt.md"


def test_the_script_on_the_page_trades(
    serve: Callable[..., Venue], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    venue = serve(seconds_a_bar=0.05)
    monkeypatch.setenv("KEY", KEY)
    monkeypatch.setenv("SECRET", SECRET)
    made: list[atms.CCXTStore] = []
    real = atms.CCXTStore

    def store(exchange: str, **options: object) -> atms.CCXTStore:
        """Return the page's store, with the sandbox's address in the place of the venue's."""
        url = os.environ["ATMS_SANDBOX_URL"]
        made.append(real(exchange, url=url, market_clock="stream", **options))  # type: ignore[arg-type]
        return made[0]

    monkeypatch.setattr(atms, "CCXTStore", store)
    (script,) = blocks(PAGE, "py")
    monkeypatch.setitem(sys.modules, "page", type(sys)("page"))  # Backtrader looks it up
    failed: list[BaseException] = []

    def end() -> None:
        try:
            until(lambda: venue.count("fill") >= 3, lambda: "it does not trade")
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)
        made[0].trading.end()

    ender = threading.Thread(target=end)
    ender.start()
    exec(compile(script, "from_ccxtbt", "exec"), {"__name__": "page"})
    ender.join()
    assert failed == []
    told = capfd.readouterr().out
    assert re.match(r"btc CONNECTED\nbtc DELAYED\n(Rejected 0 0.0\n)*btc LIVE\n", told), told[:200]
    assert re.search(r"^Submitted 0.*\nAccepted 0.*\nCompleted 0\.0\d+ \d", told, re.M), told
    assert Path(os.environ["XDG_STATE_HOME"], "atms/accounts").is_dir()


def test_what_the_page_calls_the_same_is_there() -> None:
    """Each name of ours that the table has is an argument or a method that there is."""
    import inspect

    from atms.execution.broker.broker import LiveBroker
    from atms.stores.ccxt.store import CCXTStore

    taken = {*inspect.signature(atms.CCXTStore).parameters,
             *inspect.signature(CCXTStore).parameters}  # fmt: skip
    assert {"base", "key", "secret", "testnet", "url", "trading"} <= taken
    assert {"fromdate", "bars", "timeframe", "compression"} <= {
        *inspect.signature(atms.CCXTStore.getdata).parameters
    }
    for name in ("getcash", "getvalue", "getposition", "get_orders_open"):
        assert callable(getattr(LiveBroker, name))

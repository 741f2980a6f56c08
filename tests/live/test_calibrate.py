"""A live run on the sandbox, its costs measured, and a backtest that pays them."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.venue import Venue

Serve = Callable[..., Venue]
Cli = Callable[..., tuple[int, str, str]]
STATE = ("--state-dir", "state")
NOTING = '''

class Noting(Live):
    """In and out at each bar; notes what it saw, as nobody else does."""

    def __init__(self):
        self.saw = {}

    def act(self):
        order = self.close() if self.position.size else self.buy(size=0.01)
        self.saw[order.ref] = self.data.close[0]

    def notify_order(self, order):
        if order.status == order.Submitted and order.ref in self.saw:
            with open("decisions.txt", "a") as file:
                file.write(f"{order.info.key} {self.saw[order.ref]!r}\\n")
'''


def test_costs_of_a_live_run_become_those_of_a_backtest(
    starter: Starter, serve: Serve, cli: Cli
) -> None:
    venue = serve(seconds_a_bar=0.1)
    write_run("Noting", execution={"on_stop": "leave"})
    with Path("mine.py").open("a") as file:
        file.write(NOTING)
    process = starter.start("live", "-c", "live.yaml", "--yes")
    process.until(lambda: venue.count("fill") >= 12, "it does not trade")
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err

    code, out, err = cli("calibrate", *STATE, "--json", "--out", "costs.yaml")
    assert code == 0, err
    found = json.loads(out)
    # The same from the venue's log, and from what the strategy wrote into a file of its own.
    closes = dict(line.split() for line in Path("decisions.txt").read_text().splitlines())
    byorder: dict[str, list[dict[str, str]]] = {}
    for fill in venue.of("fill"):
        byorder.setdefault(fill["client_id"], []).append(fill)
    worse = expected = 0.0
    for key, parts in byorder.items():
        close = float(closes[key])
        side = 1 if parts[0]["side"].upper() == "BUY" else -1
        units = sum(float(part["qty"]) for part in parts)
        value = sum(float(part["qty"]) * float(part["price"]) for part in parts)
        worse += side * (value - units * close)
        expected += units * close
    assert found["slippage"]["orders"] == len(byorder) >= 12
    assert found["slippage"]["share"] == pytest.approx(worse / expected, rel=1e-6)
    assert found["taker"]["share"] == pytest.approx(0.001, rel=1e-3)  # the sandbox's commission
    assert found["maker"] is None
    assert 0 < found["delays"]["durable"]["p50"] < found["delays"]["acked"]["p50"]
    assert found["delays"]["acked"]["p50"] <= found["delays"]["heard"]["p50"]

    costs = yaml.safe_load(Path("costs.yaml").read_text())["broker"]
    assert costs["slippage"]["percent"] == pytest.approx(max(0.0, worse / expected), abs=1e-8)
    Path("bt.yaml").write_text(
        "data: {feeds: [{source: sample:BTCUSD_1h}]}\nrun: {timerange: 2018-01-01..2018-03-31}\n"
        "strategy: ma_cross\nbroker: {slippage: {fixed: 3}, commission: 0.5%}\n"
    )
    code, out, err = cli("backtest", "-c", "bt.yaml", "-c", "costs.yaml")
    assert code == 0, err
    paid = pd.read_csv(next(Path("runs").glob("*/fills.csv")))
    value = paid["price"] * paid["size"].abs()
    assert len(paid) > 5
    assert (paid["fee"] / value).tolist() == pytest.approx([0.001] * len(paid), rel=1e-3)
    slipped = paid["slippage_cost"] / (paid["reference_price"] * paid["size"].abs())
    assert slipped.tolist() == pytest.approx([costs["slippage"]["percent"]] * len(paid), abs=1e-9)

    code, _, err = cli("calibrate", *STATE, "--out", "costs.yaml")
    assert code == 1
    assert "is there already; --force writes over it" in err


def test_a_run_that_traded_little_is_refused(starter: Starter, serve: Serve, cli: Cli) -> None:
    serve(seconds_a_bar=0.1)
    write_run("Hold", execution={"on_stop": "cancel"})
    process = starter.start("live", "-c", "live.yaml", "--yes")
    process.until(lambda: ": running" in process.err, "it is not ready")
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    code, out, err = cli("calibrate", *STATE, "--out", "costs.yaml")
    assert (code, out) == (3, "")
    assert re.search(r"too few fills to calibrate with: slippage: [01] orders", err)
    assert not Path("costs.yaml").exists()


def test_a_paper_run_gives_back_the_costs_of_its_config_and_says_so(
    starter: Starter, serve: Serve, cli: Cli
) -> None:
    venue = serve(seconds_a_bar=0.1)
    store = {"venue": "binance", "url": "${ATMS_SANDBOX_URL}", "market_clock": "stream"}
    write_run("Flip", stores={"venue": store}, broker={"cash": 10_000, "commission": 0.002})
    process = starter.start("paper", "-c", "live.yaml")

    def enough() -> bool:
        code, out, _ = cli("status", *STATE, "--json")
        accounts = json.loads(out).get("accounts", {}).values() if code == 0 else ()
        return any(one["fills"] >= 12 for one in accounts)

    process.until(enough, "it does not trade")
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    code, out, err = cli("calibrate", *STATE, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["taker"]["share"] == pytest.approx(0.002, rel=1e-6)
    assert any("a paper run's costs" in line for line in found["warnings"])
    assert venue.count("order") == 0

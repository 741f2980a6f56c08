"""A live run on contracts whose venue takes a position away: it stands in the ledger as that."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.test_exchanges import EXCHANGES, FEED_OF_CONTRACTS, store_of
from tests.live.venue import Venue, serving_exchange

LEDGER = Path("ledger.db")
FUNDING = "SELECT amount FROM cash_flows WHERE kind = 'funding'"


@pytest.fixture(params=["bybitlinear", "okxlinear"])
def name(request: pytest.FixtureRequest) -> str:
    """Return an exchange whose sandbox takes positions away."""
    return str(request.param)


@pytest.fixture
def venue(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Venue]:
    """Serve contracts until the test is over, and point the environment at them."""
    exchange = EXCHANGES[name]
    with serving_exchange(exchange.thread, exchange.config, **exchange.wide) as made:
        for variable, value in made.env.items():
            monkeypatch.setenv(variable, value)
        yield made


def rows_of(query: str) -> list[tuple[Any, ...]]:
    """Return rows of the ledger; none: it is not there yet."""
    if not LEDGER.exists():
        return []
    with closing(sqlite3.connect(LEDGER)) as connection:
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:  # its tables are not made yet
            return []


def test_a_liquidation_and_funding_stand_in_the_ledger(
    name: str, starter: Starter, venue: Venue
) -> None:
    write_run("Hold", stores={"venue": store_of(name)}, data={"feeds": [FEED_OF_CONTRACTS]})
    process = starter.start("live", "-c", "live.yaml", "--yes")
    process.until(lambda: rows_of("SELECT 1 FROM fills"), "nothing was bought")
    process.until(lambda: venue.count("income"), "no funding was paid")
    venue.freeze()

    def take_over() -> None:
        account, risk = venue.sandbox.venue.account, venue.sandbox.venue.risk
        account.free["USDT"] = Decimal(1)  # a withdrawal that is told of nowhere
        risk.set_mark("BTCUSDT", Decimal(1_000))

    venue.call(take_over)
    process.until(lambda: len(rows_of("SELECT 1 FROM fills")) > 1, "the liquidation is not told")
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    assert "taken: liquidation: the venue sold 0.01 at 1000" in process.err
    bought, taken = rows_of("SELECT side, size, price, order_id FROM fills ORDER BY id")
    assert (bought[:2], taken) == (("buy", "0.01"), ("sell", "0.01", "1000", None))
    paid = sum(Decimal(amount) for (amount,) in rows_of(FUNDING))
    told = [Decimal(line["amount"]) for line in venue.of("income") if line["kind"] == "FUNDING"]
    assert paid == sum(told) != 0
    assert rows_of("SELECT size FROM positions") == []
    ((difference,),) = rows_of("SELECT difference FROM balances")
    assert Decimal(difference) == 0

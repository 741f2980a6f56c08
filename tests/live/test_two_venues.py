"""One strategy on two venues: orders go where their data is, equity is of both, and kill -9.

ATMS_KILLS=20 kills more often; ATMS_KILLS_SEED draws other instants.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.live.checking import differences, in_doubt
from tests.live.making import write_run
from tests.live.processes import Process, Starter
from tests.live.test_kills import Killer
from tests.live.venue import Venue, read_log, serving, serving_futures

KILLS = int(os.environ.get("ATMS_KILLS", "3"))
SEED = int(os.environ.get("ATMS_KILLS_SEED", "1"))
STATE, LEDGER = Path("state"), Path("ledger.db")
START = {"USDT": Decimal(100_000)}
SPOT, FUTURES = "binance-spot", "binance-usdm"


@pytest.fixture
def venues(monkeypatch: pytest.MonkeyPatch, workdir: Path) -> Iterator[tuple[Venue, Venue]]:
    """Serve spot and futures, and write a run on both."""
    with ExitStack() as stack:
        spot = stack.enter_context(serving(log=Path("spot.jsonl")))
        futures = stack.enter_context(serving_futures(log=Path("futures.jsonl")))
        for number, venue in (("1", spot), ("2", futures)):
            for name, value in venue.env.items():
                monkeypatch.setenv(f"{name}_{number}", value)
        write_run(
            "Both",
            stores={"venue": store("binance", 1), "futures": store("binanceusdm", 2)},
            data={"feeds": [feed("venue", "BTC/USDT"), feed("futures", "BTC/USDT:USDT")]},
        )
        yield spot, futures


def store(venue: str, number: int) -> dict[str, str]:
    names = {"url": "URL", "key": "KEY", "secret": "SECRET"}
    told = {key: f"${{ATMS_SANDBOX_{name}_{number}}}" for key, name in names.items()}
    return {"venue": venue, "market_clock": "stream", **told}


def feed(name: str, symbol: str) -> dict[str, str]:
    return {"name": name, "store": name, "symbol": symbol, "timeframe": "1h", "currency": "USDT"}


def live(starter: Starter) -> Process:
    return starter.start("live", "-c", "live.yaml", "--yes")


def differing(venues: tuple[Venue, Venue], ledger: Path | None) -> list[str]:
    """Return what journals and ledger tell otherwise than the two venues."""
    spot, futures = (read_log(venue.log) for venue in venues)
    return [
        *differences(spot, START, STATE, ledger, account=SPOT),
        *differences(futures, START, STATE, ledger, settle="USDT", account=FUTURES),
    ]


def trades(venues: tuple[Venue, Venue], before: tuple[int, int]) -> bool:
    """Return whether each account has traded again; one in doubt of an order may have to wait."""
    return all(
        venue.count("fill") > count + 1 or in_doubt(STATE, account)
        for venue, count, account in zip(venues, before, (SPOT, FUTURES), strict=True)
    )


def test_killed_while_it_trades_on_two_venues_it_loses_and_doubles_nothing(
    starter: Starter, venues: tuple[Venue, Venue]
) -> None:
    rng = random.Random(SEED)
    killers = [Killer(venue) for venue in venues]
    for killer in itertools.islice(itertools.cycle(killers), KILLS):
        killer.kill(live(starter), "", rng.randint(5, 120))
    process = live(starter)
    process.until(lambda: ": running" in process.err, "it is not ready")
    before = (venues[0].count("fill"), venues[1].count("fill"))
    process.until(lambda: trades(venues, before), "it does not trade on both")
    for venue in venues:
        venue.freeze()
    process.until(lambda: not differing(venues, None), "\n".join(differing(venues, None)))
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    assert differing(venues, LEDGER) == []
    for place, account in enumerate((SPOT, FUTURES)):  # what is lost would have been seen
        log = read_log(venues[place].log)
        fill = next(line for line in log if line["what"] == "fill")
        less = [line for line in log if line is not fill]
        assert differences(less, START, STATE, LEDGER, account=account)


def test_equity_is_that_of_both_accounts_in_one_currency(
    starter: Starter, venues: tuple[Venue, Venue]
) -> None:
    process = live(starter)
    process.until(lambda: all(venue.count("fill") > 2 for venue in venues), "it does not trade")
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    with closing(sqlite3.connect(LEDGER)) as connection:
        query = "SELECT start_value, final_value FROM runs"
        ((start, final),) = connection.execute(query).fetchall()
    assert Decimal(start) == 200_000
    spot, futures = (venue.of("balances")[-1] for venue in venues)
    cash = sum(Decimal(one["USDT"][0]) + Decimal(one["USDT"][1]) for one in (spot, futures))
    coins = sum(map(Decimal, spot["BTC"])) * venues[0].sandbox.market.last
    # the last close and the last print differ, on some hundredths of a coin
    assert abs(Decimal(final) - cash - coins) < 20

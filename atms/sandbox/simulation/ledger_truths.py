"""What the ledger makes of a journal: its sums must be right, and the venue's."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from atms.execution.core.records import Started, decode
from atms.ledger import check_balances, create, schema
from atms.ledger.connection import reading, writing
from atms.ledger.live import AccountRows
from atms.ledger.live_runs import RunRow, Session

if TYPE_CHECKING:
    from datetime import datetime

    from atms.sandbox.simulation.places import Place

_STARTS = 2  # processes that are one run, which goes on
_AWAY = 0.15  # of the commits fail
_NEAR = Decimal("1e-8")


def ledger_violations(place: Place, began: datetime) -> Iterator[str]:
    """Yield what is wrong with the rows that a journal becomes, written after each process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        path.write_bytes(_empty())
        url = f"sqlite:///{path}"
        last = _write(url, place, began)
        yield from _sums(url)
        yield from _finals(url, place, last)


def _write(url: str, place: Place, began: datetime) -> str:
    """Write a journal, a transaction a process; return the last run's id."""

    def session_of(epoch: int) -> Session:
        run = RunRow(
            id=f"run-{(epoch - 1) // _STARTS}", mode="paper", strategy="trial:Trial", symbols="",
            started=began, currency="USD", folder="runs", code_hash="c0de",
        )  # fmt: skip
        return Session(epoch=epoch, venue=place.profile.name, at=began, run=run)

    chance = random.Random(f"{place.account} {len(place.journal.lines)}")
    rows, last = AccountRows(place.account, place.profile.name, session_of), ""
    for number, line in enumerate(place.journal.lines, 1):
        record = decode(line)
        if isinstance(record, Started):
            last = f"run-{(record.epoch - 1) // _STARTS}"
            if number > 1:
                _commit(url, rows, chance)
        rows.take(number, record)
    _commit(url, rows, chance)
    return last


def _commit(url: str, rows: AccountRows, chance: random.Random) -> None:
    """Write what there is, though the database may fail before a commit (F46)."""
    while True:
        draw = chance.random()
        try:
            with writing(url) as connection:
                rows.write(connection)
                if draw < _AWAY:
                    raise ConnectionError("the database is away")
        except ConnectionError:
            continue
        rows.settled()
        return


def _sums(url: str) -> Iterator[str]:
    for one in check_balances(url):
        yield f"I8: ledger: {one.currency} of {one.run_id}: {one.expected}, not {one.final}"


def _finals(url: str, place: Place, run: str) -> Iterator[str]:
    table = schema.balances.c
    with reading(url) as connection:
        assert connection is not None
        asked = select(table.currency, table.final).where(table.run_id == run)
        finals = {str(row.currency): Decimal(row.final) for row in connection.execute(asked)}
    true = place.venue.holdings.balances
    for asset in sorted({*finals, *true}):
        here, there = finals.get(asset, Decimal(0)), true.get(asset, Decimal(0))
        if abs(here - there) > _NEAR:
            yield f"I8: ledger: {asset}: {here}, and {there} at the venue"


@cache
def _empty() -> bytes:
    """Return a ledger without rows; it is made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        create(f"sqlite:///{path}")
        return path.read_bytes()

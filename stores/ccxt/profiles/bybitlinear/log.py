"""The account's log: executions and funding contract by contract, and what else moved cash.

The list of executions has both, and the stream tells both with the same ids. Transfers, bonuses and
what is done in other markets of the account stand in the transaction log alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.bybit import log
from atms.stores.ccxt.profiles.bybit.log import OVERLAP, Since
from atms.stores.ccxt.profiles.bybit.words import call, number
from atms.stores.ccxt.profiles.bybitlinear.contracts import LINEAR, SETTLED_IN
from atms.stores.ccxt.profiles.bybitlinear.orders import READS
from atms.stores.ccxt.profiles.stamps import milliseconds, moment
from atms.stores.facts import CashFact, Cursor, Page

_PAGE = 50  # the most rows that the venue gives
_SPAN = timedelta(days=7) - timedelta(milliseconds=1)  # of one question
_MS = timedelta(milliseconds=1)
_EXECUTED = frozenset({"TRADE", "SETTLEMENT", "LIQUIDATION", "ADL", "DELIVERY"})
_KINDS = {"TRANSFER_IN": "deposit", "TRANSFER_OUT": "withdrawal", "INTEREST": "interest"}
Row = Mapping[str, Any]


async def read(
    ask: Ask, names: Symbols, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int,
    *, with_cash: bool,
) -> Page:  # fmt: skip
    """Return what comes after a place.

    Args:
        with_cash: whether the transaction log is read, too.
    """
    if after is None:
        page = await log.log(ask, names, None, raws, at, rows, READS)
        since = json.loads(page.next)["since"]  # the venue's own clock
        return replace(page, next=_written(page.next, Since(since)))
    kept = json.loads(after)
    cash = Since(kept["cash"][0], dict(kept["cash"][1]))
    page = await log.log(ask, names, kept["executions"], raws, at, rows, READS)
    facts: list[CashFact] = []
    more = False
    if with_cash and not page.more:
        facts, more = await _moved(ask, cash, milliseconds(at))
    return replace(
        page, facts=(*page.facts, *facts), next=_written(page.next, cash), more=page.more or more
    )


def _written(executions: Cursor, cash: Since) -> Cursor:
    """Return a cursor; equal places are equal cursors."""
    kept = {"executions": executions, "cash": [cash.at, cash.told]}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))


async def _moved(ask: Ask, since: Since, now: int) -> tuple[list[CashFact], bool]:
    """Return what moved cash and is no execution, and whether there may be more; since moves on."""
    span = _SPAN // _MS
    last = since.at + span >= now
    until = {} if last else {"endTime": since.at + span}
    listed = await _rows(ask, since.at, until)
    rows = [row for row in listed if not _is_executed(row) and _name(row) not in since.told]
    rows.sort(key=lambda row: (_time(row), _name(row)))
    since.told |= {_name(row): _time(row) for row in rows}
    if not last:
        since.move(since.at + span - OVERLAP // _MS)
    elif listed:  # executions too: what lies before them need not be asked for again
        since.move(max(map(_time, listed)) - OVERLAP // _MS)
    return [_cash(row) for row in rows], not last


async def _rows(ask: Ask, start: int, until: Mapping[str, int]) -> list[Row]:
    found: dict[str, Row] = {}
    cursor: dict[str, str] = {}
    while True:
        question = call(
            "privateGetV5AccountTransactionLog", log.READS, accountType="UNIFIED",
            currency=SETTLED_IN, startTime=start, limit=_PAGE, **until, **cursor,
        )  # fmt: skip
        result = (await ask(question))["result"]
        found |= {_name(row): row for row in result["list"]}
        if len(result["list"]) < _PAGE or not result.get("nextPageCursor"):
            return list(found.values())
        cursor = {"cursor": result["nextPageCursor"]}


def _is_executed(row: Row) -> bool:
    """Return whether a row is an execution of a contract or its funding: those are told already."""
    return row["type"] in _EXECUTED and row.get("category") in (LINEAR, "", None)


def _time(row: Row) -> int:
    return int(row["transactionTime"])


def _name(row: Row) -> str:
    return f"{row['type']}:{row['id']}"


def _cash(row: Row) -> CashFact:
    return CashFact(
        at=moment(row["transactionTime"]), id=_name(row), asset=row["currency"],
        amount=number(row["change"]), instrument=None,
        kind=_KINDS.get(row["type"], "other"),  # type: ignore[arg-type]
    )  # fmt: skip

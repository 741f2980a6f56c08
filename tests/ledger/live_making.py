"""Journals of live accounts: what the adversary made a core write, and a few written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from atms.execution.core.core import Core, Step, Terms
from atms.execution.core.events import Instruction, Persist
from atms.execution.core.records import (
    Booked,
    Closed,
    Intended,
    Move,
    Opened,
    OpeningCash,
    Record,
    Started,
    encode,
)
from atms.execution.core.state import AccountState
from atms.execution.disk.files import account_folder
from atms.execution.disk.journal import Journal
from atms.ledger.live_runs import RunRow, Session
from atms.running.live_sessions import Sessions
from atms.sandbox.simulation import adversary
from atms.stores.facts import Fee
from atms.stores.requests import Kind, Ticket

ACCOUNT = "sim-spot"
BTC = f"{ACCOUNT}:BTC"
BEGAN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
STATE = Path("state")


def dec(value: float | str) -> Decimal:
    return Decimal(str(value))


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def run_row(run_id: str = "run-1", **others: Any) -> RunRow:
    """Return what is known of a run when it starts."""
    values: dict[str, Any] = {
        "id": run_id, "mode": "paper", "strategy": "mine:Mine", "code_hash": "c0de",
        "symbols": "BTC", "started": BEGAN, "currency": "USD", "folder": f"runs/{run_id}",
        "config": {"strategy": {"name": "mine.py"}}, "config_hash": "c0f1", "seed": 7, **others,
    }  # fmt: skip
    return RunRow(**values)


# ---- by hand -------------------------------------------------------------------------------------
def started(epoch: int = 1, seconds: float = 0) -> Started:
    return Started(epoch=epoch, at=at(seconds))


def opening(cash: float = 1000) -> OpeningCash:
    return OpeningCash(asset="USD", total=dec(cash), at=BEGAN)


def intended(key: str = "j-1-1", qty: float = 2, seconds: float = 1, **others: Any) -> Intended:
    """Return an order to buy at the market; *others* are the ticket's."""
    ticket = Ticket(
        **{"key": key, "instrument": BTC, "side": 1, "qty": dec(qty), "kind": Kind.MARKET, **others}
    )
    return Intended(ticket=ticket, at=at(seconds), epoch=int(key.split("-")[1]), group=key)


def booked(exec_: str = "t1", **others: Any) -> Booked:
    """Return two units bought at 100 with a fee of 0.5, as an exchange of two assets."""
    values: dict[str, Any] = {
        "exec": exec_, "version": 0, "key": "j-1-1", "names": (), "instrument": BTC,
        "bucket": "net", "side": 1, "qty": dec(2), "price": dec(100), "at": at(2), "final": True,
        "fees": (Fee(asset="USD", amount=dec("0.5")),), **others,
    }  # fmt: skip
    value = values["qty"] * values["price"] * values["side"]
    units = Move(asset="BTC", amount=values["side"] * values["qty"])
    values.setdefault("moves", (units, Move(asset="USD", amount=-value)))
    return Booked(**values)


def closed(key: str = "j-1-1", how: Any = "filled", seconds: float = 3, **others: Any) -> Closed:
    return Closed(key=key, how=how, at=at(seconds), **others)


def bought() -> list[Record]:
    """Return a first epoch: 1,000 USD, and two units bought of them."""
    return [started(), opening(), intended(), booked(), closed()]


def held(qty: float, why: Any = "opening", **others: Any) -> Opened:
    values: dict[str, Any] = {
        "instrument": BTC, "bucket": "net", "qty": dec(qty), "price": dec(90), "at": at(0),
        "why": why, "asset": "BTC", **others,
    }  # fmt: skip
    return Opened(**values)


# ---- by the adversary ----------------------------------------------------------------------------
@cache
def adversity(seed: int, profile: str, minutes: float = 4.0) -> tuple[Record, ...]:
    """Return the whole journal of an account that met faults and kills."""
    durable: list[Record] = []

    class Noting(Core):
        def start(self, epoch: int, now: datetime) -> list[Instruction]:
            return _noted(super().start(epoch, now))

        def end(self, step: Step) -> list[Instruction]:
            return _noted(super().end(step))

    def _noted(instructions: list[Instruction]) -> list[Instruction]:
        for one in instructions:
            durable.extend(one.records if isinstance(one, Persist) else ())
        return instructions

    def born(terms: Terms, records: Sequence[Record]) -> Core:
        durable[:] = records  # what a kill kept from the disk is not there
        return Noting(terms, records)

    adversary.run(seed, profile, minutes=minutes, make_core=born)
    return tuple(durable)


def state_of(records: Iterable[Record]) -> AccountState:
    """Return what the order path itself makes of a journal."""
    state = AccountState()
    for record in records:
        state.apply(record)
    return state


# ---- on disk -------------------------------------------------------------------------------------
def folder_of(account: str = ACCOUNT) -> Path:
    return account_folder(STATE, account)


def append(records: Iterable[Record], account: str = ACCOUNT) -> Path:
    """Append records to an account's journal, which is made if there is none; its folder."""
    folder = folder_of(account)
    with Journal.open(folder, account) as journal:
        waiting: list[str] = []
        for record in records:
            if isinstance(record, Started):
                journal.append(waiting)
                waiting = []
                while journal.begin(record.at) < record.epoch:
                    pass  # a process died before it could say that it had started
            waiting.append(encode(record))
        journal.append(waiting)
    return folder


def claim(run: RunRow | None, epoch: int = 1, account: str = ACCOUNT) -> Sessions:
    """Let an epoch of an account's journal, and those after it, be a run's."""
    folder = folder_of(account)
    with Journal.open(folder, account) as journal:
        sessions = Sessions(folder, journal.id)
    sessions.claim(Session(epoch=epoch, venue="sim", at=at(epoch), run=run))
    return sessions

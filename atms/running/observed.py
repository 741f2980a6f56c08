"""What a live run's orders met: when each was decided, taken and filled, at which prices and fees.

From the run's recording come the instants of decision and the price that the strategy saw, the
close of the bar before it; from the accounts' journals what became of the orders. Both go by the
same clock, this computer's since its start, but for the venue's own time of a fill, which is
therefore not used: a fill counts when the strategy heard of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from atms.errors import DataError
from atms.execution.core.core import Core, Terms
from atms.execution.core.records import Booked, FeeBooked, Record, decode
from atms.execution.disk.files import account_folder
from atms.execution.disk.journal import Journal
from atms.execution.disk.journal_file import NAME as JOURNAL
from atms.execution.disk.journal_file import told
from atms.execution.disk.recorder import NAME as INPUTS
from atms.execution.disk.recording import BarGiven, Begun, Decided, Told, read_recording
from atms.running.session import SessionFolder
from atms.stores.facts import Fee


@dataclass(frozen=True, kw_only=True)
class Fill:
    """An execution.

    Attributes:
        value: price times units times multiplier.
        fee: in the currency of the value; None: paid in another asset, or not told.
        fee_asset: what it was paid in.
    """

    units: float
    price: float
    value: float
    fee: float | None
    fee_asset: str = ""


@dataclass
class Seen:
    """An order as the recording has it."""

    decided: datetime
    data: str
    close: float | None
    exectype: str
    limit: float | None
    key: str = ""
    accepted: datetime | None = None
    filled: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Observed:
    """An order that filled, at least in part.

    Attributes:
        kind: market, limit, stop ... as the journal has it.
        close: what the strategy saw last when it decided; None: of an order of no decision.
        taker: whether it took: but for a limit order that could not fill at that close.
        decided, durable, acked, heard: the instants of its way; None: not known.
    """

    key: str
    instrument: str
    side: int
    kind: str
    close: float | None
    taker: bool
    fills: tuple[Fill, ...]
    decided: datetime | None
    durable: datetime
    acked: datetime | None
    heard: datetime | None

    @property
    def value(self) -> float:
        """Return what was traded, in the currency of the price."""
        return sum(fill.value for fill in self.fills)

    @property
    def average(self) -> float:
        """Return the mean price, by units."""
        units = sum(fill.units for fill in self.fills)
        return sum(fill.units * fill.price for fill in self.fills) / units


@dataclass
class Observation:
    """What was seen of one run.

    Attributes:
        run: its id; *mode*: paper, live or shadow.
        orders: those that filled, in the order of their making.
        lost: entries that the recording lacks.
    """

    run: str
    mode: str
    orders: list[Observed] = field(default_factory=list)
    lost: int = 0


def observe(folder: SessionFolder) -> Observation:
    """Return what a run's orders met.

    Raises:
        DataError: its recording is missing or damaged.
        JournalError: a journal is.
    """
    session = folder.session
    found = Observation(run=session.id, mode=session.mode)
    seen = {one.key: one for one in _recorded(folder.path, found) if one.key}
    for account in session.accounts:
        path = account_folder(Path(session.state), account) / JOURNAL
        if path.exists():
            found.orders += _orders(path, account, seen)
    found.orders.sort(key=lambda order: order.durable)
    return found


# ---- the recording -------------------------------------------------------------------------------
def _recorded(folder: Path, found: Observation) -> Iterator[Seen]:
    path = next((p for p in (folder / INPUTS, folder / f"{INPUTS}.gz") if p.exists()), None)
    if path is None:
        raise DataError(f"{folder}: there is no {INPUTS}: what was decided, and when, is not known")
    closes: dict[str, float] = {}
    orders: dict[int, Seen] = {}
    for entry in read_recording(path):
        match entry:
            case Begun():
                yield from orders.values()
                orders.clear()  # a process of its own numbers from 1 again
            case BarGiven(data=data, values=values):
                closes[data] = values["close"]
            case Decided(what="order", about=about, at=at):
                data = about["data"]
                orders[about["order"]] = Seen(
                    at, data, closes.get(data), about["exectype"], about["price"]
                )
            case Told(what="order", about=about, at=at):
                _hear(orders.get(about["order"]), about, at)
            case _:
                found.lost += getattr(entry, "count", 0)
    yield from orders.values()


def _hear(order: Seen | None, about: Any, at: datetime) -> None:
    if order is None or about["info"].get("adopted"):
        return
    order.key = about["info"].get("key") or order.key
    if about["executions"] and order.filled is None:
        order.filled = at


# ---- the journal ---------------------------------------------------------------------------------
def _orders(path: Path, account: str, seen: dict[str, Seen]) -> Iterator[Observed]:
    records = _records(path, account)
    core = Core(Terms(journal="", instruments=()), records)
    later: dict[str, list[FeeBooked]] = {}
    for record in records:
        if isinstance(record, FeeBooked) and record.exec is not None:
            later.setdefault(record.exec, []).append(record)
    rows: dict[str, list[Booked]] = {}
    for row in core.state.books.rows.values():  # those that count: none that was undone
        if row.key is not None:
            rows.setdefault(row.key, []).append(row)
    for key, order in core.state.orders.items():
        known = seen.get(key) or seen.get(order.intended.serves)
        if known is None or key not in rows:
            continue
        ticket, own = order.ticket, seen.get(key)
        close = own.close if own is not None else None
        limit = None if ticket.limit is None else float(ticket.limit)
        acked = order.answered
        yield Observed(
            key=key, instrument=ticket.instrument, side=ticket.side, kind=ticket.kind.value,
            close=close, taker=_takes(ticket.kind.value, ticket.side, limit, close),
            fills=tuple(_fill(row, later.get(row.exec, [])) for row in rows[key]),
            decided=own.decided if own is not None else None, durable=order.intended.at,
            acked=acked.at if acked is not None and acked.outcome == "acked" else None,
            heard=own.filled if own is not None else None,
        )  # fmt: skip


def _records(path: Path, account: str) -> list[Record]:
    with told(path):
        journal = Journal(path.resolve(), account)
    try:
        return [decode(body) for _, body in journal.bodies()]
    finally:
        journal.close()


def _takes(kind: str, side: int, limit: float | None, close: float | None) -> bool:
    """Return whether an order takes: a limit order does where it could fill when it was made."""
    if kind != "limit" or limit is None or close is None:
        return kind != "limit"
    return limit >= close if side > 0 else limit <= close


def _fill(row: Booked, later: list[FeeBooked]) -> Fill:
    value = float(row.qty * row.price * row.multiplier)
    fees: list[Fee | FeeBooked] = [*(row.fees or ()), *later]
    base, quote = _assets(row)
    worth = {quote: Decimal(1), base: row.price}
    total, known = Decimal(0), bool(fees)
    for fee in fees:
        if fee.asset in worth and fee.asset:
            total += fee.amount * worth[fee.asset]
        else:
            known = False
    return Fill(
        units=float(row.qty), price=float(row.price), value=value,
        fee=float(total) if known else None, fee_asset=fees[0].asset if fees else "",
    )  # fmt: skip


def _assets(row: Booked) -> tuple[str, str]:
    """Return what was bought or sold, empty of a margin instrument, and what it was paid in."""
    base = next((move.asset for move in row.moves if move.amount == row.side * row.qty), "")
    quote = next((move.asset for move in row.moves if move.asset != base), row.settle)
    return base, quote

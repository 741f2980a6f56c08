"""The paper venue's rows: made of what happened, and a book made of them again.

Rows hold what came out, not what went in: a later version that matches differently changes
nothing that has happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from backtrader.position import Position

from atms.errors import VenueError
from atms.stores.market import Instrument
from atms.stores.sim.book import Book, days_of
from atms.stores.sim.changes import Changes
from atms.stores.sim.holdings import Fill
from atms.stores.sim.orders import Order
from atms.stores.sim.packing import packed, unpacked
from atms.stores.sim.statefile import Row

VERSION = 1
Marks = dict[str, tuple[str, datetime]]


def head(account: str, born: str, cash: Mapping[str, Decimal]) -> Row:
    """Return the first row."""
    amounts = {asset: str(amount) for asset, amount in cash.items()}
    return {"row": "head", "version": VERSION, "account": account, "born": born, "cash": amounts}


def placed(instrument: Instrument, orders: Sequence[Order], at: datetime) -> Row:
    """Return what makes orders stand."""
    return {
        "row": "place", "at": packed(at), "instrument": packed(instrument),
        "orders": [packed(order) for order in orders],
    }  # fmt: skip


def stepped(book: Book, changes: Changes, instrument: str) -> Row:
    """Return what orders, cash and the position became, with the executions."""
    held = book.purse_of(instrument).position(instrument)
    return {
        "row": "step", "at": packed(book.last), "market": packed(book.market),
        "instrument": instrument,
        "orders": [packed(order) for order in changes.touched.values()],
        "fills": [packed(one) for one in changes.told if isinstance(one, Fill)],
        "cash": {asset: purse.cash for asset, purse in book.purses.items()},
        "held": [held.size, held.price, held.adjbase],
        "used": packed(book.used.get(instrument)),
    }  # fmt: skip


def marked(marks: Marks, instrument: str) -> Row:
    """Return how far an instrument was matched, and on which bars, to stand in a row."""
    if instrument not in marks:
        return {}
    timeframe, close_at = marks[instrument]
    return {"instrument": instrument, "timeframe": timeframe, "close_at": packed(close_at)}


def restore(book: Book, rows: Sequence[Row], account: str, where: str) -> Marks:
    """Make a book of rows; return how far each instrument was matched, and on which bars.

    Raises:
        VenueError: they are another account's, a later version's, or none of ours.
    """
    first = rows[0]
    if first.get("version") != VERSION:
        raise VenueError(
            f"{where}: is of version {first.get('version')}, this one knows {VERSION}; use that "
            "version of atms"
        )
    if first.get("account") != account:
        raise VenueError(
            f"{where}: is of account {first.get('account')!r}, not of {account!r}; give each paper "
            "account a folder of its own"
        )
    marks: Marks = {}
    for number, row in enumerate(rows, start=1):
        try:
            _take(book, row, marks)
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise VenueError(
                f"{where}: line {number}: is no row of this version ({error!r}); move the file "
                "aside, and the paper account begins anew"
            ) from error
    return marks


def _take(book: Book, row: Row, marks: Marks) -> None:
    if row["row"] == "head":
        cash = {asset: Decimal(amount) for asset, amount in row["cash"].items()}
        book.open_account(row["born"], cash)
    elif row["row"] == "place":
        instrument = unpacked(Instrument, row["instrument"])
        book.instruments[instrument.id] = instrument
        for told in row["orders"]:
            book.add(unpacked(Order, told))
    elif row["row"] == "step":
        _take_step(book, row)
    if "at" in row:
        book.last = datetime.fromisoformat(row["at"])
    mark = row.get("mark") or {}
    if mark:
        marks[mark["instrument"]] = (
            mark["timeframe"], datetime.fromisoformat(mark["close_at"])
        )  # fmt: skip


def _take_step(book: Book, row: Row) -> None:
    name, market = row["instrument"], row["market"]
    if market is not None:
        book.market = datetime.fromisoformat(market)
    for told in row["orders"]:
        book.add(unpacked(Order, told))
    for told in row["fills"]:
        fill = unpacked(Fill, told)
        value = float(fill.qty) * float(fill.price) * book.models(name).commission.p.mult
        book.count(fill, value, days_of(fill.at if book.market is None else book.market))
    for asset, cash in row["cash"].items():
        book.purse(asset).cash = cash
    if row["used"] is not None:
        used, end = row["used"]
        book.used[name] = (used, datetime.fromisoformat(end))
    size, price, base = row["held"]
    position = Position(size, price)
    position.adjbase = base
    book.purse_of(name).positions[name] = position

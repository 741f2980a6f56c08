"""Fills one by one, as a venue tells them: met again, corrected, undone; never updated."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, select

from atms.errors import LedgerError
from atms.ledger import schema

_KEY = ("account", "venue", "symbol", "trade_id")


def book(
    connection: Connection,
    fill: Mapping[str, Any],
    fees: Mapping[str, Decimal] | None,
    version: int = 0,
) -> bool:
    """Write a fill, the first time that it is met; return whether it was.

    Args:
        connection: in a transaction.
        fill: the columns of ``fills``, but for id, version, row and fees_known.
        fees: asset -> amount, negative for a rebate; None while the venue has not told them.
        version: the venue's; one that is not above the highest that is there is no news.
    """
    known = _last(connection, fill)
    if known is not None and known["version"] >= version:
        if fees is not None and not known["fees_known"]:
            _tell_fees(connection, known["id"], fees)
        return False
    _insert(connection, {**fill, "version": version, "row": "fill"}, fees)
    return True


def reverse(
    connection: Connection,
    key: Mapping[str, str],
    fees: Mapping[str, Decimal] | None,
    **changed: Any,
) -> bool:
    """Undo a fill as it stands by a row of its own; return whether there was one.

    Args:
        connection: in a transaction.
        key: account, venue, symbol and trade_id of the fill.
        fees: those that are undone with it: a fee that came by itself is paid all the same.
        changed: columns of the reversing row that are not the fill's: its run and time.
    """
    old = _last(connection, key)
    if old is None or old["row"] == "reversal":
        return False
    _insert(connection, {**_plain(old), **changed, "row": "reversal"}, fees)
    return True


def correct(
    connection: Connection,
    key: Mapping[str, str],
    new: Mapping[str, Any] | None,
    fees: Mapping[str, Decimal] | None = None,
) -> None:
    """Reverse a fill as it stands, and write it as the venue has it now.

    Args:
        connection: in a transaction.
        key: account, venue, symbol and trade_id of the fill.
        new: the columns that changed; None: the venue undid the fill (a bust, a reorganised block).
        fees: of the corrected fill, as in :func:`book`.

    Raises:
        LedgerError: there is no such fill, or it was undone already.
    """
    old = _last(connection, key)
    told = None
    if old is not None and old["fees_known"]:
        told = dict(_fees(connection, old["id"]))
    if old is None or not reverse(connection, key, told):
        raise LedgerError(f"there is no fill {dict(key)} to correct")
    if new is not None:
        book(connection, {**_plain(old), **new}, fees, old["version"] + 1)


def charge(connection: Connection, key: Mapping[str, str], asset: str, amount: Decimal) -> bool:
    """Add a fee that came by itself to a fill as it stands; return whether there is that fill."""
    old = _last(connection, key)
    if old is None or old["row"] == "reversal":
        return False
    fees = dict(_fees(connection, old["id"]))
    table = schema.fill_fees
    same = and_(table.c.fill_id == old["id"], table.c.asset == asset)
    connection.execute(table.delete().where(same))
    _tell_fees(connection, old["id"], {asset: fees.get(asset, Decimal(0)) + amount})
    return True


def link(connection: Connection, key: Mapping[str, str], order_id: str) -> None:
    """Say of which order a fill is, which was not known when it came."""
    f = schema.fills.c
    same = and_(*(f[name] == key[name] for name in _KEY), f.order_id.is_(None))
    connection.execute(schema.fills.update().where(same).values(order_id=order_id))


def _last(connection: Connection, key: Mapping[str, Any]) -> RowMapping | None:
    """Return the newest row of a fill: its last version, and of that the reversal if there is."""
    f = schema.fills.c
    same = and_(*(f[name] == key[name] for name in _KEY))
    query = select(schema.fills).where(same).order_by(f.version.desc(), f.row.desc()).limit(1)
    return connection.execute(query).mappings().first()


def _plain(row: RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("id", "fees_known")}


def _insert(
    connection: Connection, row: Mapping[str, Any], fees: Mapping[str, Decimal] | None
) -> None:
    added = connection.execute(schema.fills.insert(), {**row, "fees_known": False})
    if fees is not None:
        _tell_fees(connection, int((added.inserted_primary_key or [0])[0]), fees)


def _tell_fees(connection: Connection, fill_id: int, fees: Mapping[str, Decimal]) -> None:
    rows = [
        {"fill_id": fill_id, "asset": asset, "amount": amount} for asset, amount in fees.items()
    ]
    if rows:
        connection.execute(schema.fill_fees.insert(), rows)
    known = schema.fills.update().where(schema.fills.c.id == fill_id).values(fees_known=True)
    connection.execute(known)


def _fees(connection: Connection, fill_id: int) -> list[tuple[str, Decimal]]:
    fee = schema.fill_fees.c
    found = connection.execute(select(fee.asset, fee.amount).where(fee.fill_id == fill_id))
    return [(asset, amount) for asset, amount in found]

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
    connection: Connection, fill: Mapping[str, Any], fees: Mapping[str, Decimal] | None
) -> bool:
    """Write a fill, the first time that it is met; return whether it was.

    Args:
        connection: in a transaction.
        fill: the columns of ``fills``, but for id, version, row and fees_known.
        fees: asset -> amount, negative for a rebate; None while the venue has not told them.
    """
    known = _last(connection, fill)
    if known is not None:
        if fees is not None and not known["fees_known"]:
            _tell_fees(connection, known["id"], fees)
        return False
    _insert(connection, {**fill, "version": 0, "row": "fill"}, fees)
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
    if old is None or old["row"] == "reversal":
        raise LedgerError(f"there is no fill {dict(key)} to correct")
    told = dict(_fees(connection, old["id"])) if old["fees_known"] else None
    plain = {name: value for name, value in old.items() if name not in ("id", "fees_known")}
    _insert(connection, {**plain, "row": "reversal"}, told)
    if new is not None:
        version = old["version"] + 1
        _insert(connection, {**plain, **new, "version": version, "row": "fill"}, fees)


def _last(connection: Connection, key: Mapping[str, Any]) -> RowMapping | None:
    """Return the newest row of a fill: its last version, and of that the reversal if there is."""
    f = schema.fills.c
    same = and_(*(f[name] == key[name] for name in _KEY))
    query = select(schema.fills).where(same).order_by(f.version.desc(), f.row.desc()).limit(1)
    return connection.execute(query).mappings().first()


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

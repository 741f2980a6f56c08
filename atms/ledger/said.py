"""What a live run's strategies said, in rows: each once, whatever is tried again.

An entry is what the run's recorder keeps of it too, plain values: a ``signal`` with its gates, the
``words`` at an order, or a ``refusal``, an order that was never sent and that no journal knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, select

from atms.ledger import schema
from atms.ledger.owners import add_once, local_owner
from atms.ledger.types import moment
from atms.report.decisions import gate_rows

Said = tuple[str, Mapping[str, Any]]
_OF_DECISION = ("number", "feed", "symbol", "signal", "confidence", "numbers")
_AT_ONCE = 500  # orders that one question names
_EXACT = ("size", "price", "limit_price", "risk_limit", "risk_value")


def write_said(
    connection: Connection, run_id: str, mode: str, entries: Sequence[Said]
) -> list[Said]:
    """Write entries; return those whose order is not there yet.

    Args:
        connection: in a transaction, the run's row there.
        run_id: whose.
        mode: the run's, for an account that has no row yet.
        entries: what was said and what of it, in order.
    """
    for what, about in entries:
        if what == "signal":
            _write_decision(connection, run_id, about)
        elif what == "refusal":
            _write_refusal(connection, run_id, mode, about)
    words = [entry for entry in entries if entry[0] == "words"]
    waiting: list[Said] = []
    for first in range(0, len(words), _AT_ONCE):
        waiting += _write_words(connection, run_id, words[first : first + _AT_ONCE])
    return waiting


def _write_decision(connection: Connection, run_id: str, about: Mapping[str, Any]) -> None:
    row = {name: about[name] for name in _OF_DECISION}
    row |= {"run_id": run_id, "ts": moment(about["ts"])}
    if add_once(connection, schema.decisions, ["run_id", "number"], **row):
        rows = [{"run_id": run_id, **gate} for gate in gate_rows(about["number"], about["gates"])]
        if rows:
            connection.execute(schema.gates.insert(), rows)


def _write_words(connection: Connection, run_id: str, entries: Sequence[Said]) -> list[Said]:
    """Write words of orders; return those whose order is not there yet.

    All in two statements: of a hundred orders at once each would cost as much as sending one, in
    the very process that sends them.
    """
    orders = schema.orders
    keys = [about["key"] for _, about in entries]
    asked = select(orders.c.order_id).where(orders.c.run_id == run_id, orders.c.order_id.in_(keys))
    there = set(connection.execute(asked).scalars())
    known = [about for _, about in entries if about["key"] in there]
    if known:
        mine = (orders.c.run_id == run_id, orders.c.order_id == bindparam("of"))
        connection.execute(orders.update().where(*mine), [_words_row(about) for about in known])
    return [entry for entry in entries if entry[1]["key"] not in there]


def _words_row(about: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "of": about["key"], "why": about["why"], "tag": about["tag"], "bar_ts": moment(about["ts"]),
    }  # fmt: skip


def _write_refusal(
    connection: Connection, run_id: str, mode: str, about: Mapping[str, Any]
) -> None:
    account = {"id": about["account"], "owner_id": local_owner(connection), "mode": mode}
    add_once(connection, schema.accounts, ["id"], **account)
    at = moment(about["at"])
    row = {name: value for name, value in about.items() if name not in ("at", "ts")}
    for name in _EXACT:
        row[name] = None if row[name] is None else Decimal(repr(row[name]))
    row |= {"run_id": run_id, "created_ts": at, "updated_ts": at, "filled": Decimal(0)}
    row["bar_ts"] = moment(about["ts"])
    add_once(connection, schema.orders, ["run_id", "order_id"], **row)

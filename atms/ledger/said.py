"""What a live run's strategies said, in rows: each once, whatever is tried again.

An entry is what the run's recorder keeps of it too, plain values: a ``signal`` with its gates, the
``words`` at an order, or a ``refusal``, an order that was never sent and that no journal knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from atms.ledger import schema
from atms.ledger.owners import add_once, local_owner
from atms.ledger.types import moment
from atms.report.decisions import gate_rows

Said = tuple[str, Mapping[str, Any]]
_OF_DECISION = ("number", "feed", "symbol", "signal", "confidence", "numbers")
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
    waiting = []
    for entry in entries:
        what, about = entry
        if what == "signal":
            _write_decision(connection, run_id, about)
        elif what == "refusal":
            _write_refusal(connection, run_id, mode, about)
        elif what == "words" and not _write_words(connection, run_id, about):
            waiting.append(entry)
    return waiting


def _write_decision(connection: Connection, run_id: str, about: Mapping[str, Any]) -> None:
    row = {name: about[name] for name in _OF_DECISION}
    row |= {"run_id": run_id, "ts": moment(about["ts"])}
    if add_once(connection, schema.decisions, ["run_id", "number"], **row):
        rows = [{"run_id": run_id, **gate} for gate in gate_rows(about["number"], about["gates"])]
        if rows:
            connection.execute(schema.gates.insert(), rows)


def _write_words(connection: Connection, run_id: str, about: Mapping[str, Any]) -> bool:
    orders = schema.orders
    mine = (orders.c.run_id == run_id, orders.c.order_id == about["key"])
    values = {"why": about["why"], "tag": about["tag"], "bar_ts": moment(about["ts"])}
    changed = orders.update().where(*mine).values(values)
    return bool(connection.execute(changed).rowcount)


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

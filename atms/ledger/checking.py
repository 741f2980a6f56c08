"""Whether what is stored adds up: computed from the rows, exactly, by nothing that wrote them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, localcontext

from sqlalchemy import Connection, select

from atms.ledger import schema
from atms.ledger.connection import reading
from atms.ledger.engine import exists

TOLERANCE = Decimal("1e-9")
_DIGITS = 2000  # no product or sum of float64s or of 30-digit decimals needs more
_Key = tuple[str, str, str]  # run, account, currency


@dataclass(frozen=True)
class Imbalance:
    """An account's currency in which start + fills - fees + flows is not the final cash.

    Attributes:
        run_id, account, currency: where.
        expected: what the rows add up to.
        final: the cash at the end.
    """

    run_id: str
    account: str
    currency: str
    expected: Decimal
    final: Decimal


def check_balances(url: str) -> list[Imbalance]:
    """Return every stored account that is off by more than 1e-9 of its larger cash.

    Raises:
        LedgerError: the database cannot be read.
    """
    if not exists(url):
        return []
    with reading(url) as connection:
        return [] if connection is None else _imbalances(connection)


def _imbalances(connection: Connection) -> list[Imbalance]:
    b = schema.balances.c
    known = {
        (run, account, currency): (start, final)
        for run, account, currency, start, final in connection.execute(
            select(b.run_id, b.account, b.currency, b.start, b.final)
        )
    }
    found = []
    with localcontext(prec=_DIGITS):
        moved = _moved(connection)
        for key in sorted({*known, *moved}):
            # Cash that moved where no balance is known began and ended with none.
            start, final = known.get(key, (Decimal(0), Decimal(0)))
            expected = start + moved.get(key, Decimal(0))
            scale = max(abs(start), abs(final), abs(expected))
            if abs(expected - final) > TOLERANCE * scale:
                found.append(Imbalance(*key, expected, final))
    return found


def _moved(connection: Connection) -> dict[_Key, Decimal]:
    """Return what fills, fees and flows moved, by run, account and currency."""
    total: dict[_Key, Decimal] = defaultdict(Decimal)
    f, fee, flow = schema.fills.c, schema.fill_fees.c, schema.cash_flows.c
    fills = select(
        f.run_id, f.account, f.currency, f.base, f.row, f.side, f.size, f.price, f.multiplier
    )
    for run, account, currency, base, row, side, size, price, multiplier in connection.execute(
        fills.where(f.settlement == "cash")
    ):
        sign = (-1 if side == "buy" else 1) * (-1 if row == "reversal" else 1)
        total[run, account, currency] += sign * size * price * multiplier
        if base is not None:
            total[run, account, base] -= sign * size
    fees = select(f.run_id, f.account, fee.asset, f.row, fee.amount).join(schema.fills)
    for run, account, asset, row, amount in connection.execute(fees):
        total[run, account, asset] += amount if row == "reversal" else -amount
    for run, account, currency, amount in connection.execute(
        select(flow.run_id, flow.account, flow.currency, flow.amount)
    ):
        total[run, account, currency] += amount
    return total

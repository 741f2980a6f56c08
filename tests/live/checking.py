"""Does what a venue's log tells stand in journal and ledger, once and no more?

Nothing of the order path is used here: the log is JSON lines, the journal SQLite with JSON in it,
the ledger SQL. Sums are made anew from both sides.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

_NO_FEE = {"amount": "0", "asset": ""}  # it comes later, or there is none
_NOT_THERE = {"refused", "not_placed", "not_sent"}
_WAITING = {"NEW", "TRIGGERING", "TRIGGERED"}
_OPEN = {"NEW", "PARTIALLY_FILLED", "PENDING_NEW"}
Fill = tuple[str, Decimal, Decimal, Decimal, str]  # order, quantity, price, fee, its asset


@dataclass
class Told:
    """What one side tells.

    Attributes:
        orders: our id -> whether it is open.
        fills: execution id -> the fill.
        balances: asset -> units; those of nothing are left out.
        doubted: orders of which it does not know whether they stand.
        planned: orders that stand here, and work by others at the venue.
        twice: what it tells more than once.
    """

    orders: dict[str, bool] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    balances: dict[str, Decimal] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    doubted: set[str] = field(default_factory=set)
    planned: set[str] = field(default_factory=set)


def differences(
    log: list[dict[str, Any]], start: dict[str, Decimal], state: Path, ledger: Path | None,
    settle: str = "", exec_of: Callable[[dict[str, Any]], str] | None = None, account: str = "",
) -> list[str]:  # fmt: skip
    """Return what journal and ledger tell otherwise than the venue; an empty list: nothing.

    Args:
        log: the venue's lines.
        start: what the account held when the venue began.
        state: the folder of all accounts' files.
        ledger: its database; None: it is not looked at.
        settle: of futures, the asset that profits are paid in.
        exec_of: a fill's line -> how the store calls it; None: as Binance's does.
        account: of several, what the name of the one begins with; the ledger tells the balances
            of all together, and they are left out then.
    """
    journal, refused, prefix = _journal(_journal_of(state, account))
    if settle:
        journal.balances[settle] = _rounded(
            journal.balances.get(settle, Decimal(0)) + _won(journal)
        )
    venue = _venue(log, start, prefix, exec_of or _binance)
    found = [f"{side}: {one} twice" for side, told in (("venue", venue), ("journal", journal))
             for one in told.twice]  # fmt: skip
    found += [f"order {key}: at the venue, and not in the journal"
              for key in venue.orders.keys() - journal.orders.keys() - refused]  # fmt: skip
    found += [f"order {key}: said not to stand, and it does"
              for key in refused & venue.orders.keys()]  # fmt: skip
    found += [f"order {key}: in the journal, and not at the venue"
              for key in journal.orders.keys() - venue.orders.keys() - journal.doubted]  # fmt: skip
    found += [f"order {key}: at the venue, and the journal is in doubt of it"
              for key in journal.doubted & venue.orders.keys()]  # fmt: skip
    for key in venue.orders.keys() & journal.orders.keys():
        if venue.orders[key] != journal.orders[key]:
            found.append(f"order {key}: open at the venue {venue.orders[key]}, else in the journal")
    found += _compared("journal", venue.fills, journal.fills)
    found += _compared("journal's balance", venue.balances, journal.balances)
    if ledger is not None:
        kept = _ledger(ledger, prefix if account else "")
        if settle and settle in kept.balances:
            kept.balances[settle] = _rounded(kept.balances[settle])
        found += [f"ledger: {one} twice" for one in kept.twice]
        found += _compared("ledger", venue.fills, kept.fills)
        here = {key for key in kept.orders if key.startswith("refused:")}  # before the journal
        found += [f"ledger: {key}: refused, and open" for key in here if kept.orders[key]]
        found += _compared(
            "ledger's orders",
            set(journal.orders) | refused | journal.planned,
            kept.orders.keys() - here,
        )
        if not account:
            found += _compared("ledger's balance", venue.balances, kept.balances)
    return found


def _won(told: Told) -> Decimal:
    """Return what fills have won, in the order of the venue's numbers, at average prices."""
    held = paid = won = Decimal(0)
    for _, (_, qty, price, _, _) in sorted(
        told.fills.items(), key=lambda one: int(one[0].rpartition(":")[2])
    ):
        closed = min(abs(held), abs(qty)) if held * qty < 0 else Decimal(0)
        if closed:
            sign = 1 if held > 0 else -1
            average = paid / held
            won += sign * closed * (price - average)
            held, paid = held - sign * closed, paid - sign * closed * average
            qty += sign * closed
        held, paid = held + qty, paid + qty * price
    return won


def _rounded(units: Decimal) -> Decimal:
    return units.quantize(Decimal("0.00000001"))


def in_doubt(state: Path, account: str = "") -> bool:
    """Return whether a journal has orders of which it does not know whether they stand."""
    return bool(_journal(_journal_of(state, account))[0].doubted)


def _journal_of(state: Path, account: str = "") -> Path:
    return next((state / "accounts").glob(f"{account}*")) / "journal.db"


def _compared(name: str, right: Any, mine: Any) -> list[str]:
    if isinstance(right, set):
        return [f"{name}: {one} on one side alone" for one in sorted(right ^ mine)]
    keys = sorted(right.keys() | mine.keys())
    return [f"{name}: {key}: venue {right.get(key)}, here {mine.get(key)}"
            for key in keys if right.get(key) != mine.get(key)]  # fmt: skip


def _binance(line: dict[str, Any]) -> str:
    return f"{line['symbol']}:{line['trade']}"


def _venue(
    log: list[dict[str, Any]], start: dict[str, Decimal], prefix: str,
    exec_of: Callable[[dict[str, Any]], str],
) -> Told:  # fmt: skip
    told = Told(balances={asset: units for asset, units in start.items() if units})
    numbers: dict[str, str] = {}
    standing: dict[int, str] = {}
    made = {line["order"]: line["client_id"] for line in log if line["what"] == "algo"}
    for line in log:
        if line["what"] == "balances":
            for asset, parts in line.items():
                if asset not in ("at", "what"):
                    told.balances[asset] = sum(map(Decimal, parts), Decimal(0))
        number = line.get("order")
        key = made.get(number or 0, str(line.get("client_id", "")))
        if not key.startswith((f"{prefix}-", f"{prefix}x")):
            continue
        if line["what"] == "algo":  # a conditional order, which may have made an order by now
            told.orders[key] = line["status"] in _WAITING
            continue
        if line["what"] == "order" and numbers.setdefault(key, number) != number:
            told.twice.append(f"order {key}")
        standing[number] = line["status"]
        told.orders[key] = line["status"] in _OPEN
        if line["what"] == "fill":
            name = exec_of(line)
            if name in told.fills:
                told.twice.append(f"fill {name}")
            told.fills[name] = _fill(key, line["side"], line)
    told.balances = {asset: units for asset, units in told.balances.items() if units}
    return told


def _fill(key: str, side: str, line: dict[str, Any]) -> Fill:
    sign = 1 if side.upper() == "BUY" else -1
    return (key, sign * Decimal(line["qty"]), Decimal(line["price"]), Decimal(line["fee"]),
            line["fee_asset"])  # fmt: skip


def _journal(path: Path) -> tuple[Told, set[str], str]:
    """Return what a journal tells, the orders that it says do not stand, and its id."""
    with closing(sqlite3.connect(path)) as connection:
        prefix = connection.execute("SELECT value FROM about WHERE name = 'id'").fetchone()[0]
        rows = connection.execute("SELECT number, body FROM entry ORDER BY number").fetchall()
    assert [number for number, _ in rows] == list(range(1, len(rows) + 1)), "entries are missing"
    told = Told()
    closed: dict[str, str] = {}
    over: dict[str, bool] = defaultdict(bool)
    balances: dict[str, Decimal] = defaultdict(Decimal)
    effects: dict[str, list[tuple[str, Decimal]]] = {}
    for _, body in rows:
        record = json.loads(body)
        _take(record, told, closed, over, balances, effects)
    refused = {key for key, how in closed.items() if how in _NOT_THERE}
    told.orders = {
        key: key not in closed and not over[key] for key in told.orders if key not in refused
    }
    told.balances = {asset: units for asset, units in balances.items() if units}
    return told, refused, prefix


def _take(
    record: dict[str, Any], told: Told, closed: dict[str, str], over: dict[str, bool],
    balances: dict[str, Decimal], effects: dict[str, list[tuple[str, Decimal]]],
) -> None:  # fmt: skip
    kind = record["is"]
    if kind == "Intended":
        key = record["ticket"]["key"]
        if key in told.orders:
            told.twice.append(f"order {key}")
        told.orders[key] = True
        told.doubted.add(key)
    elif kind == "Planned":
        told.planned.add(record["ticket"]["key"])
    elif kind == "Closed":
        closed[record["key"]] = record["how"]
        told.doubted.discard(record["key"])
    elif kind == "Answered":
        if record["outcome"] == "acked":
            told.doubted.discard(record["key"])
    elif kind == "Stood":
        told.doubted.discard(record["key"])
        over[record["key"]] = record["state"] in ("filled", "canceled", "expired", "refused")
    elif kind == "OpeningCash":
        balances[record["asset"]] += Decimal(record["total"])
    elif kind == "CashBooked":
        balances[record["asset"]] += Decimal(record["amount"])
    elif kind == "Opened" and record.get("asset"):
        balances[record["asset"]] += Decimal(record["qty"])
    elif kind == "Booked":
        if record["exec"] in told.fills:
            told.twice.append(f"fill {record['exec']}")
        (fee,) = record["fees"] or [_NO_FEE]
        sign = record["side"]
        told.fills[record["exec"]] = (
            record["key"], sign * Decimal(record["qty"]), Decimal(record["price"]),
            Decimal(fee["amount"]), fee["asset"],
        )  # fmt: skip
        effects[record["exec"]] = [
            *((move["asset"], Decimal(move["amount"])) for move in record.get("moves", ())),
            (fee["asset"], -Decimal(fee["amount"])),
        ]
        for asset, units in effects[record["exec"]]:
            balances[asset] += units
    elif kind == "FeeBooked":  # of an execution that was told without one
        key, qty, price, paid, _ = told.fills[record["exec"]]
        amount, asset = Decimal(record["amount"]), record["asset"]
        told.fills[record["exec"]] = (key, qty, price, paid + amount, asset)
        effects[record["exec"]].append((asset, -amount))
        balances[asset] -= amount
    elif kind == "Linked":  # whose it is was found out later
        told.fills[record["exec"]] = (record["key"], *told.fills[record["exec"]][1:])
    elif kind == "Reversed":
        del told.fills[record["exec"]]
        for asset, units in effects.pop(record["exec"]):
            balances[asset] -= units


def _ledger(path: Path, prefix: str = "") -> Told:
    """Return what a ledger tells, of orders whose keys begin with a prefix."""
    told = Told()
    with closing(sqlite3.connect(path)) as connection:
        fees = {
            number: (Decimal(str(amount)), asset)
            for number, asset, amount in connection.execute("SELECT * FROM fill_fees")
        }
        later = {  # of executions that an earlier run has booked
            name.removeprefix("fee:fee:"): (-Decimal(str(amount)), asset)
            for name, amount, asset in connection.execute(
                "SELECT external_id, amount, currency FROM cash_flows WHERE kind = 'fee'"
            )
        }
        query = "SELECT id, trade_id, order_id, side, size, price, row FROM fills ORDER BY id"
        names: Counter[str] = Counter()
        for number, name, key, side, size, price, row in connection.execute(query):
            if not key.startswith(prefix):
                continue
            names[f"{name} {row}"] += 1
            told.fills[name] = (
                key, (1 if side == "buy" else -1) * Decimal(str(size)), Decimal(str(price)),
                *(fees.get(number) or later[name]),
            )  # fmt: skip
        told.twice = [f"fill {name}" for name, times in names.items() if times > 1]
        rows = connection.execute("SELECT order_id FROM orders")
        orders = Counter(key for (key,) in rows if key.startswith(prefix))
        told.orders = dict.fromkeys(orders, False)
        query = """SELECT balances.currency, final, difference
                   FROM balances JOIN runs ON runs.id = run_id ORDER BY started"""
        for currency, final, difference in connection.execute(query):
            told.balances[currency] = Decimal(str(final))
            assert Decimal(str(difference)) == 0, f"{currency}: the ledger's sums do not add up"
    told.balances = {asset: units for asset, units in told.balances.items() if units}
    return told

"""Does what a venue's log tells stand in journal and ledger, once and no more?

Nothing of the order path is used here: the log is JSON lines, the journal SQLite with JSON in it,
the ledger SQL. Sums are made anew from both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.live.journal_told import journal_told
from tests.live.ledger_told import ledger_told
from tests.live.told import Fill, Told

_WAITING = {"NEW", "TRIGGERING", "TRIGGERED"}
_OPEN = {"NEW", "PARTIALLY_FILLED", "PENDING_NEW"}
# The ledger's words for how an order stands, of the venue's that mean one thing alone.
_ENDS = {**dict.fromkeys(_OPEN, "open"), "FILLED": "completed", "CANCELED": "canceled"}


def differences(
    log: list[dict[str, Any]], start: dict[str, Decimal], state: Path,
    ledger: Path | str | None,
    settle: str = "", exec_of: Callable[[dict[str, Any]], str] | None = None, account: str = "",
) -> list[str]:  # fmt: skip
    """Return what journal and ledger tell otherwise than the venue; an empty list: nothing.

    Args:
        log: the venue's lines.
        start: what the account held when the venue began.
        state: the folder of all accounts' files.
        ledger: its SQLite file, or its PostgreSQL database's URL; None: it is not looked at.
        settle: of futures, the asset that profits are paid in.
        exec_of: a fill's line -> how the store calls it; None: as Binance's does.
        account: of several, what the name of the one begins with; the ledger tells the balances
            of all together, and they are left out then.
    """
    journal, refused, prefix = journal_told(_journal_of(state, account))
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
              for key in (refused & venue.orders.keys()) - venue.rejected]  # fmt: skip
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
        kept = ledger_told(ledger, prefix if account else "")
        if settle and settle in kept.balances:
            kept.balances[settle] = _rounded(kept.balances[settle])
        found += _of_ledger(venue, journal, refused, kept)
        if not account:
            found += _compared("ledger's balance", venue.balances, kept.balances)
            found += _compared("ledger's position", _held(venue, start, settle),
                               _by_venue_name(kept.positions, settle))  # fmt: skip
    return found


def _of_ledger(venue: Told, journal: Told, refused: set[str], kept: Told) -> list[str]:
    """Return what a ledger tells otherwise than the venue, or leaves out of the journal."""
    found = [f"ledger: {one} twice" for one in kept.twice]
    found += _compared("ledger", venue.fills, kept.fills)
    here = {key for key in kept.orders if key.startswith("refused:")}  # before the journal
    found += [f"ledger: {key}: refused, and open" for key in here if kept.orders[key]]
    ours = set(journal.orders) | refused | journal.planned
    found += _compared("ledger's orders", ours, kept.orders.keys() - here)
    shared = venue.ends.keys() & kept.ends.keys()
    return found + _compared(
        "ledger's order", *({key: side.ends[key] for key in shared} for side in (venue, kept))
    )


def _held(venue: Told, start: dict[str, Decimal], settle: str) -> dict[str, Decimal]:
    """Return what is held: on spot the balances that were bought, of futures the sums of fills."""
    if not settle:
        return {asset: units for asset, units in venue.balances.items() if asset not in start}
    sums: dict[str, Decimal] = {}
    for name, (_, qty, _, _, _) in venue.fills.items():
        symbol = name.partition(":")[0].removesuffix("-SWAP").replace("-", "")
        sums[symbol] = sums.get(symbol, Decimal(0)) + qty
    return {symbol: units for symbol, units in sums.items() if units}


def _by_venue_name(positions: dict[str, Decimal], settle: str) -> dict[str, Decimal]:
    """Return the ledger's positions, ``BTC/USDT`` as ``BTC``, ``BTC/USDT:USDT`` as ``BTCUSDT``."""
    if not settle:
        return {symbol.partition("/")[0]: units for symbol, units in positions.items()}
    return {name.partition(":")[0].replace("/", ""): units for name, units in positions.items()}


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
    return bool(journal_told(_journal_of(state, account))[0].doubted)


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
    conditional = set(made)
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
            if line["status"] == "REJECTED":
                told.rejected.add(key)
            continue
        if line["what"] == "order" and numbers.setdefault(key, number) != number:
            told.twice.append(f"order {key}")
        standing[number] = line["status"]
        told.orders[key] = line["status"] in _OPEN
        told.ends.pop(key, None)
        if number not in conditional and line["status"] in _ENDS:
            told.ends[key] = _ENDS[line["status"]]
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


def impossible(
    log: list[dict[str, Any]], state: Path, ledger: Path | str | None = None,
    exec_of: Callable[[dict[str, Any]], str] | None = None,
) -> list[str]:  # fmt: skip
    """Return what may never be, at whatever instant a process was killed; an empty list: nothing.

    An order at the venue has its record; nothing is there twice; nothing is booked that the venue
    did not tell, or otherwise; once a later process has sent an order, no earlier one sends any.
    """
    orders = [line["client_id"] for line in log if line["what"] in ("order", "algo")]
    if not list((state / "accounts").glob("*/journal.db")):
        return [f"order {key}: at the venue, and there is no journal" for key in orders]
    journal, refused, prefix = journal_told(_journal_of(state))
    venue = _venue(log, {}, prefix, exec_of or _binance)
    found = [f"{side}: {one} twice" for side, told in (("venue", venue), ("journal", journal))
             for one in told.twice]  # fmt: skip
    found += [f"order {key}: at the venue, and not in the journal"
              for key in venue.orders.keys() - journal.orders.keys() - refused]  # fmt: skip
    found += [f"order {key}: said not to stand, and it does"
              for key in (refused & venue.orders.keys()) - venue.rejected]  # fmt: skip
    found += _more("journal", journal.fills, venue.fills)
    if ledger is not None:
        kept = ledger_told(ledger)
        found += [f"ledger: {one} twice" for one in kept.twice]
        found += _more("ledger", kept.fills, journal.fills)
    return found + _of_old_epochs(orders, prefix)


def _more(name: str, mine: Any, right: Any) -> list[str]:
    """Return what one side tells that the other does not tell so."""
    return [f"{name}: {key}: {value}, and not {right.get(key)}"
            for key, value in mine.items() if right.get(key) != value]  # fmt: skip


def _of_old_epochs(keys: list[str], prefix: str) -> list[str]:
    """Return the orders that came to the venue after one of a later epoch had."""
    found, highest = [], 0
    for key in dict.fromkeys(key for key in keys if key.startswith(f"{prefix}-")):
        epoch = int(key.split("-")[1])
        if epoch < highest:
            found.append(f"order {key}: of epoch {epoch}, sent when epoch {highest} had begun")
        highest = max(highest, epoch)
    return found

"""What Kraken's stream of an account says: orders, executions, cash that came and went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from atms.stores.ccxt.profiles.kraken.memory import Known, Memory
from atms.stores.ccxt.profiles.kraken.names import KrakenSymbols, asset
from atms.stores.ccxt.profiles.kraken.numbers import exact, instant
from atms.stores.ccxt.profiles.kraken.orders import reason, refs
from atms.stores.facts import CashFact, Fact, Fee, FillFact, OrderFact, State

_STATES: Mapping[str, State] = {
    "new": State.WORKING, "partially_filled": State.WORKING, "filled": State.FILLED,
    "canceled": State.CANCELED, "expired": State.EXPIRED,
}  # fmt: skip
_OVER = (State.FILLED, State.CANCELED, State.EXPIRED)
Cash = Literal["deposit", "withdrawal", "conversion", "interest", "dividend", "other"]
_CASH: Mapping[str, Cash] = {
    "deposit": "deposit", "withdrawal": "withdrawal", "transfer": "other", "credit": "other",
    "conversion": "conversion", "sale": "conversion", "staking": "interest", "reward": "interest",
    "dividend": "dividend", "adjustment": "other", "nft_rebate": "other",
}  # fmt: skip


def told(message: Mapping[str, Any], names: KrakenSymbols, memory: Memory) -> tuple[Fact, ...]:
    """Return what a message of the account's stream says."""
    channel, entries = message.get("channel"), message.get("data", ())
    if channel == "executions":
        return tuple(fact for entry in entries for fact in _execution(entry, names, memory))
    if channel == "balances" and message.get("type") == "update":
        return tuple(_cash(entry) for entry in entries if entry.get("type") in _CASH)
    return ()


def _execution(entry: Mapping[str, Any], names: KrakenSymbols, memory: Memory) -> list[Fact]:
    """Return an execution, or an order's state.

    An order that was accepted and is not in the book yet is remembered, and told when it is.
    """
    number = entry["order_id"]
    known = memory.order(number)
    known.take(entry)
    when = instant(entry["timestamp"]) if entry.get("timestamp") else None
    if entry["exec_type"] == "pending_new" or when is None or not known.symbol:
        return []
    facts: list[Fact] = []
    if entry["exec_type"] == "trade":
        facts.append(_fill(entry, names, known, when))
    state = _STATES.get(entry["order_status"])
    if state is not None:
        facts.append(_order(entry, names, known, when, state))
    if state in _OVER:
        memory.over(number)
    return facts


def _fill(entry: Mapping[str, Any], names: KrakenSymbols, known: Known, when: datetime) -> FillFact:
    fees = tuple(
        Fee(asset=asset(one["asset"]), amount=exact(one["qty"]))
        for one in entry.get("fees", ()) if one["qty"]
    )  # fmt: skip
    return FillFact(
        at=when, via="stream", exec=entry["exec_id"], version=1, key=known.key,
        refs=refs(entry["order_id"], known.key), instrument=names.id(known.symbol), bucket="net",
        side=1 if entry["side"] == "buy" else -1, qty=exact(entry["last_qty"]),
        price=exact(entry["last_price"]), fees=fees,
    )  # fmt: skip


def _order(
    entry: Mapping[str, Any], names: KrakenSymbols, known: Known, when: datetime, state: State
) -> OrderFact:
    instrument = names.id(known.symbol)
    why = entry.get("reason") or entry.get("cancel_reason") or ""
    told_now = "cum_qty" in entry or entry["exec_type"] != "trade"
    filled = known.filled if told_now else None
    if state is State.FILLED and known.qty is not None:
        filled = known.qty
    return OrderFact(
        at=when, via="stream", key=known.key, refs=refs(entry["order_id"], known.key),
        instrument=instrument, state=state, filled=filled, ticket=known.ticket(instrument),
        reason=reason(why), text=why,
    )  # fmt: skip


def _cash(entry: Mapping[str, Any]) -> CashFact:
    return CashFact(
        at=instant(entry["timestamp"]), id=f"ledger:{entry['ledger_id']}",
        asset=asset(entry["asset"]), amount=exact(entry["amount"]) - exact(entry.get("fee", 0)),
        instrument=None, kind=_CASH[entry["type"]],
    )  # fmt: skip

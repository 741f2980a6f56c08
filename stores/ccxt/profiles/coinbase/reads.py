"""Reading a Coinbase account: one order, open orders, balances."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.stores.base import Unreachable
from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.profile import Ask, Names
from atms.stores.ccxt.profiles.called import order_ref, split_ref
from atms.stores.ccxt.profiles.coinbase import codes, orders
from atms.stores.ccxt.profiles.coinbase.executions import Row, fill, of_orders, private
from atms.stores.facts import BalanceFact, Fact
from atms.stores.outcomes import Found, Looked, NotSeen
from atms.stores.requests import Key, Refs

_ORDERS = "v3PrivateGetBrokerageOrdersHistoricalBatch"
_PAGE = 100
_ACCOUNTS = 250  # a page of wallets
_EARLIER = timedelta(minutes=5)  # before it was sent no order is looked for; clocks may differ
# open orders may not be asked for together with others (list-orders, `order_status`)
_OPEN = (["OPEN"], ["PENDING", "QUEUED", "CANCEL_QUEUED", "EDIT_QUEUED"])


async def lookup(
    ask: Ask, names: Names, keys: Mapping[str, Key], key: Key, refs: Refs, since: datetime,
    at: datetime,
) -> Looked:  # fmt: skip
    """Ask for an order by the venue's number, or look for our key among those of its time.

    The venue cannot be asked by a key.

    Args:
        since: when the order was sent; what is older is not looked at.

    Raises:
        Unreachable: it has neither a number nor a key.
    """
    named = {kind: (raw, value) for kind, raw, value in map(split_ref, sorted(refs))}
    if "order" in named:
        row = await _by_number(ask, named["order"][1])
    elif "client" in named or key:
        raw, value = named.get("client", ("", key))
        row = await _by_key(ask, value, [raw] if raw else [], since)
    else:
        raise Unreachable(f"order {key}: it has no name to be asked for by")
    if row is None:
        return NotSeen(at=at)
    return Found(facts=await _told(ask, names, keys, row, at))


async def _by_number(ask: Ask, number: str) -> Row | None:
    method = "v3PrivateGetBrokerageOrdersHistoricalOrderId"
    try:
        reply = await ask(private(method, codes.NOT_FOUND, order_id=number))
    except Said:
        return None
    row: Row = reply["order"]
    return row


async def _by_key(ask: Ask, key: Key, raws: Sequence[str], since: datetime) -> Row | None:
    asked: dict[str, Any] = {"start_date": orders.written(since - _EARLIER)}
    if raws:
        asked["product_ids"] = list(raws)
    row: Row
    async for row in _listed(ask, **asked):
        if row.get("client_order_id") == key:
            return row
    return None


async def _listed(ask: Ask, **asked: Any) -> Any:
    """Yield all orders that a question finds."""
    cursor = ""
    while True:
        params = asked | ({"cursor": cursor} if cursor else {})
        page = await ask(private(_ORDERS, limit=_PAGE, **params))
        for row in page["orders"]:
            yield row
        before, cursor = cursor, page.get("cursor") or ""
        if not page.get("has_next") or not cursor or cursor == before:
            return


async def _told(
    ask: Ask, names: Names, keys: Mapping[str, Key], row: Row, at: datetime
) -> tuple[Fact, ...]:
    fact = orders.order(row, names, "poll", at)
    if not fact.filled:
        return (fact,)
    known = dict(keys)
    if fact.key:
        known[order_ref(row["product_id"], row["order_id"])] = fact.key
    rows = await of_orders(ask, [row["order_id"]])
    return (*(fill(one, names, known, "poll") for one in rows), fact)


async def open_orders(
    ask: Ask, names: Names, raws: Sequence[str], at: datetime
) -> tuple[Fact, ...]:
    """Return all orders that are not over."""
    if not raws:
        return ()
    found: dict[str, Row] = {}
    for states in _OPEN:
        async for row in _listed(ask, product_ids=list(raws), order_status=states):
            found[row["order_id"]] = row
    return tuple(orders.order(row, names, "snapshot", at) for row in found.values())


async def balances(ask: Ask, assets: Collection[str], at: datetime) -> tuple[Fact, ...]:
    """Return what the wallets hold; *assets* are told though there are none of them."""
    sums: dict[str, tuple[Decimal, Decimal]] = {asset: (Decimal(0), Decimal(0)) for asset in assets}
    async for row in _wallets(ask):
        free, held = Decimal(row["available_balance"]["value"]), Decimal(row["hold"]["value"])
        asset = row["currency"]
        if free or held or asset in sums:
            before = sums.get(asset, (Decimal(0), Decimal(0)))
            sums[asset] = (before[0] + free, before[1] + held)
    return tuple(
        BalanceFact(at=at, asset=asset, total=free + held, free=free)
        for asset, (free, held) in sums.items()
    )


async def _wallets(ask: Ask) -> Any:
    cursor = ""
    while True:
        params = {"cursor": cursor} if cursor else {}
        page = await ask(private("v3PrivateGetBrokerageAccounts", limit=_ACCOUNTS, **params))
        for row in page["accounts"]:
            if row.get("type") != "ACCOUNT_TYPE_VAULT":
                yield row
        before, cursor = cursor, page.get("cursor") or ""
        if not page.get("has_next") or not cursor or cursor == before:
            return

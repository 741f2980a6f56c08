"""What KuCoin tells the account (docs-new, "Account Info" and "Spot Trading", orders)."""

from __future__ import annotations

from typing import Any

from atms.sandbox.kucoin import trading
from atms.sandbox.kucoin.replies import Json, fill_row, order_row, plain
from atms.sandbox.kucoin.venue import UID, KucoinVenue, dashed_name
from atms.sandbox.venue.keys import ApiKey

_DAYS = 7 * 86_400_000  # ms; executions of longer ago are not told
_MOST = 100
RIGHTS = "General,Spot,InnerTransfer"


def key_info(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Return what the key is."""
    rights = f"{RIGHTS},Transfer" if key.may_withdraw else RIGHTS
    return {
        "uid": UID, "remark": "sandbox", "apiKey": key.key, "apiVersion": 3, "permission": rights,
        "ipWhitelist": "", "isMaster": True, "createdAt": key.created,
    }  # fmt: skip


def mode(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Return whether the account is a unified one."""
    own = "UNIFIED" if venue.config.unified else "CLASSIC"
    return {"selfAccountMode": own, "classicSubAccount": [], "unifiedSubAccount": []}


def has_pro(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Return that the account trades by the pro endpoints, as every one does by now."""
    return True


def accounts(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Return the balances: everything is in the pro trading account."""
    wallet, rows = venue.desk.wallet, []
    wanted = asked.get("type", "trade_hf"), asked.get("currency")
    for at, (asset, free) in enumerate(wallet.free.items()):
        held = wallet.locked[asset]
        if wanted[0] == "trade_hf" and wanted[1] in (None, asset):
            rows.append(
                {"id": str(at + 1), "currency": asset, "type": "trade_hf",
                 "balance": plain(free + held), "available": plain(free), "holds": plain(held)}
            )  # fmt: skip
    return rows


def open_orders(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Return the open orders of a symbol, the one that changed last first."""
    symbol = venue.dashed(asked["symbol"]).symbol.name
    shown = [one for one in venue.desk.open(symbol) if venue.visible(one)]
    return [order_row(one) for one in sorted(shown, key=lambda one: -one.updated)]


def done_orders(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Return the orders of a symbol that are over, the newest first."""
    symbol = venue.dashed(asked["symbol"]).symbol.name
    rows = [one for one in venue.desk.every(symbol) if not one.is_open and venue.visible(one)]
    rows = rows[::-1][: int(asked.get("limit", 20))]
    return {"items": [order_row(one) for one in rows], "lastId": rows[-1].id if rows else 0}


def open_symbols(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Return the symbols that have open orders."""
    markets = venue.markets.values()
    named = [venue.desk.open(one.symbol.name)[:1] for one in markets]
    return {"symbols": [dashed_name(one[0]) for one in named if one]}


def order(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Return one order."""
    return order_row(venue.order(asked["symbol"], asked.get("orderId"), asked.get("clientOid")))


def fills(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Return executions, the newest first, behind the last one that was told.

    Those of an order where one is named; else those of a symbol, of seven days at most.
    """
    now = venue.clock.now()
    symbol = venue.dashed(asked["symbol"]).symbol.name
    start, end = int(asked.get("startAt", 0)), int(asked.get("endAt", 2**62))
    found = [
        one
        for one in reversed(venue.desk.fills.get(symbol, []))
        if one.seen_from <= now and one.time > now - _DAYS and start <= one.time <= end
    ]
    if "orderId" in asked:
        named = venue.order(asked["symbol"], asked["orderId"], None)
        found = [one for one in found if one.order is named]
    rate = venue.desk.commission.rate
    rows = [fill_row(one, rate) for one in found]
    last = int(asked.get("lastId", 0))
    rows = [row for row in rows if not last or row["id"] < last]
    rows = rows[: min(_MOST, int(asked.get("limit", 20)))]
    return {"items": rows, "lastId": rows[-1]["id"] if rows else last}


# ---- orders --------------------------------------------------------------------------------
def place(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Take an order; the answer does not wait for its matching."""
    return trading.placed(trading.place(venue, asked))


def place_and_wait(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Take an order; the answer says how it was matched."""
    return trading.matched(trading.place(venue, asked))


def cancel(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Cancel an order; the answer repeats the name that was sent."""
    names = {name: asked[name] for name in ("orderId", "clientOid") if name in asked}
    trading.cancel(venue, asked["symbol"], asked.get("orderId"), asked.get("clientOid"))
    return names


def cancel_and_wait(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Cancel an order; the answer says how it stands."""
    gone = trading.cancel(venue, asked["symbol"], asked.get("orderId"), asked.get("clientOid"))
    return trading.matched(gone)


def cancel_all(venue: KucoinVenue, asked: Json, key: ApiKey) -> Any:
    """Cancel all orders of a symbol."""
    for one in venue.desk.open(venue.dashed(asked["symbol"]).symbol.name):
        venue.exchange.cancel(one)
    return "success"

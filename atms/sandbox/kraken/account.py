"""What Kraken tells of the account over REST (api-specs, spot-rest)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from atms.sandbox.kraken.names import decoded, exec_id, long, txid
from atms.sandbox.kraken.refusals import KrakenError, argument
from atms.sandbox.kraken.rows import order_row, own_id, trade_row
from atms.sandbox.kraken.security import TOKEN_LIFE
from atms.sandbox.kraken.venue import KrakenVenue
from atms.sandbox.venue.keys import ApiKey
from atms.sandbox.venue.orders import Fill, Order

Json = dict[str, Any]
_PAGE = 50
_ORDERS, _TRADES = 50, 20  # so many may be asked for at once
_MAY = ["query-funds", "query-open-trades", "query-closed-trades", "modify-trades", "close-trades",
        "access-ws-api"]  # fmt: skip


class Account:
    """Answers about the one account."""

    def __init__(self, venue: KrakenVenue) -> None:
        self._venue = venue

    # ---- keys -------------------------------------------------------------------------------
    def key_info(self, given: Mapping[str, str], key: ApiKey) -> Json:
        """Return what a key may do, and of which account it is."""
        security = self._venue.security
        return {
            "api_key_name": "sandbox", "api_key": key.key, "iban": "AA00 ATMS SAND BOXX",
            "nonce": str(security.nonce(key.key)), "nonce_window": security.window,
            "permissions": _MAY + (["withdraw-funds"] if key.may_withdraw else []),
            "valid_until": "0", "query_from": "0", "query_to": "0", "ip_allowlist": [],
            "created_time": str(key.created // 1000), "modified_time": str(key.created // 1000),
            "last_used": str(self._venue.clock.now() // 1000),
        }  # fmt: skip

    def token(self, given: Mapping[str, str], key: ApiKey) -> Json:
        """Return a token for websockets."""
        return {"token": self._venue.security.token(key), "expires": TOKEN_LIFE}

    # ---- balances ---------------------------------------------------------------------------
    def balance(self, given: Mapping[str, str], key: ApiKey) -> Json:
        """Return what there is of each asset."""
        wallet = self._venue.desk.wallet
        return {
            long(asset): f"{free + wallet.locked[asset]:.10f}"
            for asset, free in wallet.free.items()
        }

    def balance_ex(self, given: Mapping[str, str], key: ApiKey) -> Json:
        """Return what there is of each asset, and what is held for orders."""
        wallet = self._venue.desk.wallet
        return {
            long(asset): {
                "balance": f"{free + wallet.locked[asset]:.10f}",
                "hold_trade": f"{wallet.locked[asset]:.10f}",
            }
            for asset, free in wallet.free.items()
        }

    # ---- orders -----------------------------------------------------------------------------
    def open_orders(self, given: Mapping[str, str], key: ApiKey) -> Json:
        """Return the open orders."""
        found = [one for one in self._orders(given) if one.is_open]
        return {"open": self._rows(found, given)}

    def closed_orders(self, given: Mapping[str, str], key: ApiKey) -> Json:
        """Return fifty orders that are over, the newest first, and how many there are."""
        found = [one for one in self._orders(given) if not one.is_open]
        found = [one for one in found if _inside(one.updated, given)]
        found.sort(key=lambda one: (one.updated, one.id), reverse=True)
        return {"closed": self._rows(_page(found, given), given), "count": len(found)}

    def query_orders(self, given: Mapping[str, str], key: ApiKey) -> Json:
        """Return orders by their numbers."""
        names = [one.strip() for one in given.get("txid", "").split(",") if one.strip()]
        if not names or len(names) > _ORDERS:
            raise argument("txid")
        numbers = [decoded(name, "O") for name in names]
        if None in numbers:
            raise KrakenError("EOrder:Invalid order")
        orders = self._venue.desk.orders
        found = [orders[one] for one in numbers if one in orders]
        return self._rows([one for one in found if self._venue.visible(one)], given)

    def _orders(self, given: Mapping[str, str]) -> list[Order]:
        """Return the orders that are shown, of one client id where it is given."""
        wanted = given.get("cl_ord_id")
        shown = [one for one in self._venue.desk.orders.values() if self._venue.visible(one)]
        return [one for one in shown if wanted in (None, own_id(one))]

    def _rows(self, found: Iterable[Order], given: Mapping[str, str]) -> Json:
        trades = given.get("trades", "").lower() == "true"
        return {
            txid(one.id): order_row(one, self._venue.pair(one.symbol.name), trades=trades)
            for one in found
        }

    # ---- executions -------------------------------------------------------------------------
    def trades_history(self, given: Mapping[str, str], key: ApiKey) -> Json:
        """Return fifty executions, the newest first, and how many there are."""
        found = [one for one in self._fills() if _inside(one.time, given)]
        found.sort(key=lambda one: (one.time, one.id), reverse=True)
        return {"trades": self._executions(_page(found, given)), "count": len(found)}

    def query_trades(self, given: Mapping[str, str], key: ApiKey) -> Json:
        """Return executions by their numbers."""
        names = [one.strip() for one in given.get("txid", "").split(",") if one.strip()]
        if not names or len(names) > _TRADES:
            raise argument("txid")
        wanted = {decoded(name, "T") for name in names}
        return self._executions(one for one in self._fills() if one.id in wanted)

    def _fills(self) -> list[Fill]:
        now = self._venue.clock.now()
        every = (fill for fills in self._venue.desk.fills.values() for fill in fills)
        return [fill for fill in every if fill.seen_from <= now]

    def _executions(self, found: Iterable[Fill]) -> Json:
        return {
            exec_id(one.id): trade_row(one, self._venue.pair(one.order.symbol.name))
            for one in found
        }


def _inside(milliseconds: int, given: Mapping[str, str]) -> bool:
    """Return whether a time is after ``start`` and not after ``end``."""
    when = milliseconds / 1000
    start, end = _number(given, "start"), _number(given, "end")
    return (start is None or when > start) and (end is None or when <= end)


def _number(given: Mapping[str, str], name: str) -> float | None:
    try:
        return float(given[name]) if given.get(name) else None
    except ValueError:
        raise argument(name) from None


def _page(found: list[Any], given: Mapping[str, str]) -> list[Any]:
    offset = int(_number(given, "ofs") or 0)
    return found[offset : offset + _PAGE]

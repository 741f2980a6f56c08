"""Who listens to the account, and what they are told of orders, executions and the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from atms.sandbox.kraken import words
from atms.sandbox.kraken.names import ledger_id
from atms.sandbox.kraken.venue import KrakenVenue
from atms.sandbox.venue.orders import Fill, Order

if TYPE_CHECKING:
    from atms.sandbox.kraken.sessions import Session

CHANNELS = ("executions", "balances")
_FILLS = 50  # of the past, in a snapshot


class Users:
    """Listeners of the account's two channels; told by the desk."""

    def __init__(self, venue: KrakenVenue) -> None:
        self._venue = venue
        self._listeners: dict[str, dict[Session, None]] = {name: {} for name in CHANNELS}
        self._executed: dict[int, Decimal] = {}
        self._totals = {asset: self._total(asset) for asset in venue.desk.wallet.free}
        self._why = ""
        venue.desk.watchers.append(self._heard)
        venue.desk.balance_watchers.append(self._moved)

    def join(self, channel: str, session: Session) -> None:
        """Let a connection listen."""
        self._listeners[channel][session] = None

    def leave(self, channel: str, session: Session) -> None:
        """Let a connection listen no longer."""
        self._listeners[channel].pop(session, None)

    def snapshot(self, channel: str, given: dict[str, Any]) -> dict[str, Any]:
        """Return how things stand."""
        return {"channel": channel, "type": "snapshot", "data": self._standing(channel, given)}

    def _standing(self, channel: str, given: dict[str, Any]) -> list[Any]:
        desk, data = self._venue.desk, list[Any]()
        if channel == "balances":
            return [words.wallet(asset, self._total(asset)) for asset in desk.wallet.free]
        if given.get("snap_orders", True):
            opened = [one for one in desk.orders.values() if one.is_open]
            data += [words.whole(one, self._venue.pair(one.symbol.name), "new") for one in opened]
        if given.get("snap_trades", False):
            fills = sorted(
                (one for some in desk.fills.values() for one in some), key=lambda one: one.id
            )
            data += [self._execution(one.order, one) for one in fills[-_FILLS:]]
        return data

    def _tell(self, channel: str, entry: Any) -> None:
        for session in list(self._listeners[channel]):
            session.event({"channel": channel, "type": "update", "data": [entry]})

    # ---- from the desk ----------------------------------------------------------------------
    def _heard(self, order: Order, kind: str, fill: Fill | None) -> None:
        if kind == "NEW" and order.id not in self._executed:
            self._executed[order.id] = words.ZERO
            pair = self._venue.pair(order.symbol.name)
            self._tell("executions", words.whole(order, pair, "pending_new"))
            self._tell("executions", words.sparse(order, "new"))
        elif kind == "NEW":  # a stop that fired
            self._tell("executions", words.sparse(order, "status"))
        elif fill is not None:
            self._why = "trade"
            self._executed[order.id] += fill.qty
            self._tell("executions", self._execution(order, fill))
            if order.status == "FILLED":
                self._tell("executions", words.sparse(order, "filled"))
        else:
            self._tell("executions", words.sparse(order, "canceled"))

    def _execution(self, order: Order, fill: Fill) -> Any:
        executed = sum((one.qty for one in order.fills if one.id <= fill.id), words.ZERO)
        pair = self._venue.pair(order.symbol.name)
        return words.execution(order, fill, pair, executed)

    def _moved(self, assets: tuple[str, ...]) -> None:
        """Tell of the ledger's new lines: what is only locked makes none."""
        why, self._why = self._why, ""
        now = self._venue.clock.now()
        for asset in assets:
            total = self._total(asset)
            amount = total - self._totals.get(asset, words.ZERO)
            self._totals[asset] = total
            if amount:
                kind = why or ("deposit" if amount > 0 else "withdrawal")
                line = ledger_id(self._venue.ledger())
                self._tell("balances", words.moved(asset, total, amount, line, kind, now))

    def _total(self, asset: str) -> Decimal:
        wallet = self._venue.desk.wallet
        return wallet.free[asset] + wallet.locked[asset]

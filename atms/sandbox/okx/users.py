"""The account's streams at OKX: orders with their executions, and balances."""

from __future__ import annotations

from typing import Any

from atms.sandbox.okx import rows
from atms.sandbox.okx.grounds import UID, OkxGrounds
from atms.sandbox.okx.sessions import Argument, Session
from atms.sandbox.venue.orders import Fill, Order
from atms.sandbox.venue.wires import Wire


class Users:
    """The connections of the account; told by the desk."""

    def __init__(self, venue: OkxGrounds) -> None:
        self.venue = venue
        self.sessions: dict[UserSession, None] = {}
        venue.desk.watchers.append(self._ordered)
        venue.desk.balance_watchers.append(self._balanced)

    def _ordered(self, order: Order, kind: str, fill: Fill | None) -> None:
        if self.sessions:
            row = rows.order_event(self.venue, order, fill)
            for session in list(self.sessions):
                session.tell("orders", [row])

    def _balanced(self, assets: tuple[str, ...]) -> None:
        if self.sessions:
            row = rows.account_row(self.venue, assets)
            for session in list(self.sessions):
                session.tell("account", [row], eventType="event_update")


class UserSession(Session):
    """A connection to ``/ws/v5/private``."""

    takes_login = True

    def __init__(self, users: Users, wire: Wire) -> None:
        super().__init__(users.venue, wire)
        self._users = users
        users.sessions[self] = None

    def name_of(self, argument: Argument) -> str:
        """Return the name of the stream that an argument asks for."""
        channel = str(argument.get("channel"))
        if channel == "orders" and argument.get("instType") not in (self.venue.kind, "ANY"):
            return ""
        return channel if channel in ("orders", "account") else ""

    def began(self, name: str) -> None:
        """Tell what there is, of balances; of orders only what comes."""
        if name == "account":
            wallet = self.venue.desk.wallet
            there = [asset for asset in wallet.free if wallet.free[asset] or wallet.locked[asset]]
            row = rows.account_row(self.venue, there)
            self.tell("account", [row], eventType="snapshot", curPage=1, lastPage=True)

    def tell(self, name: str, data: list[rows.Row], **more: Any) -> None:
        """Send what happened, where it is listened to."""
        argument = self.channels.get(name)
        if argument is None:
            return
        wanted = argument.get("instId")
        data = [row for row in data if wanted in (None, row.get("instId"))]
        if data:
            self.wire.event({"arg": {**argument, "uid": UID}, **more, "data": data})

    def end(self) -> None:
        """Hear nothing more."""
        super().end()
        self._users.sessions.pop(self, None)

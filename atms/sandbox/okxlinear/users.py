"""The account's streams at OKX's swaps: on one address orders and cash, on another stops."""

from __future__ import annotations

from typing import Any

from atms.sandbox.okx.grounds import UID, plain
from atms.sandbox.okx.sessions import Argument
from atms.sandbox.okx.streams import Hub, MarketSession
from atms.sandbox.okx.users import Users, UserSession
from atms.sandbox.okxlinear import rows
from atms.sandbox.okxlinear.venue import OkxLinearVenue
from atms.sandbox.venue.futures.desk import CashRow
from atms.sandbox.venue.futures.orders import Conditional
from atms.sandbox.venue.orders import Fill, Order
from atms.sandbox.venue.wires import Wire

_STOPS = "orders-algo"
_BOTH = "balance_and_position"
_WHY = {"FUNDING": "funding_fee", "TRANSFER": "transferred", "INSURANCE": "claw_back"}
_CAUSES = {"order": "filled", "liquidation": "liquidation", "adl": "adl"}


class SwapUsers(Users):
    """The connections of the account; told by the desk."""

    venue: OkxLinearVenue

    def __init__(self, venue: OkxLinearVenue) -> None:
        super().__init__(venue)
        self.apart: dict[BusinessSession, None] = {}
        self._why = "filled"  # cash and positions change
        venue.desk.cash_watchers.append(self._moved)
        venue.desk.position_watchers.append(self._held)
        venue.desk.conditional_watchers.append(self._stood)

    def _ordered(self, order: Order, kind: str, fill: Fill | None) -> None:
        row = rows.order_event(self.venue, order, fill)
        for session in list(self.sessions):
            session.tell("orders", [row])

    def _moved(self, row: CashRow) -> None:
        cause = row.fill.order.cause if row.fill is not None else "order"  # type: ignore[attr-defined]
        self._why = _WHY.get(row.kind, _CAUSES[cause])

    def _balanced(self, assets: tuple[str, ...]) -> None:
        now, account = str(self.venue.clock.now()), self.venue.account
        cash = [{"ccy": one, "cashBal": plain(account.free[one]), "uTime": now} for one in assets]
        for session in list(self.sessions):
            session.tell("account", [rows.account_row(self.venue, assets)], **_UPDATE)
            session.tell(_BOTH, [self._both(cash, [])])

    def _held(self, symbol: str) -> None:
        row = rows.position_row(self.venue, symbol)
        for session in list(self.sessions):
            session.tell("positions", [row], **_UPDATE)
            session.tell(_BOTH, [self._both([], [row])])

    def _both(self, cash: list[Any], held: list[Any]) -> rows.Row:
        now = str(self.venue.clock.now())
        return {
            "pTime": now, "eventType": self._why, "balData": cash, "posData": held, "trades": [],
        }  # fmt: skip

    def _stood(self, one: Conditional) -> None:
        row = rows.algo_row(self.venue, one)
        if one.status in ("TRIGGERING", "FINISHED"):  # the venue knows neither
            return
        for session in list(self.apart):
            session.tell_account(_STOPS, [row])

    def snapshot(self) -> rows.Row:
        """Return all cash and positions, as a stream begins with them."""
        now, account = str(self.venue.clock.now()), self.venue.account
        cash = [
            {"ccy": asset, "cashBal": plain(units), "uTime": now}
            for asset, units in account.free.items() if units
        ]  # fmt: skip
        held = [rows.position_row(self.venue, name) for name in account.held()]
        return self._both(cash, held) | {"eventType": "snapshot"}


_UPDATE = {"eventType": "event_update"}


class SwapUserSession(UserSession):
    """A connection to ``/ws/v5/private``."""

    venue: OkxLinearVenue
    _users: SwapUsers

    def name_of(self, argument: Argument) -> str:
        """Return the name of the stream that an argument asks for."""
        channel = str(argument.get("channel"))
        if channel == _BOTH:
            return channel
        if channel == "positions" and argument.get("instType") in (self.venue.kind, "ANY"):
            return channel
        return super().name_of(argument)

    def began(self, name: str) -> None:
        """Tell what there is; of orders only what comes."""
        if name == "account":
            there = [asset for asset, units in self.venue.account.free.items() if units]
            row = rows.account_row(self.venue, there)
            self.tell(name, [row], eventType="snapshot", curPage=1, lastPage=True)
        elif name == "positions":
            held = [rows.position_row(self.venue, one) for one in self.venue.account.held()]
            self.tell(name, held, eventType="snapshot", curPage=1, lastPage=True)
        elif name == _BOTH:
            self.tell(name, [self._users.snapshot()])


class BusinessSession(MarketSession):
    """A connection to ``/ws/v5/business``: bars and trades, and to who has logged in, stops."""

    takes_login = True

    def __init__(self, hub: Hub, wire: Wire, users: SwapUsers) -> None:
        super().__init__(hub, wire, "business")
        self._users = users
        users.apart[self] = None

    def needs_login(self, argument: Argument) -> bool:
        """Return whether a stream is told to those alone who have logged in."""
        return argument.get("channel") == _STOPS

    def name_of(self, argument: Argument) -> str:
        """Return the name of the stream that an argument asks for; empty: there is none here."""
        if argument.get("channel") != _STOPS:
            return super().name_of(argument)
        return _STOPS if argument.get("instType") in (self.venue.kind, "ANY") else ""

    def began(self, name: str) -> None:
        """Hear a stream."""
        if name != _STOPS:
            super().began(name)

    def ended(self, name: str) -> None:
        """Hear it no longer."""
        if name != _STOPS:
            super().ended(name)

    def tell_account(self, name: str, data: list[Any]) -> None:
        """Send what happened in the account, where it is listened to."""
        argument = self.channels.get(name)
        if argument is not None:
            self.wire.event({"arg": {**argument, "uid": UID}, "data": data})

    def end(self) -> None:
        """Hear nothing more."""
        super().end()
        self._users.apart.pop(self, None)

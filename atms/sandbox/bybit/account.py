"""The account's events: orders, executions, wallet, to every session that wants them."""

from __future__ import annotations

import itertools
from typing import Any

from atms.sandbox.bybit.sessions import PRIVATE, Session
from atms.sandbox.bybit.venue import BybitGrounds
from atms.sandbox.venue.orders import Fill, Order


class AccountEvents:
    """Told by the desk of each change, and tells it on."""

    def __init__(self, venue: BybitGrounds) -> None:
        self.sessions: dict[Session, None] = {}
        self._venue = venue
        self._number = itertools.count(1).__next__
        venue.desk.watchers.append(self._changed)
        venue.desk.balance_watchers.append(self._moved)

    def knows(self, topic: str) -> bool:
        """Return whether an account's session may listen to it."""
        return topic in PRIVATE

    def joined(self, session: Session, topics: list[str]) -> None:
        """Begin to tell a session."""
        self.sessions[session] = None

    def left(self, session: Session) -> None:
        """Tell a session nothing more."""
        self.sessions.pop(session, None)

    def _changed(self, order: Order, kind: str, fill: Fill | None) -> None:
        if kind == "NEW" and order.type == "MARKET":
            return  # it is told when it trades, or is over
        if fill is not None:
            self._tell("execution", self._venue.rows.execution_event(fill))
        self._tell("order", self._venue.rows.order(order))

    def _moved(self, assets: tuple[str, ...]) -> None:
        self._tell("wallet", self._venue.rows.wallet(assets))

    def _tell(self, name: str, row: dict[str, Any]) -> None:
        names = ("wallet",) if name == "wallet" else (name, f"{name}.{self._venue.category}")
        for session in list(self.sessions):
            for topic in names:
                if topic in session.topics:
                    session.wire.event({
                        "id": f"sandbox-{self._number()}", "topic": topic,
                        "creationTime": self._venue.clock.now(), "data": [row],
                    })  # fmt: skip

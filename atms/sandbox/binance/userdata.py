"""Who listens to the account's events: subscriptions on connections of the websocket API."""

from __future__ import annotations

from typing import Any

from atms.sandbox.binance import events
from atms.sandbox.binance.refusals import Refused
from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.wires import Wire


class UserData:
    """Subscriptions; each connection may have one of the account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids: dict[Wire, int] = {}

    def __call__(self, event: dict[str, Any]) -> None:
        """Send *event* to everyone who listens."""
        for wire, number in self._ids.items():
            wire.event({"subscriptionId": number, "event": event})

    def subscribe(self, wire: Wire) -> int:
        """Let a connection listen; return the subscription's id.

        Raises:
            Refused: it listens already.
        """
        if wire in self._ids:
            raise Refused(-2035, "User Data Stream subscription already active.")
        self._ids[wire] = 0
        return 0

    def unsubscribe(self, wire: Wire, number: int | None) -> None:
        """Let a connection listen no longer, and tell it so.

        Raises:
            Refused: it does not listen.
        """
        if wire not in self._ids or number not in (None, self._ids[wire]):
            raise Refused(-2036, "User Data Stream subscription not active.")
        own = self._ids.pop(wire)
        wire.say({"subscriptionId": own, "event": events.stream_terminated(self._clock.now())})

    def listening(self, wire: Wire) -> list[int]:
        """Return the ids of a connection's subscriptions."""
        return [self._ids[wire]] if wire in self._ids else []

    def forget(self, wire: Wire) -> None:
        """Drop a connection that ended."""
        self._ids.pop(wire, None)

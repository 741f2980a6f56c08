"""Listen keys, and the connections on which the account is told of its events."""

from __future__ import annotations

import asyncio
from typing import Any

from atms.sandbox.binance.refusals import Refused
from atms.sandbox.binance_usdm import events
from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.ids import api_key
from atms.sandbox.venue.wires import Wire


class Users:
    """The one account's listen key, and who listens with it.

    Args:
        life: seconds that a key lives when nobody prolongs it.
    """

    def __init__(self, clock: Clock, life: float) -> None:
        self._clock, self._life = clock, life
        self.key = ""
        self._until = 0
        self._wires: set[Wire] = set()

    def __call__(self, event: dict[str, Any]) -> None:
        """Send *event* to everyone who listens."""
        for wire in list(self._wires):
            wire.event(event)

    def begin(self) -> str:
        """Return the key that lives, or a new one; it lives anew from now on."""
        if not self.lives(self.key):
            self.key = api_key()
        self._until = self._clock.now() + round(self._life * 1000)
        return self.key

    def prolong(self) -> None:
        """Let the key live anew from now on.

        Raises:
            Refused: -1125, there is none.
        """
        if not self.lives(self.key):
            raise Refused(
                -1125,
                "This listenKey does not exist. Please use POST /fapi/v1/listenKey to recreate "
                "listenKey.",
            )
        self._until = self._clock.now() + round(self._life * 1000)

    def end(self) -> None:
        """Let the key be none, and close the connections that listen with it."""
        self.key = ""
        for wire in self._wires:
            wire.close()

    def lives(self, key: str) -> bool:
        """Return whether a key is one that lives."""
        return bool(key) and key == self.key and self._clock.now() < self._until

    def add(self, wire: Wire) -> None:
        """Let a connection listen."""
        self._wires.add(wire)

    def forget(self, wire: Wire) -> None:
        """Drop a connection that ended."""
        self._wires.discard(wire)

    async def expire(self) -> None:
        """Tell who listens that the key is over, when it is; for as long as this runs."""
        while True:
            await asyncio.sleep(0.1)
            if self.key and not self.lives(self.key):
                over, self.key = self.key, ""
                for wire in self._wires:
                    wire.say(events.key_expired(over, self._clock.now()))
                    wire.close()

"""What a stream is opened with: an address and a token, asked for before (bullet)."""

from __future__ import annotations

import secrets
from typing import Any

from atms.sandbox.venue.clock import Clock

PING_INTERVAL, PING_TIMEOUT = 18_000, 10_000  # ms, as the venue tells them
_LIFE = 86_400_000  # ms


class Tokens:
    """Tokens that were given out.

    Attributes:
        endpoint: where streams are; known once the server listens.
    """

    def __init__(self, clock: Clock) -> None:
        self.endpoint = ""
        self._clock = clock
        self._given: dict[str, tuple[bool, int]] = {}  # private, until when

    def bullet(self, *, private: bool) -> dict[str, Any]:
        """Return a new token, and where it is good."""
        token = secrets.token_urlsafe(48)
        self._given[token] = (private, self._clock.now() + _LIFE)
        server = {
            "endpoint": self.endpoint, "encrypt": False, "protocol": "websocket",
            "pingInterval": PING_INTERVAL, "pingTimeout": PING_TIMEOUT,
        }  # fmt: skip
        return {"token": token, "instanceServers": [server]}

    def opens(self, token: str) -> bool | None:
        """Return whether a token opens the account's stream too; None: it opens nothing."""
        private, until = self._given.get(token, (False, 0))
        return private if until > self._clock.now() else None

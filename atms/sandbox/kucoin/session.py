"""One websocket connection in KuCoin's protocol: welcome, pings, topics."""

from __future__ import annotations

import json
from typing import Any

from atms.sandbox.kucoin.topics import Topics
from atms.sandbox.kucoin.users import PRIVATE, Users
from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.throttle import Throttle
from atms.sandbox.venue.wires import Wire

_MESSAGES, _WINDOW = 100, 10_000  # that a client may send, in so many milliseconds
_TOPICS = 300  # that a connection may hear


class Session:
    """A connection.

    Args:
        private: whether its token opens the account's stream too.
    """

    def __init__(
        self, wire: Wire, topics: Topics, users: Users, clock: Clock, *, private: bool
    ) -> None:
        self._wire, self._topics, self._users, self._clock = wire, topics, users, clock
        self._private = private
        self._joined: dict[str, None] = {}
        self._messages = Throttle(clock, _WINDOW, _MESSAGES)

    def welcome(self, connection: str) -> None:
        """Say the first word."""
        self._wire.say({"id": connection, "type": "welcome"})

    def hear(self, text: str) -> None:
        """Take a message."""
        try:
            message = json.loads(text)
            number, kind = str(message["id"]), message["type"]
        except (ValueError, KeyError, TypeError):
            self._refuse("", 400, "type is not supported")
            return
        if not self._messages.take("all"):
            self._refuse(number, 509, "exceed max permits per second")
        elif kind == "ping":
            self._wire.say({"id": number, "type": "pong", "timestamp": self._clock.now() * 1000})
        elif kind in ("subscribe", "unsubscribe"):
            self._turn(number, kind == "subscribe", message)
        else:
            self._refuse(number, 415, "type is not supported")

    def leave(self) -> None:
        """Hear nothing more."""
        for topic in self._joined:
            self._side(topic).leave(topic, self._wire)

    def _turn(self, number: str, on: bool, message: dict[str, Any]) -> None:
        name = str(message.get("topic", ""))
        if name in PRIVATE and not self._private:
            self._refuse(number, 403, f"topic {name} needs a private token")
            return
        names = [name] if name in PRIVATE else self._topics.each(name)
        if names is None:
            self._refuse(number, 404, f"topic {name} is not found")
            return
        if on and len(self._joined.keys() | set(names)) > _TOPICS:
            self._refuse(number, 509, "exceed max subscription count limitation of 300 per session")
            return
        for topic in names:
            if on:
                self._joined[topic] = None
                self._side(topic).join(topic, self._wire)
            else:
                self._joined.pop(topic, None)
                self._side(topic).leave(topic, self._wire)
        if message.get("response"):
            self._wire.say({"id": number, "type": "ack"})

    def _side(self, topic: str) -> Topics | Users:
        return self._users if topic in PRIVATE else self._topics

    def _refuse(self, number: str, code: int, text: str) -> None:
        self._wire.say({"id": number, "type": "error", "code": code, "data": text})

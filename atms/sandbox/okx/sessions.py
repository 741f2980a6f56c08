"""A websocket connection to OKX: what is asked on it, and how that is answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from atms.sandbox.okx.grounds import OkxGrounds
from atms.sandbox.okx.security import login_trouble
from atms.sandbox.venue.ids import api_key
from atms.sandbox.venue.wires import Wire

Argument = Mapping[str, Any]
_TEXTS = {
    "60004": "Invalid timestamp", "60005": "Invalid apiKey", "60006": "Timestamp request expired",
    "60007": "Invalid sign", "60011": "Please log in", "60024": "Wrong passphrase",
}  # fmt: skip


class Session:
    """One connection; what may be subscribed to on it a kind says.

    Attributes:
        channels: what was subscribed to: the name of a stream -> the argument that asked for it.
    """

    def __init__(self, venue: OkxGrounds, wire: Wire) -> None:
        self.venue = venue
        self.wire = wire
        self.channels: dict[str, dict[str, Any]] = {}
        self._id = api_key()[:8].lower()
        self._known = False  # logged in

    # ---- what a kind adds -------------------------------------------------------------------
    def name_of(self, argument: Argument) -> str:
        """Return the name of the stream that an argument asks for; empty: there is none here."""
        raise NotImplementedError

    def began(self, name: str) -> None:
        """Do what the beginning of a stream asks for."""

    def ended(self, name: str) -> None:
        """Do what the end of a stream asks for."""

    takes_login = False  # whether one may log in

    def needs_login(self, argument: Argument) -> bool:
        """Return whether a stream is told to those alone who have."""
        return self.takes_login

    # ---- what is heard ----------------------------------------------------------------------
    def hear(self, text: str) -> None:
        """Answer one message."""
        if text == "ping":
            self.wire.text("pong")
            return
        try:
            asked = json.loads(text)
        except ValueError:
            asked = None
        arguments = asked.get("args") if isinstance(asked, dict) else None
        if not isinstance(arguments, list) or not all(isinstance(one, dict) for one in arguments):
            self._refuse("60012", f"Invalid request: {text}", {})
            return
        match asked.get("op"):
            case "login":
                self._login(arguments[0] if arguments else {})
            case "subscribe" | "unsubscribe":
                for argument in arguments:
                    self._subscribe(asked, argument)
            case other:
                self._refuse("60019", f"Invalid op {other}", asked)

    def end(self) -> None:
        """End every stream."""
        for name in list(self.channels):
            del self.channels[name]
            self.ended(name)

    def _login(self, given: Argument) -> None:
        if not self.takes_login:
            self._refuse("60008", "Login is not supported for public channels", {})
            return
        code = login_trouble(self.venue.keys, self.venue.clock, given)
        if code:
            self._refuse(code, _TEXTS[code], {})
            return
        self._known = True
        self.wire.say({"event": "login", "code": "0", "msg": "", "connId": self._id})

    def _subscribe(self, asked: Argument, argument: dict[str, Any]) -> None:
        if self.needs_login(argument) and not self._known:
            self._refuse("60011", _TEXTS["60011"], asked)
            return
        name = self.name_of(argument)
        if not name:
            words = ",".join(f"{key}:{value}" for key, value in argument.items())
            self._refuse("60018", f"Wrong URL or {words} doesn't exist.", asked)
            return
        number = {"id": asked["id"]} if asked.get("id") else {}
        answer = {**number, "event": asked["op"], "arg": argument, "connId": self._id}
        if asked["op"] == "subscribe":
            self.channels[name] = argument
            self.wire.say(answer)
            self.began(name)
            return
        if self.channels.pop(name, None) is not None:
            self.ended(name)
        self.wire.say(answer)

    def _refuse(self, code: str, text: str, asked: Argument) -> None:
        number = {"id": asked["id"]} if asked.get("id") else {}
        self.wire.say({**number, "event": "error", "code": code, "msg": text, "connId": self._id})

    def notice(self) -> None:
        """Tell that the connection is about to end."""
        words = "The connection will soon be closed for a service upgrade. Please reconnect."
        self.wire.say({"event": "notice", "code": "64008", "msg": words, "connId": self._id})

"""Websocket sessions: requests and their answers, public and of the account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from atms.sandbox.bybit.gate import log_in
from atms.sandbox.bybit.venue import BybitGrounds
from atms.sandbox.venue.wires import Wire

_MOST = 10  # topics of the spot market in one message
# what an account's connection may ask for; those of other markets stay silent
PRIVATE = frozenset(
    f"{name}{kind}" for name in ("order", "execution", "position", "execution.fast")
    for kind in ("", ".spot", ".linear", ".inverse", ".option")
) | {"wallet", "greeks", "dcp"}  # fmt: skip


class Session:
    """One connection.

    Args:
        knows: whether there is a topic.
        joined: called with topics that were just subscribed to.

    Attributes:
        topics: what it listens to.
    """

    def __init__(
        self, venue: BybitGrounds, wire: Wire, number: int, *, private: bool,
        knows: Callable[[str], bool], joined: Callable[[Session, list[str]], None],
    ) -> None:  # fmt: skip
        self.topics: dict[str, None] = {}
        self.wire = wire
        self._venue, self._private = venue, private
        self._knows, self._joined = knows, joined
        self._id = f"sandbox-{number}"
        self._let_in = not private

    def hear(self, text: str) -> None:
        """Answer one request."""
        try:
            asked = json.loads(text)
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            self._say({"op": ""}, ok=False, text="error:invalid json")
            return
        op = asked.get("op")
        if op == "ping":
            self._pong(asked)
        elif op == "auth" and self._private:
            self._let_in = log_in(self._venue, asked.get("args")) is not None
            self._say(asked, ok=self._let_in, text="" if self._let_in else "Params Error")
        elif op in ("subscribe", "unsubscribe"):
            self._change(asked, on=op == "subscribe")
        else:
            self._say(asked, ok=False, text="error:invalid op")

    def _change(self, asked: dict[str, Any], *, on: bool) -> None:
        wanted = [str(one) for one in asked.get("args") or ()]
        if not self._let_in:
            self._say(asked, ok=False, text="Request not authorized")
            return
        if not self._private and len(wanted) > _MOST:
            self._say(asked, ok=False, text="args size >10")
            return
        unknown = [one for one in wanted if not self._knows(one)]
        if unknown:
            self._say(asked, ok=False, text=f"Invalid symbol :[{','.join(unknown)}]")
            return
        for one in wanted:
            if on:
                self.topics[one] = None
            else:
                self.topics.pop(one, None)
        self._say(asked, ok=True, text="" if self._private else str(asked["op"]))
        if on:
            self._joined(self, wanted)

    def _say(self, asked: dict[str, Any], *, ok: bool, text: str) -> None:
        said = {"success": ok, "ret_msg": text, "conn_id": self._id, "op": asked.get("op")}
        if "req_id" in asked:
            said["req_id"] = asked["req_id"]
        self.wire.say(said)

    def _pong(self, asked: dict[str, Any]) -> None:
        number = {"req_id": asked["req_id"]} if "req_id" in asked else {}
        if not self._private:
            self._say({**asked, "op": "ping"}, ok=True, text="pong")
            return
        now = str(self._venue.clock.now())
        self.wire.say({**number, "op": "pong", "args": [now], "conn_id": self._id})

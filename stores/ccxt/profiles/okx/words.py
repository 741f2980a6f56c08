"""What OKX answers and how it is greeted, whatever is traded: spot and swaps alike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from atms.stores.ccxt.calls import Answer, Call, Said
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.okx import codes, past
from atms.stores.ccxt.profiles.okx.streams import address
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.outcomes import Reason

SIGNED_FOR = timedelta(seconds=30)  # so long after its signing a request is still carried out
READ_LAG = timedelta(seconds=30)
ONLY_CHANGES = '{"updateInterval": "0"}'  # what a channel's extraParams are
_ENDS = ("notice", "channel-conn-count-error")
_ANSWERS = ("login", "subscribe", "unsubscribe", "error")


class OkxWords:
    """OKX's envelope, clock, key and greetings."""

    idle = 10.0
    demo = False

    # ---- answers ----------------------------------------------------------------------------
    def complaint(
        self, status: int, headers: Mapping[str, str], body: str, parsed: Any
    ) -> Said | None:
        """Return what is wrong with an answer; None: nothing is."""
        return codes.complaint(status, headers, body, parsed)

    def used(self, headers: Mapping[str, str]) -> Mapping[str, int]:
        """Return nothing: the venue does not tell what it counts."""
        return {}

    def judge(self, said: Said) -> Reason | None:
        """Return why a write was refused; None: it may have been carried out."""
        return codes.judge(said)

    # ---- the connection ---------------------------------------------------------------------
    def time(self) -> Call:
        """Return the request for the venue's time."""
        return past.call("publicGetPublicTime", "time")

    def read_time(self, reply: Any) -> datetime:
        """Return the venue's time."""
        return moment(reply["data"][0]["ts"])

    def permissions(self) -> Call:
        """Return the request for what the account is like, and what the key may do."""
        return Call(method="privateGetAccountConfig", costs={"config": 1})

    def may_withdraw(self, reply: Any) -> bool | None:
        """Return whether the key may withdraw."""
        told = reply["data"][0].get("perm")
        return "withdraw" in told.split(",") if isinstance(told, str) else None

    async def newest(self, ask: Ask, raw: str) -> datetime | None:
        """Return when the newest trade was; None: there is none."""
        return await past.newest(ask, raw)

    # ---- the private stream -----------------------------------------------------------------
    def private_url(self, urls: Mapping[str, Any]) -> str:
        """Return the address of the account's stream."""
        return address(urls, "private")

    def answered(self, message: Mapping[str, Any]) -> Answer | None:
        """Return the answer that a message is; None: it is an event."""
        event = message.get("event")
        if event not in _ANSWERS:
            return None
        code = str(message.get("code", "0"))
        said = None
        if event == "error" or code != "0":
            said = Said(400, code, str(message.get("msg", "")))
        return Answer(id=str(message.get("id", "")), said=said)

    def ends(self, message: Mapping[str, Any]) -> bool:
        """Return whether a message says that the connection is about to end."""
        return message.get("event") in _ENDS


def greeted(
    exchange: Any, number: int, channels: Sequence[Mapping[str, str]]
) -> Sequence[Mapping[str, Any]]:
    """Return the signed message that begins a stream, and one for each channel of it."""
    at = str(exchange.seconds())
    signed = exchange.hmac(
        exchange.encode(f"{at}GET/users/self/verify"), exchange.encode(exchange.secret),
        hashlib.sha256, "base64",
    )  # fmt: skip
    login = {
        "apiKey": exchange.apiKey, "passphrase": exchange.password, "timestamp": at, "sign": signed,
    }  # fmt: skip
    asked = [
        {"id": str(place), "op": "subscribe", "args": [channel]}
        for place, channel in enumerate(channels, number + 1)
    ]
    return [{"op": "login", "args": [login]}, *asked]

"""What Binance says alike on all of its markets: answers, budgets, the key, streams."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from atms.stores.ccxt.calls import Answer, Call, Said
from atms.stores.ccxt.profiles.binance import codes
from atms.stores.ccxt.profiles.plain import Plain
from atms.stores.ccxt.profiles.stamps import moment


class BinanceWords(Plain):
    """The words of spot and futures.

    Attributes:
        counted: header of an answer -> name of the budget whose used units it tells.
    """

    counted: Mapping[str, str]

    def complaint(
        self, status: int, headers: Mapping[str, str], body: str, parsed: Any
    ) -> Said | None:
        """Return what is wrong with an answer; None: nothing is."""
        return codes.complaint(status, headers, body, parsed)

    def used(self, headers: Mapping[str, str]) -> Mapping[str, int]:
        """Return name of a budget -> units used, as an answer's headers tell them."""
        return codes.used(headers, self.counted)

    def read_time(self, reply: Any) -> datetime:
        """Return the venue's time."""
        return moment(reply["serverTime"])

    def permissions(self) -> Call:
        """Return the request for what the key may do."""
        return Call(method="sapiGetAccountApiRestrictions")

    def may_withdraw(self, reply: Any) -> bool | None:
        """Return whether the key may withdraw."""
        told = reply.get("enableWithdrawals")
        return told if isinstance(told, bool) else None

    def answered(self, message: Mapping[str, Any]) -> Answer | None:
        """Return the answer that a message is; None: it is an event."""
        if message.get("id") is None:
            return None
        error = message.get("error")
        said = None
        if error is not None:  # futures' answers have no status of their own
            said = codes.complaint(int(message.get("status", 400)), {}, "", error)
        return Answer(id=str(message["id"]), said=said)

    def subscribe(
        self, names: Collection[str], number: int, *, on: bool
    ) -> Sequence[Mapping[str, Any]]:
        """Return the one message that begins or ends streams."""
        method = "SUBSCRIBE" if on else "UNSUBSCRIBE"
        return [{"method": method, "params": sorted(names), "id": number}]

    def streamed(self, message: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return name of a stream and what it says; empty: the message is of none."""
        return [(message["stream"], message["data"])] if "stream" in message else []

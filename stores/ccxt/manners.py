"""What few exchanges need of the store: a profile has it, or has it not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from atms.stores.base import AuthFailed
from atms.stores.ccxt.profile import Ask, Profile
from atms.stores.facts import Fact
from atms.stores.requests import Key


@runtime_checkable
class Completes(Protocol):
    """A profile whose stream tells sums of orders: their executions are asked for."""

    async def completed(self, ask: Ask, facts: Sequence[Fact]) -> tuple[Fact, ...]:
        """Return facts of the stream with the executions before them that they speak of."""


@runtime_checkable
class TellsApart(Protocol):
    """A profile whose account is told of on two addresses, each with its own greetings."""

    def second_url(self, urls: Mapping[str, Any]) -> str:
        """Return the second address, without anything secret."""

    def second_greetings(self, exchange: Any, number: int) -> Sequence[Mapping[str, Any]]:
        """Return the messages that begin it, as ``greetings`` does of the first."""


@runtime_checkable
class Seeks(Protocol):
    """A profile that finds an order by our key only by looking through those of its time."""

    def seek(self, key: Key, since: datetime) -> None:
        """Look for an order among those of *since* and later."""


@runtime_checkable
class Signs(Protocol):
    """A profile whose keys are of a form that can be told before anything is signed."""

    def unusable(self, key: str, secret: str) -> str:
        """Return why a key cannot sign; empty: it can."""


def signs_with(profile: Profile, place: str, key: str, secret: str) -> str:
    """Return a secret as it signs: a private key of several lines is often written in one.

    Raises:
        AuthFailed: the key cannot sign.
    """
    if secret.startswith("-----BEGIN"):
        secret = secret.replace("\\n", "\n")
    why = profile.unusable(key, secret) if key and isinstance(profile, Signs) else ""
    if why:
        raise AuthFailed(f"{place}: {why}")
    return secret

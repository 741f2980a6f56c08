"""The ``stores`` section: accounts at venues, and how they are reached."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from atms.config.reference import Reference
from atms.config.secrets import Secret
from atms.config.section import Section
from atms.errors import ConfigError

_SECRETIVE = re.compile(r"pass|secret|token|key|private|mnemonic|seed|pin$", re.IGNORECASE)
_SCHEMES = ("http", "https", "ws", "wss")


class LoopbackUrl(Reference):
    """An address on this machine, or ``${ENV_NAME}`` holding one."""

    def resolve(self) -> str:
        """Return the address; ConfigError if the variable is not set, or it is not loopback."""
        named = self._named()
        url = self.reference if named is None else named
        if not url:
            raise ConfigError(f"the address {self.reference} is not set")
        problem = _not_loopback(url)
        if problem:
            raise ConfigError(f"the address {self.reference} {problem}")
        return url

    @classmethod
    def _checked(cls, value: Any, environment: Mapping[str, str]) -> LoopbackUrl:
        if not isinstance(value, str):
            raise ValueError("write an address, like http://127.0.0.1:8765")
        address = cls(value, environment)
        named = address._named()
        # A variable that is not set yet may be by the time it is used.
        problem = _not_loopback(value if named is None else named) if named != "" else ""
        if problem:
            raise ValueError(problem)
        return address


def _not_loopback(url: str) -> str:
    """Return what is wrong with an address; an empty string if it is this machine's own."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is no address; write one like http://127.0.0.1:8765"
    if parts.scheme not in _SCHEMES or not host or re.search(r"[\s\\@]", url):
        return "is no address; write one like http://127.0.0.1:8765"
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if loopback:
        return ""
    return (
        f"leads to {host}, which is no loopback address: url is for the sandbox on this machine; "
        "remove it, and the venue's own address is used"
    )


class StoreSection(Section):
    """One account at one venue; a backtest checks it and does not connect."""

    venue: str = Field(description="An exchange or a broker: binance, kraken, oanda ... or sim.")
    key: Secret | None = Field(None, description="${ENV_NAME} or file:PATH")
    secret: Secret | None = Field(None, description="${ENV_NAME} or file:PATH")
    passphrase: Secret | None = Field(None, description="${ENV_NAME} or file:PATH")
    testnet: bool = Field(False, description="true: the venue's own test environment.")
    url: LoopbackUrl | None = Field(
        None, description="The sandbox's address, or ${ENV_NAME}; a loopback address alone."
    )
    market_clock: Literal["wall", "stream"] = Field(
        "wall",
        description="By which clock a bar's age is judged; stream, that of the bars, with url.",
    )
    base: str | None = Field(
        None, description="The currency that equity is told in; default: the feed's."
    )
    options: dict[str, Any] = Field(
        default={},
        description="The venue's own options; what is named like a secret is given like one.",
    )

    @field_validator("options", mode="after")
    @classmethod
    def _secrets_by_reference(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        return {
            name: Secret.read(value, info) if _SECRETIVE.search(name) else value
            for name, value in options.items()
        }

    @model_validator(mode="after")
    def _one_place(self) -> StoreSection:
        if self.testnet and self.url is not None:
            raise ValueError("give either testnet or url, not both")
        if self.market_clock == "stream" and self.url is None:
            raise ValueError(
                "market_clock: stream is for the sandbox, whose bars have another time: give its "
                "url, or write wall"
            )
        return self

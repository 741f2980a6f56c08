"""What an account is to be like: options of one exchange, each known by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from atms.errors import ConfigError, did_you_mean


def refuse_others(exchange: str, options: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse options that an exchange does not have.

    Raises:
        ConfigError: there is one.
    """
    for name in options:
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise ConfigError(
                f"options of {exchange}: no {name!r}{did_you_mean(name, known)}; there are: "
                f"{listed}"
            )

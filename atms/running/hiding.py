"""What a config's secrets are, so that no line of a log holds one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from atms.config import Config
from atms.config.secrets import Secret

HIDDEN = "***"
_SHORTEST = 6  # a shorter one stands in too many words; nobody's key is that short


def hider(config: Config) -> Callable[[str], str]:
    """Return what makes a text one without the config's secrets; they are looked up now."""
    found = {form for secret in _secrets(config) for form in _forms(secret)}
    secrets = sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True)

    def hide(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, HIDDEN)
        return text

    return hide


def _secrets(config: Config) -> Iterator[str]:
    for store in config.stores.values():
        given = (store.key, store.secret, store.passphrase, *store.options.values())
        yield from (one.look_up() for one in given if isinstance(one, Secret))
    try:
        yield make_url("".join(config.ledger.url)).password or ""
    except (ArgumentError, ValueError):
        return


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it is, and as addresses have it."""
    yield from (secret, quote(secret, safe=""), quote_plus(secret))

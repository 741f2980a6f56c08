"""Which addresses a store may talk to, and how those of an exchange are put onto loopback."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from atms.errors import ConfigError

_SECURE = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def is_loopback(url: str) -> bool:
    """Return whether an address is of this computer alone."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked(url: str, *, testnet: bool) -> str:
    """Return a base address that may be used in place of an exchange's own.

    Raises:
        ConfigError: it is none, or not of this computer and no test network's.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"CCXTStore: url {url!r} is no address; write http://127.0.0.1:PORT")
    if not testnet and not is_loopback(url):
        raise ConfigError(
            f"CCXTStore: url {url!r} is not of this computer; leave it out for the exchange "
            "itself, or set testnet for a test network's"
        )
    return url


def moved(urls: Any, base: str) -> Any:
    """Return *urls*, nested as they are, with scheme and host of *base* and their own paths."""
    if isinstance(urls, dict):
        return {name: moved(url, base) for name, url in urls.items()}
    if not isinstance(urls, str):
        return urls
    old, new = urlsplit(urls), urlsplit(base)
    scheme = _SECURE[new.scheme] if old.scheme in ("ws", "wss") else new.scheme
    return urlunsplit((scheme, new.netloc, old.path, old.query, old.fragment))

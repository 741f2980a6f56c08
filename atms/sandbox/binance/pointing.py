"""Point a client's addresses at a sandbox: hosts are replaced, paths stay."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit


def loopback_urls(urls: Any, base: str) -> Any:
    """Return *urls*, a text or nested dictionaries of texts, with the host of *base*.

    ccxt's ``exchange.urls["api"]`` is such a dictionary. Its market stream of spot gets the path
    ``/stream/ws``: without the real host name ccxt tells spot streams by the word ``/stream``.

    Args:
        base: ``http://127.0.0.1:PORT``, a sandbox's ``url``.
    """
    moved = _moved(urls, urlsplit(base).netloc)
    streams = moved.get("ws") if isinstance(moved, dict) else None
    if isinstance(streams, dict) and "spot" in streams:
        streams["spot"] = f"ws://{urlsplit(base).netloc}/stream/ws"
    return moved


def _moved(urls: Any, host: str) -> Any:
    if isinstance(urls, dict):
        return {name: _moved(value, host) for name, value in urls.items()}
    if not isinstance(urls, str):
        return urls
    parts = urlsplit(urls)
    scheme = {"https": "http", "wss": "ws"}.get(parts.scheme, parts.scheme)
    return f"{scheme}://{host}{parts.path}"

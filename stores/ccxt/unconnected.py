"""Why there is no connection, in words: to which host, what failed, what to look at."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

import aiohttp

from atms.stores.ccxt.addresses import is_loopback

_LOCAL = (
    "nothing listens there: start what should (a sandbox: python -m atms sandbox --help), "
    "or give the store's url its port"
)
_AWAY = "look at the network and at what stands between: firewall, VPN, proxy"
_NAMELESS = "look at the network and its name server (DNS), and at how the name is written"
_TLS = (
    "no secure connection is to be had: look at this computer's clock and certificates, at a "
    "proxy that stands between, and whether it is https at all"
)


def no_connection(
    error: aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError, seconds: float
) -> str:
    """Return what kept a connection from being made, and what to do.

    Args:
        seconds: how long one may take.
    """
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        address = str(error).rpartition(" ")[2]  # all that the error has of it
        host = urlsplit(address).netloc
        return f"no connection{f' to {host}' if host else ''} within {seconds:g} s; {_AWAY}"
    cause = error.os_error
    said = cause.strerror or type(cause).__name__
    place = f"no connection to {error.host}:{error.port}"
    if isinstance(cause, socket.gaierror):
        return f"no connection: {error.host} is not known here ({said}); {_NAMELESS}"
    if isinstance(cause, ssl.SSLError) or isinstance(error, aiohttp.ClientSSLError):
        return f"{place}: {said}; {_TLS}"
    if isinstance(cause, ConnectionRefusedError):
        local = is_loopback(f"http://{error.host}")
        return f"{place}: it is refused; {_LOCAL if local else _AWAY}"
    return f"{place}: {said}; {_AWAY}"

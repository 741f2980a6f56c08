"""A port of 127.0.0.1: whether it is free, and which one to take."""

from __future__ import annotations

import socket
import time
import zlib

from atms.errors import ConfigError, LedgerError
from atms.localdb.folder import ServerFolder, write_durably

HOST = "127.0.0.1"
LOWEST, HIGHEST = 1024, 65535
# Below the ports that systems hand to outgoing connections, which come and go.
_FIRST, _COUNT = 20000, 10000
_TRIES = 200
_PATIENCE = 0.5  # seconds
_LOOK_EVERY = 0.02


def is_free(port: int) -> bool:
    """Return whether a server could listen on *port* now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As PostgreSQL does: connections of a server that is gone are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def becomes_free(port: int) -> bool:
    """Return whether a server could listen on *port*, if need be in a moment.

    A server that was killed holds its port a little longer than its number.
    """
    deadline = time.monotonic() + _PATIENCE
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_EVERY)
    return True


def check(port: int) -> None:
    """Refuse what is no port, or one that only root may open.

    Raises:
        ConfigError: it is out of range.
    """
    if not LOWEST <= port <= HIGHEST:
        raise ConfigError(f"port {port}: choose one from {LOWEST} to {HIGHEST}")


def kept(folder: ServerFolder) -> int | None:
    """Return the port that the server had last, if that is known."""
    try:
        text = folder.port.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return int(text) if text.isdigit() and LOWEST <= int(text) <= HIGHEST else None


def keep(folder: ServerFolder, port: int) -> None:
    """Note *port* for next time."""
    if kept(folder) != port:
        write_durably(folder.port, f"{port}\n")


def choose(folder: ServerFolder) -> int:
    """Return a free port; the same one for the same folder as long as it is free.

    Raises:
        LedgerError: all that were tried are taken.
    """
    start = zlib.crc32(str(folder.path).encode(errors="surrogateescape"))
    for step in range(_TRIES):
        port = _FIRST + (start + step) % _COUNT
        if is_free(port):
            return port
    raise LedgerError(f"{folder.path}: found no free port on {HOST}; choose one with --port")

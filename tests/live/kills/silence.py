"""A wire to a venue that falls silent without an end: what a lost route looks like from here."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from typing import Self
from urllib.parse import urlsplit

_LOOK_EVERY = 0.05
_HEAD = 4096
_REQUESTS = (b"GET ", b"POST ", b"PUT ", b"DELETE ")


class SilentWire:
    """Listens on 127.0.0.1 and passes on; of some connections, from an instant on, nothing more.

    Neither side of these hears that the other is gone. New connections are passed on.

    Args:
        url: of the venue.

    Attributes:
        url: where the wire is.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._venue = (str(parts.hostname), int(parts.port or 80))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._over = threading.Event()
        # Of a connection that passes, its last request: a websocket may begin on one that was used.
        self._heads: dict[threading.Event, bytes] = {}
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def hush(self, path: str) -> int:
        """Silence the connections whose last request's path holds *path*; return how many."""
        found = [one for one, head in self._heads.items() if path.encode() in head.split(b"\r")[0]]
        for silent in found:
            silent.set()
            del self._heads[silent]
        return len(found)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._pass_on, args=(client,)))
            self._threads[-1].start()

    def _pass_on(self, client: socket.socket) -> None:
        silent, venue = threading.Event(), socket.create_connection(self._venue)
        other = {client: venue, venue: client}
        with client, venue, contextlib.suppress(OSError):
            while not self._over.is_set():
                ready = select.select([client, venue], [], [], _LOOK_EVERY)[0]
                if silent.is_set():
                    self._over.wait()  # neither read nor closed
                    return
                for end in ready:
                    data = end.recv(1 << 16)
                    if not data:
                        self._heads.pop(silent, None)
                        return
                    if end is client and data.startswith(_REQUESTS):
                        self._heads[silent] = data[:_HEAD]
                    other[end].sendall(data)

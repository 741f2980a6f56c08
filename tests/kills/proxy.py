"""A wire between atms and PostgreSQL that breaks at a commit.

The messages are those of the frontend/backend protocol (PostgreSQL documentation, "Message
Formats"): a simple query is ``Q``, its length in 4 bytes, the text, and a zero.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading

from sqlalchemy.engine import make_url

_COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
BEFORE, AT_ONCE, AFTER = "before it is sent", "when it is sent", "when its reply is there"


class Proxy:
    """Listens on 127.0.0.1 and passes on, one connection after the other; breaks one, or several.

    Args:
        url: of the server.
        number: of the commit at which to break, from 1; 0: never.
        every: break at every commit whose number that divides.
        when: BEFORE the server gets it, AT_ONCE when it has it, or AFTER its answer has come.

    Attributes:
        commits: how many were seen.
        url: where the proxy is.
    """

    def __init__(
        self, url: str, number: int = 0, when: str = AFTER, *, every: bool = False
    ) -> None:
        parsed = make_url(url)
        self._server = (str(parsed.host), int(parsed.port or 5432))
        self._number, self._when, self._every = number, when, every
        self.commits = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        here = parsed.set(host="127.0.0.1", port=self._listening.getsockname()[1])
        self.url = here.render_as_string(hide_password=False)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        # A listening socket that is only closed wakes nobody.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    @property
    def broke(self) -> bool:
        """Whether the commit came at which it was to break."""
        return 0 < self._number <= self.commits

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            with client, server, contextlib.suppress(ConnectionError):
                self._pass_on(client, server)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        other = {client: server, server: client}
        while True:
            for end in select.select([client, server], [], [])[0]:
                data = end.recv(1 << 16)
                if not data:
                    return
                if end is client and _COMMIT in data:
                    self.commits += 1
                    if self._is_due():
                        self._break_at(server, data)
                        return
                other[end].sendall(data)

    def _is_due(self) -> bool:
        if self._every:
            return self.commits % self._number == 0
        return self.commits == self._number

    def _break_at(self, server: socket.socket, data: bytes) -> None:
        if self._when != BEFORE:
            server.sendall(data)
        if self._when == AFTER:
            assert b"COMMIT\x00" in server.recv(1 << 16)

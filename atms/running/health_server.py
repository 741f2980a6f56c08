"""The health endpoint: HTTP on this machine alone, from a thread of its own.

It answers from what the last beat has left, and so also while a strategy hangs in Python; while one
call of C keeps the interpreter, nothing of the process answers, and a monitor takes that for down.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from atms.errors import ConfigError

_HOST = "127.0.0.1"
_PATIENCE = 5.0  # seconds that a client may take to ask
_NAMES = {"127.0.0.1", "localhost", "[::1]"}  # a page of the web may not ask under its own name

Report = Callable[[], dict[str, Any]]


class HealthServer:
    """Serves ``/health``: 200 where the report says ready, else 503, the report as JSON.

    Args:
        port: 0: a free one.
        report: what is answered; called from the server's threads.

    Raises:
        ConfigError: the port cannot be had.
    """

    def __init__(self, port: int, report: Report) -> None:
        try:
            self._server = _Server((_HOST, port), _Handler)
        except OSError as error:
            raise ConfigError(
                f"operations.health_port: port {port} cannot be had: {error.strerror}; take "
                "another one, or 0 for any"
            ) from error
        self._server.report = report
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="atms-health", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{_HOST}:{self._server.server_address[1]}/health"

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client that hangs keeps no run from ending
    report: Report

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE
    server: _Server
    server_version, sys_version = "atms", ""

    def do_GET(self) -> None:
        """Answer."""
        host = self.headers.get("Host", "")
        if host.rpartition(":")[0] not in _NAMES and host not in _NAMES:
            self._answer(HTTPStatus.FORBIDDEN, {"error": "ask it by the name 127.0.0.1"})
        elif self.path != "/health":
            self._answer(HTTPStatus.NOT_FOUND, {"error": "there is /health alone"})
        else:
            found = self.server.report()
            ready = HTTPStatus.OK if found["ready"] else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(ready, found)

    def _answer(self, status: HTTPStatus, values: dict[str, Any]) -> None:
        body = json.dumps(values, default=str).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Log nothing: a monitor asks every few seconds."""

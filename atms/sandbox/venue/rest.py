"""A REST wire: the faults that strike requests and replies; a dialect answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from atms.sandbox.venue.grounds import Grounds
from atms.sandbox.venue.http import web

SLOW = 3.0  # seconds that a reply may be late
ACK_LAG = 0.5  # seconds that fills may come before the answer
NEVER = 600.0


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered: *body* as JSON, or as it stands where it is text."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Rest:
    """Answers requests; what a dialect says stands in `answer`, `places` and `closed`."""

    def __init__(self, venue: Grounds) -> None:
        self.venue = venue

    def answer(self, request: web.Request, body: str) -> Reply:
        """Return what the venue answers; its refusals are answers too."""
        raise NotImplementedError

    def places(self, request: web.Request) -> bool:
        """Return whether a request places orders: those the faults of orders strike."""
        raise NotImplementedError

    def closed(self) -> Reply:
        """Return what every request is answered while the venue is in maintenance."""
        raise NotImplementedError

    def before(self, request: web.Request) -> None:
        """Do what comes before everything else: a ban, by a fault."""

    def unknown_outcome(self) -> Reply:
        """Return the answer that leaves open what became of an order."""
        return Reply(status=504, body="<html><body>504</body></html>")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        faults = self.venue.faults
        if self.venue.is_down():
            return said(self.closed())
        self.before(request)
        if faults.happens("drop_request"):
            return hang_up(request)
        if faults.happens("slow_reply"):
            await asyncio.sleep(faults.seconds(SLOW))
        body = (await request.read()).decode() if request.can_read_body else ""
        places = self.places(request)
        early = places and faults.happens("fill_before_ack")
        try:
            reply = self.answer(request, body)
        finally:
            self.venue.hide_until(0)
        if early:
            await asyncio.sleep(faults.seconds(ACK_LAG))
        if places and reply.status == 200:
            struck = await self._strike(request)
            if struck is not None:
                return struck
        return said(reply)

    async def _strike(self, request: web.Request) -> web.StreamResponse | None:
        """Draw the faults that strike the answer to an order that was taken."""
        faults = self.venue.faults
        if faults.happens("timeout_after_order"):
            await asyncio.sleep(NEVER)
            return hang_up(request)
        if faults.happens("http_503_after_order"):
            return said(Reply(status=503, body="<html><body>503</body></html>"))
        if faults.happens("error_1007_after_order"):
            return said(self.unknown_outcome())
        return None


def said(reply: Reply) -> web.Response:
    """Return a reply as it goes out."""
    if isinstance(reply.body, str):
        return web.Response(
            status=reply.status, text=reply.body, content_type="text/html", headers=reply.headers
        )
    return web.Response(
        status=reply.status,
        text=json.dumps(reply.body, separators=(",", ":")),
        content_type="application/json",
        headers=reply.headers,
    )


def hang_up(request: web.Request) -> web.StreamResponse:
    """Cut the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)

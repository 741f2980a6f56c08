"""ccxt, held so that it sends what it is told, once, and hands back what the venue said.

ccxt signs and sends. Its own classification of errors, retries, throttle, caches and log are not
used: an exception class of ccxt's does not tell what became of a write, the venue's code does.
"""

from __future__ import annotations

import asyncio
import binascii
import logging
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol

import aiohttp

from atms.stores.ccxt.addresses import moved
from atms.stores.ccxt.calls import Call, Lost, NotLeft, Said
from atms.stores.ccxt.claims import class_of
from atms.stores.ccxt.profile import Profile
from atms.stores.ccxt.unconnected import no_connection

# as addresses have it, and as headers are printed; with a passphrase, what is made of it too
_SIGNATURE = re.compile(r"signature=[^&\s'\"]+")
_HEADER = re.compile(r"(?i)((?:sign|passphrase)['\"]?\s*[:=]\s*['\"]?)[^\s'\",;&}]+")
_LEFT = 1.0  # seconds after which a request has reached the venue, though nothing came back
_CLOSED_AFTER = 10  # seconds; a connection that idles longer may be gone at the other end
_UNSENT = {"ExchangeClosedByUser", "NotSupported", "ArgumentsRequired", "AuthenticationError"}


class _Broken(aiohttp.ClientError):
    """A request whose connection broke, or that was sent elsewhere: it is not sent again."""


class Hears(Protocol):
    """What takes a websocket's messages and its end."""

    def heard(self, message: Any) -> None:
        """Take a message."""

    def lost(self, why: str) -> None:
        """Take the connection's end."""


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Let a request leave once: aiohttp would repeat a DELETE, and carry a POST to elsewhere."""
    try:
        response = await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise  # before any byte; aiohttp does not repeat these
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Broken(type(error).__name__) from error
    if 300 <= response.status < 400:
        response.close()
        raise _Broken(f"sent elsewhere, HTTP {response.status}")
    return response


class Wire:
    """One ccxt exchange object, and its connections.

    Args:
        password: the key's passphrase; empty: it has none.
        base: address in place of the exchange's own.
        testnet: use the exchange's test network.
        used: takes what an answer's headers say of budgets.
        timeout: seconds that a request may take.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        key: str,
        secret: str,
        password: str,
        base: str | None,
        testnet: bool,
        timeout: float,
        used: Callable[[Mapping[str, int]], None],
    ) -> None:
        self.timeout = timeout
        self.routes: dict[str, Hears] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._profile = profile
        self._used = used
        self._hidden = [text for text in (secret, key, password, *secret.split("\n")) if text]
        made = self._class()  # first: it loads ccxt, and nothing is open yet if that is cut short
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(keepalive_timeout=_CLOSED_AFTER),
            middlewares=(_once,),
        )
        self.exchange = self._exchange(made, key, secret, password)
        if testnet and profile.demo:
            self.exchange.enable_demo_trading(True)
        elif testnet:
            self.exchange.set_sandbox_mode(True)
        if base is not None:
            self.exchange.urls["api"] = moved(self.exchange.urls["api"], base)

    def _class(self) -> Any:
        """Return ccxt's class, with our hooks."""
        made = class_of(self._profile.exchange)
        return made if self._profile.unified else _hooked(made, self)

    def _exchange(self, made: Any, key: str, secret: str, password: str) -> Any:
        """Return ccxt's object."""
        quiet = logging.Logger("atms.stores.ccxt.wire")
        quiet.disabled = True  # ccxt writes keys and signatures into its log
        options = {"maxRetriesOnFailure": 0, **self._profile.options}
        return made(
            {
                "apiKey": key, "secret": secret, "password": password,
                "session": self._session, "logger": quiet,
                "enableRateLimit": self._profile.unified, "options": options,
                "timeout": int(self.timeout * 1000),
                "enableLastHttpResponse": False, "enableLastJsonResponse": False,
                "enableLastResponseHeaders": False, "timeout_on_exit": 0,
                "streaming": {"keepAlive": int(self._profile.idle * 1000), "maxPingPongMisses": 2},
            }
        )  # fmt: skip

    def clean(self, text: str) -> str:
        """Return a text without our secrets and signatures: a venue may repeat what we sent."""
        for hidden in self._hidden:
            text = text.replace(hidden, "***")
        return _HEADER.sub(r"\g<1>***", _SIGNATURE.sub("signature=***", text))

    def ahead(self, offset: timedelta) -> None:
        """Sign with the venue's time, *offset* after ours, unless the profile fixes that."""
        if "timeDifference" in self._profile.options:
            return
        self.exchange.options["timeDifference"] = -int(offset.total_seconds() * 1000)

    async def call(self, call: Call) -> Any:
        """Send one request, once.

        Raises:
            Said: the venue answered otherwise.
            NotLeft: no byte left.
            Lost: no answer came.
        """
        failure: Exception
        try:
            return await self._in_turn(call)
        except Said as said:
            failure = said.with_text(self.clean(said.text))
        except Exception as error:  # noqa: BLE001 - ccxt's and aiohttp's many; each means one of two
            failure = self._failure(error)
        raise failure  # outside, so that no frame of ccxt's with a signature in it is shown

    async def _in_turn(self, call: Call) -> Any:
        """Send, after those before it have left for certain; what is given up waits for none."""
        if not call.turn:
            return await self._send(call)
        async with self._turns.setdefault(call.turn, asyncio.Lock()):
            sending = asyncio.get_running_loop().create_task(self._send(call))
            try:
                await asyncio.wait([sending], timeout=_LEFT)
            except asyncio.CancelledError:
                sending.cancel()
                raise
        try:
            return await sending
        finally:
            sending.cancel()

    async def _send(self, call: Call) -> Any:
        given = [dict(row) for row in call.rows] if call.rows else dict(call.params)
        return await getattr(self.exchange, call.method)(*call.args, given)

    def _failure(self, error: Exception) -> Exception:
        said = judged(error) if self._profile.unified else None
        if said is not None:
            return said.with_text(self.clean(said.text))
        cause = error.__cause__ or error
        if isinstance(cause, binascii.Error):
            return NotLeft("not sent: the secret is not of this venue's form, which is base64")
        if isinstance(cause, aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError):
            return NotLeft(no_connection(cause, self.timeout))
        if self._session.closed or type(cause).__name__ in _UNSENT:
            return NotLeft(f"not sent: {type(cause).__name__}")
        if isinstance(cause, TimeoutError):
            return Lost(f"no answer within {self.timeout:g} s")
        if isinstance(cause, aiohttp.ClientError):
            return Lost(f"the connection broke before an answer came ({type(cause).__name__})")
        return Lost(f"no readable answer ({type(cause).__name__})")

    def answered(self, status: int, headers: Mapping[str, str], body: str, parsed: Any) -> None:
        """Take an answer; raise `Said` where it is a refusal."""
        self._used(self._profile.used(headers))
        said = self._profile.complaint(status, headers, body, parsed)
        if said is not None:
            raise said

    # ---- websockets -------------------------------------------------------------------------
    def dial(self, url: str, hears: Hears) -> Any:
        """Begin a connection; return ccxt's client of it, whose ``connected`` tells when it is."""
        self.routes[url] = hears
        self.exchange.clients.pop(url, None)
        client = self.exchange.client(url)
        client.connect(self._session)
        return client

    async def hang_up(self, url: str, client: Any) -> None:
        """End a connection."""
        self.routes.pop(url, None)
        self.exchange.clients.pop(url, None)
        await client.close()

    async def close(self) -> None:
        """End all connections."""
        self.routes.clear()
        await self.exchange.close()
        await self._session.close()


def judged(error: Exception) -> Said | None:
    """Return a refusal that ccxt itself saw in an answer; None: there was no answer to see."""
    names = [one.__name__ for one in type(error).__mro__]
    if "RateLimitExceeded" in names or "DDoSProtection" in names:
        return Said(429, "RateLimitExceeded", str(error))
    if "AuthenticationError" in names:
        return Said(401, "AuthenticationError", str(error))
    return Said(400, names[0], str(error)) if "ExchangeError" in names else None


def _hooked(base: type, wire: Wire) -> type:
    """Return ccxt's class with the venue's own words let out: answers, messages, ends."""

    class Hooked(base):
        def handle_errors(  # type: ignore[no-untyped-def]
            self, code, reason, url, method, headers, body, response, sent_headers, sent_body
        ) -> None:
            wire.answered(code, headers, body, response)

        def handle_message(self, client: Any, message: Any) -> None:
            client.lastPong = self.milliseconds()  # some venues' pongs are messages like others
            if message == "pong":  # of venues whose pings are texts: that it lives is all it says
                client.lastPong = self.milliseconds()
                return
            route = wire.routes.get(client.url)
            if route is not None:
                route.heard(message)

        def seconds(self) -> int:
            ahead = int(self.options.get("timeDifference") or 0)
            return int((self.milliseconds() - ahead) // 1000)  # what some signatures are made of

        def on_error(self, client: Any, error: Any) -> None:
            self._ended(client, f"{type(error).__name__}")

        def on_close(self, client: Any, code: Any) -> None:
            self._ended(client, f"closed by the venue ({code})")

        def _ended(self, client: Any, why: str) -> None:
            route = wire.routes.get(client.url)
            if route is not None and self.clients.get(client.url) is client:
                route.lost(why)

        def __del__(self) -> None:
            pass  # the session is ours, and we close it

    return Hooked

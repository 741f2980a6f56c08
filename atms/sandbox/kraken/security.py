"""Kraken's signatures, nonces and tokens (docs.kraken.com, "Spot REST authentication")."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl

from atms.sandbox.kraken.refusals import KrakenError
from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.keys import ApiKey

TOKEN_LIFE = 900  # seconds that a token may be shown for the first time


def parameters(body: str, content_type: str) -> dict[str, str]:
    """Return what a request's body holds, as text.

    Raises:
        KrakenError: it cannot be read.
    """
    if not content_type.startswith("application/json"):
        return dict(parse_qsl(body, keep_blank_values=True))
    try:
        told = json.loads(body)
    except ValueError:
        raise KrakenError("EGeneral:Invalid arguments") from None
    if not isinstance(told, dict):
        raise KrakenError("EGeneral:Invalid arguments")
    return {
        name: json.dumps(one) if isinstance(one, bool) else str(one) for name, one in told.items()
    }


class Security:
    """What is known of keys.

    Args:
        window: how far below the highest nonce one may be that was not used.
    """

    def __init__(self, keys: Mapping[str, ApiKey], clock: Clock, window: int) -> None:
        self._keys, self._clock, self._window = keys, clock, window
        self._nonces: dict[str, set[int]] = {}
        self._tokens: dict[str, tuple[ApiKey, int]] = {}

    def check(
        self, path: str, headers: Mapping[str, str], body: str, given: Mapping[str, str]
    ) -> ApiKey:
        """Return the key that a request is signed with.

        Raises:
            KrakenError: the key, the signature or the nonce is wrong.
        """
        key = self._keys.get(headers.get("API-Key", ""))
        if key is None:
            raise KrakenError("EAPI:Invalid key")
        nonce = given.get("nonce", "")
        if not hmac.compare_digest(_signature(key, path, nonce, body), headers.get("API-Sign", "")):
            raise KrakenError("EAPI:Invalid signature")
        if not nonce.isdigit() or not self._takes(key.key, int(nonce)):
            raise KrakenError("EAPI:Invalid nonce")
        return key

    def _takes(self, key: str, nonce: int) -> bool:
        used = self._nonces.setdefault(key, set())
        highest = max(used, default=0)
        if nonce in used or nonce <= highest - self._window:
            return False
        if nonce < highest and not self._window:
            return False
        used.add(nonce)
        highest = max(highest, nonce)
        self._nonces[key] = {one for one in used if one >= highest - self._window}
        return True

    def nonce(self, key: str) -> int:
        """Return the highest nonce of a key."""
        return max(self._nonces.get(key, ()), default=0)

    @property
    def window(self) -> int:
        """How far below the highest a nonce may be."""
        return self._window

    def token(self, key: ApiKey) -> str:
        """Return a new token for websockets."""
        made = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        self._tokens[made] = (key, self._clock.now())
        return made

    def shows(self, token: str) -> bool:
        """Return whether a token may be used now; once it was, it lives on."""
        found = self._tokens.get(token)
        if found is None or self._clock.now() - found[1] > TOKEN_LIFE * 1000:
            return False
        self._tokens[token] = (found[0], 2**62)
        return True


def _signature(key: ApiKey, path: str, nonce: str, body: str) -> str:
    try:
        secret = base64.b64decode(key.secret)
    except binascii.Error:
        return ""
    digest = hashlib.sha256((nonce + body).encode()).digest()
    return base64.b64encode(
        hmac.new(secret, path.encode() + digest, hashlib.sha512).digest()
    ).decode()

"""Keys, and the tokens that they sign: JWT with ES256, bound to one request, for two minutes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import uuid
from typing import Any

from atms.sandbox.coinbase.refusals import Refused
from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.keys import ApiKey

_LASTS = 120  # seconds, at most
_SIZE = 32  # bytes of each half of a signature


def new_key(key: str | None, secret: str | None, *, may_withdraw: bool, created: int) -> ApiKey:
    """Return a key: its name, and its private key as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    name = key or f"organizations/{uuid.uuid4()}/apiKeys/{uuid.uuid4()}"
    if secret is None:
        made = ec.generate_private_key(ec.SECP256R1())
        secret = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode()  # fmt: skip
    return ApiKey(name, secret.replace("\\n", "\n"), may_withdraw=may_withdraw, created=created)


class Tokens:
    """Verifies tokens.

    Args:
        keys: name -> key.
    """

    def __init__(self, clock: Clock, keys: dict[str, ApiKey]) -> None:
        self._clock, self._keys = clock, keys
        self._public: dict[str, Any] = {}

    def of_request(self, header: str, method: str, path: str) -> ApiKey:
        """Return the key that a request's ``Authorization`` is signed with.

        Raises:
            Refused: 401, it is none, of another request, or over.
        """
        word, _, token = header.partition(" ")
        claims = self._claims(token) if word == "Bearer" else None
        said, _, where = str(claims.get("uri", "") if claims else "").partition(" ")
        place = where.partition("://")[2] or where
        if claims is None or said != method or place.partition("/")[2] != path.lstrip("/"):
            raise Refused(401, "Unauthorized")
        return self._keys[claims["sub"]]

    def of_stream(self, token: str) -> ApiKey | None:
        """Return the key that a websocket's message is signed with; None: it is none."""
        claims = self._claims(token)
        return self._keys[claims["sub"]] if claims else None

    def _claims(self, token: str) -> dict[str, Any] | None:
        """Return what a token says; None: it is not signed by a key, or not of now."""
        try:
            head, body, signature = token.split(".")
            header, claims = json.loads(_bytes(head)), json.loads(_bytes(body))
            signed = header["alg"] == "ES256" and header["kid"] == claims["sub"]
            if not signed or not self._verifies(claims["sub"], f"{head}.{body}", _bytes(signature)):
                return None
            now = self._clock.now() / 1000
            begun, over = claims["nbf"], claims["exp"]
            fits = begun <= now < over <= begun + _LASTS and claims["iss"] == "coinbase-cloud"
        except (ValueError, KeyError, TypeError, binascii.Error):
            return None
        return claims if fits else None

    def _verifies(self, name: str, text: str, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        if name not in self._keys or len(signature) != 2 * _SIZE:
            return False
        if name not in self._public:
            secret = self._keys[name].secret.encode()
            self._public[name] = serialization.load_pem_private_key(secret, None).public_key()
        r, s = (int.from_bytes(part, "big") for part in (signature[:_SIZE], signature[_SIZE:]))
        digest = hashlib.sha256(text.encode()).digest()
        try:
            self._public[name].verify(
                utils.encode_dss_signature(r, s), digest,
                ec.ECDSA(utils.Prehashed(hashes.SHA256())),
            )  # fmt: skip
        except InvalidSignature:
            return False
        return True


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

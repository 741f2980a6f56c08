"""Who may ask: keys with passphrases, signatures and the time of a request."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from atms.sandbox.okx.refusals import Refused
from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.keys import ApiKey

_WINDOW = 30_000  # milliseconds that a signed request is good for, before and after
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
_HEADERS = (
    ("OK-ACCESS-KEY", "50103"), ("OK-ACCESS-SIGN", "50106"), ("OK-ACCESS-TIMESTAMP", "50107"),
    ("OK-ACCESS-PASSPHRASE", "50104"),
)  # fmt: skip


def check_request(
    keys: Mapping[str, ApiKey], clock: Clock, method: str, path: str, body: str,
    headers: Mapping[str, str],
) -> ApiKey:  # fmt: skip
    """Return the key that a request came with.

    Raises:
        Refused: a header is missing or wrong.
    """
    for name, code in _HEADERS:
        if not headers.get(name):
            raise Refused(code)
    stamp = headers["OK-ACCESS-TIMESTAMP"]
    try:
        at = datetime.strptime(stamp, _FORM).replace(tzinfo=UTC).timestamp() * 1000
    except ValueError:
        raise Refused("50112") from None
    if abs(clock.now() - at) > _WINDOW:
        raise Refused("50102")
    key = keys.get(headers["OK-ACCESS-KEY"])
    if key is None:
        raise Refused("50119")
    if headers["OK-ACCESS-PASSPHRASE"] != key.passphrase:
        raise Refused("50105")
    if not _signed(key, f"{stamp}{method}{path}{body}", headers["OK-ACCESS-SIGN"]):
        raise Refused("50113")
    return key


def login_trouble(keys: Mapping[str, ApiKey], clock: Clock, given: Mapping[str, str]) -> str:
    """Return the code with which a websocket's login is refused; empty: it is not."""
    key, stamp = keys.get(given.get("apiKey", "")), given.get("timestamp", "")
    if key is None:
        return "60005"
    if not re.fullmatch(r"[0-9]{10}(\.[0-9]{1,3})?", stamp):
        return "60004"
    if abs(clock.now() - float(stamp) * 1000) > _WINDOW:
        return "60006"
    if given.get("passphrase") != key.passphrase:
        return "60024"
    return "" if _signed(key, f"{stamp}GET/users/self/verify", given.get("sign", "")) else "60007"


def _signed(key: ApiKey, text: str, signature: str) -> bool:
    right = base64.b64encode(hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).digest())
    return hmac.compare_digest(right, signature.encode())

"""Who asks: key, time, passphrase and signature of a request (docs-new, "Authentication")."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from atms.sandbox.kucoin.refusals import Refused
from atms.sandbox.kucoin.venue import KucoinVenue
from atms.sandbox.venue.keys import ApiKey

_WINDOW = 5000  # ms that a request may be away from the venue's clock
_HEADERS = ("KC-API-KEY", "KC-API-SIGN", "KC-API-TIMESTAMP", "KC-API-PASSPHRASE")


def signed(secret: str, text: str) -> str:
    """Return base64 of the HMAC-SHA256 of a text."""
    made = hmac.new(secret.encode(), text.encode(), hashlib.sha256)
    return base64.b64encode(made.digest()).decode()


def checked(venue: KucoinVenue, headers: Mapping[str, str], asked: str) -> ApiKey:
    """Return whose key it is; *asked*: method, path with its query, and body, in one text.

    Raises:
        Refused: 400001 to 400005.
    """
    if any(not headers.get(name) for name in _HEADERS):
        raise Refused("400001", "Please check the header of your request for KC-API-KEY, "
                      "KC-API-SIGN, KC-API-TIMESTAMP, KC-API-PASSPHRASE", 401)  # fmt: skip
    key = venue.keys.get(headers["KC-API-KEY"])
    if key is None:
        raise Refused("400003", "KC-API-KEY not exists", 401)
    stamp = headers["KC-API-TIMESTAMP"]
    if not stamp.isdigit() or abs(int(stamp) - venue.clock.now()) > _WINDOW:
        raise Refused("400002", "KC-API-TIMESTAMP Invalid", 401)
    # since the second version of keys the passphrase is signed too
    phrase = key.passphrase
    if headers.get("KC-API-KEY-VERSION", "1") != "1":
        phrase = signed(key.secret, phrase)
    if not hmac.compare_digest(headers["KC-API-PASSPHRASE"], phrase):
        raise Refused("400004", "Invalid KC-API-PASSPHRASE", 401)
    if not hmac.compare_digest(headers["KC-API-SIGN"], signed(key.secret, stamp + asked)):
        raise Refused("400005", "Invalid KC-API-SIGN", 401)
    return key

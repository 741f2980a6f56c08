"""Who may ask: keys, signatures, times, and how often."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from atms.sandbox.bybit.refusals import Refused
from atms.sandbox.bybit.venue import BybitGrounds
from atms.sandbox.venue.keys import ApiKey

_WINDOW = 5000  # ms, where a request does not say
_AHEAD = 1000


def sign(secret: str, text: str) -> str:
    """Return the signature of a text."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def authenticate(venue: BybitGrounds, headers: Mapping[str, str], payload: str) -> ApiKey:
    """Return the key of a request, by its headers.

    Args:
        payload: the query as it was sent, or the body.

    Raises:
        Refused: no key, an unknown one, a wrong signature or time.
    """
    key, stamp = headers.get("X-BAPI-API-KEY", ""), headers.get("X-BAPI-TIMESTAMP", "")
    signature = headers.get("X-BAPI-SIGN", "")
    window = headers.get("X-BAPI-RECV-WINDOW", str(_WINDOW))
    if not key or not signature or not stamp.isdigit() or not window.isdigit():
        raise Refused(10003, "API key is invalid.", status=401)
    if key not in venue.keys:
        raise Refused(10003, "API key is invalid.")
    now, at = venue.clock.now(), int(stamp)
    if not now - int(window) <= at < now + _AHEAD:
        raise Refused(
            10002, "invalid request, please check your server timestamp or recv_window param. "
            f"req_timestamp[{at}],server_timestamp[{now}],recv_window[{window}]",
        )  # fmt: skip
    own = venue.keys[key]
    if not hmac.compare_digest(sign(own.secret, stamp + key + window + payload), signature):
        raise Refused(10004, "error sign! please check your signature generation algorithm.")
    return own


def log_in(venue: BybitGrounds, args: object) -> ApiKey | None:
    """Return the key of a websocket's login; None: it is not let in."""
    if not isinstance(args, list) or len(args) != 3:
        return None
    key, expires, signature = map(str, args)
    own = venue.keys.get(key)
    if own is None or not expires.isdigit() or int(expires) <= venue.clock.now():
        return None
    right = sign(own.secret, f"GET/realtime{expires}")
    return own if hmac.compare_digest(right, signature) else None

"""Who may ask: keys, signatures and the time of a request (rest-api.md, Request security)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

from atms.sandbox.binance.refusals import Refused, missing
from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.keys import ApiKey

_WINDOW = 5000
_LONGEST = 60_000
_KEY = re.compile(r"[A-Za-z0-9]{8,128}")
_MICROSECONDS = 10**15  # a timestamp beyond this is one in microseconds


def known_key(keys: Mapping[str, ApiKey], key: str | None) -> ApiKey:
    """Return the key that a request came with.

    Raises:
        Refused: -2014 for none or a malformed one, -2015 for an unknown one.
    """
    if not key or not _KEY.fullmatch(key):
        raise Refused(-2014, "API-key format invalid.", status=401)
    if key not in keys:
        raise Refused(-2015, "Invalid API-key, IP, or permissions for action.", status=401)
    return keys[key]


def check_time(sent: Mapping[str, str], clock: Clock) -> None:
    """Check the timestamp of a signed request against its window.

    Raises:
        Refused: -1102, -1131 or -1021.
    """
    stamp = sent.get("timestamp", "")
    if not re.fullmatch(r"[0-9]{1,20}", stamp):
        raise missing("timestamp")
    window = sent.get("recvWindow", str(_WINDOW))
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", window):
        raise missing("recvWindow")
    if float(window) > _LONGEST:
        raise Refused(-1131, "recvWindow must be less than 60000.")
    sent_at = int(stamp) // 1000 if int(stamp) > _MICROSECONDS else int(stamp)
    now = clock.now()
    if sent_at >= now + 1000:
        raise Refused(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now - sent_at > float(window):
        raise Refused(-1021, "Timestamp for this request is outside of the recvWindow.")


def check_signature(key: ApiKey, payload: str, signature: str | None) -> None:
    """Check the HMAC SHA256 of *payload*, whatever the case of its letters.

    Raises:
        Refused: -1102 for none, -1022 for a wrong one.
    """
    if not signature:
        raise missing("signature")
    right = hmac.new(key.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right, signature.lower()):
        raise Refused(-1022, "Signature for this request is not valid.")

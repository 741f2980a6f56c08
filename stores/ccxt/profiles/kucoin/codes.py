"""What KuCoin's answers mean for a write: raw code and message -> Reason, or not known.

Facts of its page of errors (docs-new, "Enums Definitions"), and of answers that users have shown. A
code that is not here means that nobody knows what became of the write: the order is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from atms.stores.ccxt.calls import Said
from atms.stores.outcomes import Reason

R = Reason
FINE = "200000"
# The venue does not know itself what it did. Listed to be seen; what is not listed counts the same.
UNKNOWN = frozenset({"230005", "408000", "500000", "126038", "126039"})

REASONS: Mapping[str, Reason] = {
    "1015": R.RATE, "429000": R.RATE,
    "400002": R.CLOCK,
    # the key: not given, unknown, its passphrase, its signature, its addresses, its rights
    "400001": R.NO_PERMISSION, "400003": R.NO_PERMISSION, "400004": R.NO_PERMISSION,
    "400005": R.NO_PERMISSION, "400006": R.NO_PERMISSION, "400007": R.NO_PERMISSION,
    # the account
    "112010": R.NO_PERMISSION, "200009": R.NO_PERMISSION, "400303": R.NO_PERMISSION,
    "400500": R.NO_PERMISSION, "400700": R.NO_PERMISSION, "411100": R.NO_PERMISSION,
    "200003": R.LIMITS, "400350": R.LIMITS,
    "102421": R.FUNDS, "126013": R.FUNDS, "200004": R.FUNDS, "210021": R.FUNDS, "230003": R.FUNDS,
    # the market
    "200001": R.CLOSED_MARKET, "200002": R.CLOSED_MARKET, "400200": R.CLOSED_MARKET,
    "400600": R.CLOSED_MARKET, "600203": R.CLOSED_MARKET, "900001": R.OTHER,
    # the order
    "102426": R.DUPLICATE_KEY, "126033": R.DUPLICATE_KEY, "126044": R.DUPLICATE_KEY,
    "400330": R.FILTER, "400370": R.FILTER, "400760": R.FILTER, "600100": R.FILTER,
    "600101": R.FILTER,
    "100001": R.NOT_OPEN, "100004": R.NOT_OPEN, "126043": R.NOT_OPEN,
    "order_not_exist": R.NOT_OPEN,
    # what was sent is not of the form
    "400100": R.OTHER, "400400": R.OTHER, "401000": R.OTHER, "404000": R.OTHER, "415000": R.OTHER,
}  # fmt: skip

# "parameter error" is said of much; the first fragment that is found counts
_BY_MESSAGE = "400100"
MESSAGES: tuple[tuple[str, Reason], ...] = (
    ("clientoidduplicated", R.DUPLICATE_KEY),
    ("order_not_exist", R.NOT_OPEN),
    ("order not exist", R.NOT_OPEN),
    ("order does not exist", R.NOT_OPEN),
    ("account.available.amount", R.FUNDS),
    ("below the minimum", R.FILTER),
    ("increment", R.FILTER),
    ("not in the given range", R.FILTER),
)
NO_ORDER = frozenset({"100001", "126043", "400100", "order_not_exist"})
_TURNED_AWAY = {403: "1015", 429: "429000"}  # refused before anything looked at it
_BLOCK = timedelta(seconds=30)  # of the firewall in front, and of a window of the rate limits


def judge(said: Said) -> Reason | None:
    """Return why a write was refused; None: it may have been carried out."""
    if said.status >= 500 or said.code in UNKNOWN:
        return None
    if said.code == _BY_MESSAGE:
        text = said.text.lower()
        for fragment, reason in MESSAGES:
            if fragment in text:
                return reason
    return REASONS.get(said.code)


def complaint(status: int, headers: Mapping[str, str], body: str, parsed: Any) -> Said | None:
    """Return what is wrong with an answer; None: nothing is.

    A refusal has its own code whatever HTTP says: most come with 200.
    """
    fields = parsed if isinstance(parsed, dict) else {}
    code = str(fields.get("code", ""))
    if status < 400 and code in ("", FINE):
        return None
    text = str(fields.get("msg") or " ".join(body.split())[:120])
    if not code or code == FINE:
        code = _TURNED_AWAY.get(status, "")
    wait = _retry_after(headers) if REASONS.get(code) is Reason.RATE else None
    return Said(status, code, text, wait)


def _retry_after(headers: Mapping[str, str]) -> timedelta:
    """Return how long to send nothing: until the window of the limits is over."""
    lower = {name.lower(): value for name, value in headers.items()}
    left = lower.get("gw-ratelimit-reset", "")
    return timedelta(milliseconds=int(left)) if left.isdigit() else _BLOCK

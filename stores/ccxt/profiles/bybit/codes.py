"""What Bybit's answers mean for a write: retCode -> Reason, or not known.

Facts of its page "Error Codes". A code that is not here means that nobody knows what became of the
write: the order is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from atms.stores.ccxt.calls import Said
from atms.stores.outcomes import Reason

R = Reason
# The venue does not know itself what it did, or it is still doing it. Listed to be seen; what is
# not listed counts the same.
UNKNOWN = frozenset({
    "10000", "10014", "10016", "10019", "5004", "170001", "170007", "170032", "170035", "170146",
    "170147", "170149", "170150", "170212", "170234",
})  # fmt: skip

REASONS: Mapping[str, Reason] = {
    # before an order is looked at
    "10001": R.OTHER, "10002": R.CLOCK, "10003": R.NO_PERMISSION, "10004": R.NO_PERMISSION,
    "10005": R.NO_PERMISSION, "10006": R.RATE, "10007": R.NO_PERMISSION, "10008": R.NO_PERMISSION,
    "10009": R.NO_PERMISSION, "10010": R.NO_PERMISSION, "10017": R.OTHER, "10018": R.RATE,
    "10024": R.NO_PERMISSION, "10027": R.NO_PERMISSION, "10028": R.NO_PERMISSION,
    "10029": R.NO_PERMISSION, "33004": R.NO_PERMISSION, "100028": R.NO_PERMISSION,
    "-2015": R.NO_PERMISSION, "170005": R.RATE, "170222": R.RATE,
    # what was asked for has no words, or is not traded now
    "170031": R.CLOSED_MARKET, "170105": R.OTHER, "170115": R.OTHER, "170116": R.OTHER,
    "170117": R.OTHER, "170121": R.OTHER, "170130": R.OTHER, "170145": R.OTHER,
    "170151": R.CLOSED_MARKET, "170157": R.CLOSED_MARKET, "170159": R.CLOSED_MARKET,
    "170201": R.NO_PERMISSION, "170202": R.OTHER, "170210": R.OTHER, "170217": R.OTHER,
    "170219": R.NO_PERMISSION, "170221": R.OTHER, "170224": R.NO_PERMISSION, "170227": R.OTHER,
    "170241": R.NO_PERMISSION, "170709": R.NO_PERMISSION,
    # filters
    "170124": R.FILTER, "170132": R.FILTER, "170133": R.FILTER, "170134": R.FILTER,
    "170135": R.FILTER, "170136": R.FILTER, "170137": R.FILTER, "170140": R.FILTER,
    "170148": R.FILTER, "170192": R.FILTER, "170193": R.FILTER, "170194": R.FILTER,
    "170197": R.FILTER, "170198": R.FILTER, "170228": R.FILTER, "170229": R.FILTER,
    "170341": R.FILTER, "170371": R.FILTER, "170372": R.FILTER, "110003": R.FILTER,
    "110094": R.FILTER,
    # funds, keys, numbers of orders
    "170033": R.FUNDS, "170034": R.FUNDS, "170131": R.FUNDS, "110004": R.FUNDS, "110007": R.FUNDS,
    "110012": R.FUNDS, "110044": R.FUNDS, "110045": R.FUNDS,
    "170141": R.DUPLICATE_KEY, "110072": R.DUPLICATE_KEY,
    "170218": R.WOULD_TAKE, "170810": R.LIMITS, "110020": R.LIMITS,
    # of a cancellation
    "170139": R.NOT_OPEN, "170142": R.NOT_OPEN, "170143": R.NOT_OPEN, "170190": R.NOT_OPEN,
    "170213": R.NOT_OPEN, "110001": R.NOT_OPEN, "110008": R.NOT_OPEN, "110010": R.NOT_OPEN,
    "170144": R.OTHER, "170191": R.OTHER, "110079": R.OTHER,
}  # fmt: skip
NO_SUCH_ORDER = ("170213", "110001")
NO_SUCH_SYMBOL = ("10001", "10029", "170121")
# Refused before anything looked at it: HTTP's own answers, with or without a code behind.
_TURNED_AWAY = {401: R.NO_PERMISSION, 403: R.RATE, 404: R.OTHER, 429: R.RATE}
_ADDRESS_BARRED = timedelta(minutes=10)  # "wait for at least 10 minutes"
_BUSY = timedelta(seconds=2)
_WINDOW = timedelta(seconds=1)  # of the limits of one endpoint


def judge(said: Said) -> Reason | None:
    """Return why a write was refused; None: it may have been carried out."""
    if said.status >= 500 or said.code in UNKNOWN:
        return None
    return REASONS.get(said.code) or _TURNED_AWAY.get(said.status)


def complaint(status: int, headers: Mapping[str, str], body: str, parsed: Any) -> Said | None:
    """Return what is wrong with an answer; None: nothing is."""
    fields = parsed if isinstance(parsed, dict) else {}
    code = str(fields.get("retCode", ""))
    if status < 400 and code == "0":
        return None
    text = str(fields.get("retMsg") or " ".join(body.split())[:120] or f"HTTP {status}")
    if status < 400 and not code:
        return None  # of no form that is known; whoever reads it will see
    wait, bans = _wait(status, code, headers, fields)
    return Said(status, "" if code == "0" else code, text, wait, bans=bans)


def _wait(
    status: int, code: str, headers: Mapping[str, str], fields: Mapping[str, Any]
) -> tuple[timedelta | None, bool]:
    """Return how long to send nothing, and whether that is of all requests."""
    if status == 403 or code == "10018":
        return _ADDRESS_BARRED, True
    if status == 429:
        return _BUSY, True
    if code not in ("10006", "170005", "170222"):
        return None, True
    lower = {name.lower(): value for name, value in headers.items()}
    reset, now = lower.get("x-bapi-limit-reset-timestamp", ""), fields.get("time")
    if not reset.isdigit() or not isinstance(now, int):
        return _WINDOW, False
    left = timedelta(milliseconds=int(reset) - now)
    return min(max(left, timedelta(milliseconds=50)), 5 * _WINDOW), False

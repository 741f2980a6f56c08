"""What Binance spot's answers mean for a write: raw code and message -> Reason, or not known.

Facts of its errors.md. A code that is not here means that nobody knows what became of the write:
the order is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from atms.stores.ccxt.calls import Said
from atms.stores.outcomes import Reason

R = Reason
# The venue does not know itself what it did. Listed to be seen; what is not listed counts the same.
UNKNOWN = frozenset({"-1000", "-1001", "-1006", "-1007", "-1008", "-1016", "-2021", "-2022"})

REASONS: Mapping[str, Reason] = {
    "-1002": R.NO_PERMISSION, "-1003": R.RATE, "-1013": R.FILTER, "-1014": R.OTHER,
    "-1015": R.RATE, "-1020": R.OTHER, "-1021": R.CLOCK, "-1022": R.NO_PERMISSION,
    "-1033": R.OTHER, "-1034": R.RATE, "-1035": R.OTHER, "-1099": R.NO_PERMISSION,
    # what was sent is not of the form
    "-1100": R.OTHER, "-1101": R.OTHER, "-1102": R.OTHER, "-1103": R.OTHER, "-1104": R.OTHER,
    "-1105": R.OTHER, "-1106": R.OTHER, "-1108": R.OTHER, "-1111": R.FILTER, "-1112": R.OTHER,
    "-1114": R.OTHER, "-1115": R.OTHER, "-1116": R.OTHER, "-1117": R.OTHER, "-1118": R.OTHER,
    "-1119": R.OTHER, "-1120": R.OTHER, "-1121": R.OTHER, "-1122": R.OTHER, "-1125": R.OTHER,
    "-1127": R.OTHER, "-1128": R.OTHER, "-1130": R.OTHER, "-1131": R.CLOCK, "-1134": R.OTHER,
    "-1135": R.OTHER, "-1139": R.OTHER, "-1145": R.OTHER, "-1151": R.OTHER, "-1152": R.OTHER,
    "-1153": R.OTHER, "-1155": R.OTHER, "-1161": R.OTHER, "-1194": R.OTHER, "-1210": R.OTHER,
    "-1211": R.OTHER, "-1220": R.CLOSED_MARKET, "-1221": R.OTHER,
    # orders that belong together, and do not fit together
    "-1158": R.OTHER, "-1160": R.OTHER, "-1165": R.OTHER, "-1166": R.OTHER, "-1168": R.OTHER,
    "-1196": R.OTHER, "-1197": R.OTHER, "-1198": R.OTHER, "-1199": R.OTHER, "-1222": R.OTHER,
    "-1223": R.OTHER, "-1224": R.OTHER, "-1225": R.OTHER,
    # of the FIX interface; not met here
    "-1169": R.OTHER, "-1170": R.OTHER, "-1171": R.OTHER, "-1172": R.OTHER, "-1173": R.OTHER,
    "-1174": R.OTHER, "-1175": R.OTHER, "-1176": R.OTHER, "-1177": R.OTHER, "-1178": R.OTHER,
    "-1179": R.OTHER, "-1180": R.OTHER, "-1181": R.RATE, "-1182": R.OTHER, "-1183": R.OTHER,
    "-1184": R.OTHER, "-1185": R.OTHER, "-1186": R.OTHER, "-1187": R.OTHER, "-1188": R.OTHER,
    "-1189": R.OTHER, "-1190": R.OTHER, "-1191": R.LIMITS,
    # the matching engine's
    "-1010": R.OTHER, "-2010": R.OTHER, "-2011": R.NOT_OPEN, "-2013": R.NOT_OPEN,
    "-2008": R.NO_PERMISSION, "-2014": R.NO_PERMISSION, "-2015": R.NO_PERMISSION,
    "-2016": R.OTHER, "-2026": R.NOT_OPEN, "-2035": R.OTHER, "-2036": R.OTHER,
    "-2038": R.OTHER, "-2039": R.OTHER, "-2042": R.LIMITS,
}  # fmt: skip

# codes whose message says more; the first fragment that is found counts
_BY_MESSAGE = frozenset({"-1010", "-1013", "-2010", "-2011", "-2038"})
MESSAGES: tuple[tuple[str, Reason], ...] = (
    ("insufficient balance", R.FUNDS),
    ("duplicate order sent", R.DUPLICATE_KEY),
    ("would trigger immediately", R.WOULD_TRIGGER),
    ("would immediately match and take", R.WOULD_TAKE),
    ("unknown order sent", R.NOT_OPEN),
    ("cancel restrictions", R.NOT_OPEN),
    ("market is closed", R.CLOSED_MARKET),
    ("disabled on this account", R.NO_PERMISSION),
    ("may not place or cancel orders", R.NO_PERMISSION),
    ("not permitted for this account", R.NO_PERMISSION),
    ("restricted for this account", R.NO_PERMISSION),
    ("trading is not enabled", R.NO_PERMISSION),
    ("price * qty is zero", R.FILTER),
    ("filter failure: max_", R.LIMITS),  # so many orders, or so large a position
    ("filter failure: exchange_max_", R.LIMITS),
    ("filter failure", R.FILTER),
)
# Refused before anything looked at it: by the rate limits, or by the firewall in front.
_TURNED_AWAY = {403: "403", 418: "-1003", 429: "-1003"}
_ORDERS = (("per 1 DAY", timedelta(days=1)), ("per 1 MINUTE", timedelta(minutes=1)))
_BANNED_UNTIL = re.compile(r"banned until (\d{13})")
_TAGS = re.compile(r"<[^>]*>")


def judge(said: Said) -> Reason | None:
    """Return why a write was refused; None: it may have been carried out."""
    if said.status >= 500 or said.code in UNKNOWN:
        return None
    if said.status in _TURNED_AWAY:
        return Reason.RATE
    if said.code in _BY_MESSAGE:
        text = said.text.lower()
        for fragment, reason in MESSAGES:
            if fragment in text:
                return reason
    return REASONS.get(said.code)


def complaint(status: int, headers: Mapping[str, str], body: str, parsed: Any) -> Said | None:
    """Return what is wrong with an answer; None: nothing is."""
    fields = parsed if isinstance(parsed, dict) else {}
    code = fields.get("code")
    if status < 400 and not (isinstance(code, int) and code < 0):
        return None
    text = str(fields["msg"]) if "msg" in fields else " ".join(_TAGS.sub(" ", body).split())[:120]
    named = str(code) if code is not None else ""
    if status in _TURNED_AWAY and not named:
        named = _TURNED_AWAY[status]
    wait = _retry_after(status, headers, named, text)
    return Said(status, named, text, wait, bans=named != "-1015")  # cancels still go


def used(headers: Mapping[str, str], names: Mapping[str, str]) -> dict[str, int]:
    """Return name of a budget -> units used; *names*: header, in small letters -> budget."""
    lower = {name.lower(): value for name, value in headers.items()}
    return {
        budget: int(lower[name]) for name, budget in names.items() if lower.get(name, "").isdigit()
    }


def _retry_after(status: int, headers: Mapping[str, str], code: str, text: str) -> timedelta | None:
    """Return how long to send nothing; where a limit is named without a time, its interval."""
    lower = {name.lower(): value for name, value in headers.items()}
    if lower.get("retry-after", "").isdigit():
        return timedelta(seconds=int(lower["retry-after"]))
    banned = _BANNED_UNTIL.search(text)
    if banned:
        until = datetime.fromtimestamp(int(banned[1]) / 1000, UTC)
        return max(timedelta(seconds=1), until - datetime.now(UTC))
    if code == "-1015":  # of orders; it is told without a time
        return next((wait for words, wait in _ORDERS if words in text), timedelta(seconds=10))
    if status in _TURNED_AWAY or code == "-1003":
        return timedelta(minutes=2) if status == 418 else timedelta(minutes=1)
    return None

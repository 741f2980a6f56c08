"""What Kraken's answers mean for a write: its words -> Reason, or not known.

Facts of its pages "Error messages" and "Spot trading limits". Errors come with HTTP 200, in a list;
one may have more words behind it. What is not here leaves it open what became of the write.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from atms.stores.ccxt.calls import Said
from atms.stores.outcomes import Reason

R = Reason
# The venue may have done it. Listed to be seen; what is not listed counts the same.
UNKNOWN = (
    "EService:Unavailable", "EService:Busy", "EService:Timeout", "EService:Deadline elapsed",
    "EGeneral:Internal error", "EGeneral:Unknown error", "EDatabase:",
)  # fmt: skip
# how an error begins -> what it means; the longest that fits counts
REASONS: Mapping[str, Reason] = {
    "EOrder:Insufficient funds": R.FUNDS, "EOrder:Insufficient margin": R.FUNDS,
    "EOrder:Margin allowance exceeded": R.FUNDS, "EOrder:Margin level too low": R.FUNDS,
    "EOrder:Order minimum not met": R.FILTER, "EOrder:Cost minimum not met": R.FILTER,
    "EOrder:Tick size check failed": R.FILTER, "EOrder:Invalid price": R.FILTER,
    "EOrder:Invalid volume": R.FILTER, "EGeneral:Invalid arguments:volume": R.FILTER,
    "EGeneral:Invalid arguments:price": R.FILTER, "EGeneral:Invalid arguments:price2": R.FILTER,
    "EOrder:Duplicate": R.DUPLICATE_KEY, "EGeneral:Invalid arguments:cl_ord_id": R.DUPLICATE_KEY,
    "EOrder:Post only order": R.WOULD_TAKE,
    "EOrder:Unknown order": R.NOT_OPEN, "EOrder:Invalid order": R.NOT_OPEN,
    "EOrder:Orders limit exceeded": R.LIMITS, "EOrder:Scheduled orders limit exceeded": R.LIMITS,
    "EOrder:Positions limit exceeded": R.LIMITS, "EBM:limit exceeded": R.LIMITS,
    "EOrder:Margin position size exceeded": R.LIMITS,
    "EOrder:Reduce only": R.REDUCE_ONLY,
    "EOrder:Rate limit exceeded": R.RATE, "EOrder:Domain rate limit exceeded": R.RATE,
    "EAPI:Rate limit exceeded": R.RATE, "EGeneral:Too many requests": R.RATE,
    "EAuth:Rate limit exceeded": R.RATE, "EAuth:Too many requests": R.RATE,
    "EService:Throttled": R.RATE, "EGeneral:Temporary lockout": R.RATE,
    "EAPI:Invalid nonce": R.CLOCK,
    "EAPI:Invalid key": R.NO_PERMISSION, "EAPI:Invalid signature": R.NO_PERMISSION,
    "EAPI:Invalid token": R.NO_PERMISSION, "EAPI:Permission denied": R.NO_PERMISSION,
    "EGeneral:Permission denied": R.NO_PERMISSION, "EAccount:Invalid permissions": R.NO_PERMISSION,
    "ESession:Invalid session": R.NO_PERMISSION, "EAuth:": R.NO_PERMISSION,
    "ETrade:User Locked": R.NO_PERMISSION, "EOrder:Trading agreement required": R.NO_PERMISSION,
    "EOrder:Cannot open": R.NO_PERMISSION,
    "EService:Market in": R.CLOSED_MARKET,
    "EQuery:Unknown asset pair": R.OTHER, "EQuery:Invalid asset pair": R.OTHER,
    "EQuery:Unknown asset": R.OTHER, "EGeneral:Invalid arguments": R.OTHER,
    "EGeneral:Unknown method": R.OTHER, "ETrade:Invalid request": R.OTHER,
    "EAPI:Bad request": R.OTHER, "EAPI:Feature disabled": R.OTHER,
}  # fmt: skip
# how long to send nothing where the venue does not say it; the counters fall by themselves
_WAITS: Mapping[str, timedelta] = {
    "EGeneral:Temporary lockout": timedelta(minutes=15),
    "EOrder:Rate limit exceeded": timedelta(seconds=5),
    "EOrder:Domain rate limit exceeded": timedelta(seconds=15),
    "EAPI:Rate limit exceeded": timedelta(seconds=15),
    "EAuth:": timedelta(seconds=60), "EGeneral:Too many requests": timedelta(seconds=15),
    "EService:Throttled": timedelta(seconds=15),
}  # fmt: skip
_OF_ORDERS = "EOrder:"  # such a limit is of one pair's orders: reads go on
_TURNED_AWAY = (403, 429)  # by the firewall in front: nothing has looked at it
_UNTIL = re.compile(r"Throttled:\s*(\d{10})")
_TAGS = re.compile(r"<[^>]*>")


def judge(said: Said) -> Reason | None:
    """Return why a write was refused; None: it may have been carried out."""
    if said.status >= 500:
        return None
    if said.status in _TURNED_AWAY:
        return Reason.RATE
    if said.code.startswith(UNKNOWN):
        return None
    found = _longest(REASONS, said.code)
    return REASONS[found] if found else None


def complaint(status: int, body: str, parsed: Any, headers: Mapping[str, str]) -> Said | None:
    """Return what is wrong with an answer; None: nothing is. Words with a W only warn."""
    told = parsed.get("error") if isinstance(parsed, dict) else None
    errors = [str(one) for one in told or () if not str(one).startswith("W")]
    if errors:
        wait = _wait(errors[0])
        return Said(
            status, errors[0], ", ".join(errors[1:]) or "refused", wait,
            bans=not errors[0].startswith(_OF_ORDERS),
        )  # fmt: skip
    if status < 400 and told is not None:
        return None
    text = " ".join(_TAGS.sub(" ", body).split())[:120]
    if status in _TURNED_AWAY:
        return Said(status, "", text, _retry_after(headers))
    return Said(status, "", text)


def _wait(error: str) -> timedelta | None:
    until = _UNTIL.search(error)
    if until:
        return timedelta(seconds=max(1.0, int(until[1]) - time.time()))
    found = _longest(_WAITS, error)
    rate = REASONS.get(_longest(REASONS, error)) is Reason.RATE
    return _WAITS[found] if found and rate else None


def _retry_after(headers: Mapping[str, str]) -> timedelta:
    lower = {name.lower(): value for name, value in headers.items()}
    told = lower.get("retry-after", "")
    return timedelta(seconds=int(told)) if told.isdigit() else timedelta(minutes=1)


def _longest(table: Mapping[str, Any], error: str) -> str:
    return max((begins for begins in table if error.startswith(begins)), key=len, default="")

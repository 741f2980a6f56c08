"""What OKX's answers mean for a write: code -> Reason, or not known.

Facts of its documentation, "Error Code". A code that is not here means that nobody knows what
became of the write: the order is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from atms.stores.ccxt.calls import Said
from atms.stores.outcomes import Reason

# The venue does not know itself what it did. Listed to be seen; what is not listed counts the same.
UNKNOWN = frozenset({"1", "2", "50001", "50004", "50005", "50013", "50026", "51054", "51149"})


def _each(reason: Reason, codes: str) -> dict[str, Reason]:
    return dict.fromkeys(codes.split(), reason)


REASONS: Mapping[str, Reason] = {
    **_each(Reason.RATE, "50011 50040 50061 60014"),
    **_each(Reason.CLOCK, "50102 50112 60004 60006"),
    **_each(
        Reason.NO_PERMISSION,
        "50007 50008 50027 50028 50029 50030 50032 50033 50035 50041 50051 50052 50059 50060 50100 "
        "50101 50103 50104 50105 50106 50107 50108 50109 50110 50111 50113 50114 50119 50120 50121 "
        "51009 51010 51024 51155 60001 60002 60003 60005 60007 60009 60011 60024 60032",
    ),
    **_each(Reason.FUNDS, "51008 51119 51127 51131 51736"),
    **_each(Reason.DUPLICATE_KEY, "50071 51016 51065 51068"),
    **_each(
        Reason.FILTER,
        "50122 51006 51020 51046 51047 51048 51049 51100 51116 51118 51120 51121 51122 51135 51136 "
        "51137 51138 51250 51252 51275",
    ),
    **_each(Reason.WOULD_TRIGGER, "51050 51051 51052 51053 51277 51278 51279 51280"),
    **_each(
        Reason.LIMITS,
        "51004 51005 51025 51101 51102 51103 51104 51105 51106 51107 51108 51117 51174 51186 51187 "
        "51201 51202 51203 51261",
    ),
    **_each(Reason.CLOSED_MARKET, "51021 51022 51027 51028 51029 51030 51031 51110 51124 54072"),
    **_each(
        Reason.NOT_OPEN, "51400 51401 51402 51405 51410 51503 51509 51510 51603"
    ),
    **_each(Reason.REDUCE_ONLY, "51058 51112 51133 51139 51148 51169 51170 51205 51206"),
    # what was sent is not of the form, or names nothing that is there
    **_each(
        Reason.OTHER,
        "50000 50002 50006 50014 50015 50016 50024 50025 50036 50037 50038 50044 50062 50115 51000 "
        "51001 51002 51003 51012 51014 51015 51204 51403 51407 51408 60012 60013 60018 60019 64001",
    ),
}  # fmt: skip
_TURNED_AWAY = (403, 429)  # by what stands in front of the venue, without a code
_WINDOW = timedelta(seconds=2)  # in which each of its limits counts
_LONGER = timedelta(minutes=1)
_TAGS = re.compile(r"<[^>]*>")


def judge(said: Said) -> Reason | None:
    """Return why a write was refused; None: it may have been carried out."""
    if said.status >= 500 or said.code in UNKNOWN:
        return None
    if not said.code:
        return Reason.RATE if said.status in _TURNED_AWAY else None
    reason = REASONS.get(said.code)
    if said.code == "51000" and re.search(r"parameter (px|sz)\b", said.text.lower()):
        return Reason.FILTER
    return reason


def complaint(status: int, headers: Mapping[str, str], body: str, parsed: Any) -> Said | None:
    """Return what is wrong with an answer; None: nothing is.

    What became of an order stands in the row of the order, and that something is wrong before it.
    """
    fields = parsed if isinstance(parsed, dict) else {}
    code, text = str(fields.get("code", "")), str(fields.get("msg", ""))
    for row in fields.get("data") or ():
        if isinstance(row, dict) and row.get("sCode") not in (None, "", "0"):
            code, text = str(row["sCode"]), str(row.get("sMsg", "")).strip()
    if status < 400 and code == "0":
        return None
    if not code or code == "0":
        code, text = "", " ".join(_TAGS.sub(" ", body).split())[:120]
    wait = _retry_after(status, headers, code)
    return Said(status, code, text, wait, bans=not code)  # a limit is of one endpoint alone


def _retry_after(status: int, headers: Mapping[str, str], code: str) -> timedelta | None:
    """Return how long to send nothing; the venue does not tell, its limits count in 2 s."""
    lower = {name.lower(): value for name, value in headers.items()}
    if lower.get("retry-after", "").isdigit():
        return timedelta(seconds=int(lower["retry-after"]))
    if REASONS.get(code) is Reason.RATE:
        return _WINDOW
    return _LONGER if not code and status in _TURNED_AWAY else None

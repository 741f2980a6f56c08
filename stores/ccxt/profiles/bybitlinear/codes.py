"""What Bybit's answers mean for a write of contracts: retCode -> Reason, or not known.

Facts of its page "Error Codes", and of recorded answers: a quantity or a price that is no multiple
of its step is answered like every malformed request, and told apart by the words alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.profiles.bybit import codes
from atms.stores.outcomes import Reason

R = Reason
_MALFORMED = "10001"
_OF_A_FILTER = ("qty", "price", "number of contracts", "quantity")
REASONS: Mapping[str, Reason] = {
    "110005": R.OTHER, "110006": R.FUNDS, "110009": R.LIMITS, "110011": R.FUNDS, "110013": R.LIMITS,
    "110014": R.FUNDS, "110015": R.OTHER, "110016": R.LIMITS, "110017": R.REDUCE_ONLY,
    "110018": R.OTHER, "110019": R.OTHER, "110021": R.LIMITS, "110022": R.LIMITS,
    "110023": R.REDUCE_ONLY, "110030": R.DUPLICATE_KEY, "110032": R.OTHER, "110039": R.FUNDS,
    "110040": R.FUNDS, "110042": R.REDUCE_ONLY, "110046": R.FUNDS, "110047": R.FUNDS,
    "110048": R.LIMITS, "110049": R.FILTER, "110051": R.FUNDS, "110052": R.FUNDS,
    "110053": R.FUNDS, "110057": R.OTHER, "110063": R.CLOSED_MARKET, "110066": R.CLOSED_MARKET,
    "110067": R.NO_PERMISSION, "110068": R.NO_PERMISSION, "110069": R.NO_PERMISSION,
    "110070": R.CLOSED_MARKET, "110085": R.LIMITS, "110086": R.LIMITS, "110087": R.LIMITS,
    "110088": R.NO_PERMISSION, "110089": R.LIMITS, "110090": R.LIMITS,
    "110092": R.WOULD_TRIGGER, "110093": R.WOULD_TRIGGER, "110095": R.CLOSED_MARKET,
    "110096": R.NO_PERMISSION, "110097": R.NO_PERMISSION, "110098": R.CLOSED_MARKET,
    "110099": R.CLOSED_MARKET, "110100": R.NO_PERMISSION, "110103": R.CLOSED_MARKET,
    "30133": R.NO_PERMISSION, "30134": R.NO_PERMISSION, "30135": R.LIMITS, "30136": R.LIMITS,
    "3200403": R.OTHER, "3400139": R.LIMITS,
}  # fmt: skip


def judge(said: Said) -> Reason | None:
    """Return why a write was refused; None: it may have been carried out."""
    if said.status < 500 and said.code in REASONS:
        return REASONS[said.code]
    if said.status < 500 and said.code == _MALFORMED:
        words = said.text.lower()
        return Reason.FILTER if any(one in words for one in _OF_A_FILTER) else Reason.OTHER
    return codes.judge(said)

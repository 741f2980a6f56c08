"""What Binance USD-M's answers mean for a write: raw code -> Reason, or not known.

Facts of its page of error codes (developers.binance.com, USDⓈ-M futures, as stored in 2026) and of
ccxt 4.5.90. A code that is not here means that nobody knows what became of the write: the order is
looked up.
"""

from __future__ import annotations

from collections.abc import Mapping

from atms.stores.ccxt.calls import Said
from atms.stores.outcomes import Reason

R = Reason
# The venue does not know itself what it did. Listed to be seen; what is not listed counts the same.
# -1008 says that nothing was done; with it comes 503, which says so of other things that were.
UNKNOWN = frozenset({"-1000", "-1001", "-1006", "-1007", "-1008", "-1016"})
_NO_ANSWER = 408  # its own back end did not answer in time

REASONS: Mapping[str, Reason] = {
    "-1002": R.NO_PERMISSION, "-1003": R.RATE, "-1010": R.OTHER, "-1011": R.NO_PERMISSION,
    "-1013": R.OTHER, "-1014": R.OTHER, "-1015": R.RATE, "-1020": R.OTHER, "-1021": R.CLOCK,
    "-1022": R.NO_PERMISSION, "-1023": R.OTHER, "-1099": R.NO_PERMISSION,
    # what was sent is not of the form
    "-1100": R.OTHER, "-1101": R.OTHER, "-1102": R.OTHER, "-1103": R.OTHER, "-1104": R.OTHER,
    "-1105": R.OTHER, "-1106": R.OTHER, "-1108": R.OTHER, "-1109": R.OTHER, "-1110": R.OTHER,
    "-1111": R.FILTER, "-1112": R.OTHER, "-1114": R.OTHER, "-1115": R.OTHER, "-1116": R.OTHER,
    "-1117": R.OTHER, "-1118": R.OTHER, "-1119": R.OTHER, "-1120": R.OTHER, "-1121": R.OTHER,
    "-1122": R.CLOSED_MARKET, "-1125": R.OTHER, "-1126": R.OTHER, "-1127": R.OTHER,
    "-1128": R.OTHER, "-1130": R.OTHER, "-1136": R.OTHER,
    # the matching engine's
    "-2010": R.OTHER, "-2011": R.NOT_OPEN, "-2012": R.NOT_OPEN, "-2013": R.NOT_OPEN,
    "-2014": R.NO_PERMISSION, "-2015": R.NO_PERMISSION, "-2017": R.NO_PERMISSION,
    "-2018": R.FUNDS, "-2019": R.FUNDS, "-2020": R.OTHER, "-2021": R.WOULD_TRIGGER,
    "-2022": R.REDUCE_ONLY, "-2023": R.LIMITS, "-2024": R.REDUCE_ONLY, "-2025": R.LIMITS,
    "-2026": R.OTHER, "-2027": R.LIMITS, "-2028": R.LIMITS,
    # filters
    "-4001": R.FILTER, "-4002": R.FILTER, "-4003": R.FILTER, "-4004": R.FILTER, "-4005": R.FILTER,
    "-4006": R.FILTER, "-4007": R.FILTER, "-4013": R.FILTER, "-4014": R.FILTER, "-4015": R.OTHER,
    "-4016": R.FILTER, "-4023": R.FILTER, "-4024": R.FILTER, "-4131": R.FILTER, "-4164": R.FILTER,
    "-4183": R.FILTER, "-4184": R.FILTER, "-4210": R.FILTER, "-4211": R.FILTER,
    # the account's settings, and what it may do
    "-4020": R.OTHER, "-4031": R.OTHER, "-4045": R.LIMITS, "-4050": R.FUNDS, "-4051": R.FUNDS,
    "-4060": R.OTHER, "-4061": R.OTHER, "-4062": R.OTHER, "-4087": R.NO_PERMISSION,
    "-4088": R.NO_PERMISSION, "-4104": R.OTHER, "-4109": R.NO_PERMISSION,
    "-4116": R.DUPLICATE_KEY, "-4117": R.NOT_OPEN, "-4118": R.REDUCE_ONLY, "-4120": R.OTHER,
    "-4135": R.OTHER, "-4137": R.OTHER, "-4138": R.OTHER, "-4140": R.CLOSED_MARKET,
    "-4141": R.CLOSED_MARKET, "-4142": R.WOULD_TRIGGER, "-4192": R.NO_PERMISSION,
    "-4400": R.NO_PERMISSION, "-4401": R.NO_PERMISSION, "-4402": R.NO_PERMISSION,
    "-4403": R.NO_PERMISSION,
    "-5021": R.OTHER, "-5022": R.WOULD_TAKE, "-5028": R.CLOCK,
    # of the service that holds conditional orders
    "-20124": R.NOT_OPEN, "-20132": R.DUPLICATE_KEY,
}  # fmt: skip
_TURNED_AWAY = (403, 418, 429)  # before anything looked at it


def judge(said: Said) -> Reason | None:
    """Return why a write was refused; None: it may have been carried out."""
    if said.status >= 500 or said.status == _NO_ANSWER or said.code in UNKNOWN:
        return None
    if said.status in _TURNED_AWAY:
        return Reason.RATE
    return REASONS.get(said.code)

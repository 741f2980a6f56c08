"""The one gate in front of every broker: may this order go, given what is held and open?

Pure: numbers and times come in, an answer goes out. Decimals are compared exactly, and a limit lets
its own value through. Quantities are signed: above 0 buys, below 0 sells.
"""

from atms.risk.asks import Ask, Exposure, Wanted, Working
from atms.risk.gate import Code, Day, Gate, Refusal
from atms.risk.limits import Limits, Loss, exact

__all__ = [
    "Ask", "Code", "Day", "Exposure", "Gate", "Limits", "Loss", "Refusal", "Wanted", "Working",
    "exact",
]  # fmt: skip

"""What Binance's venues stand on besides: request weights, and the words of their refusals."""

from __future__ import annotations

from atms.sandbox.binance import refusals
from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.limits import A_DAY, Meter, Span
from atms.sandbox.venue.grounds import Grounds
from atms.sandbox.venue.refusals import Why


class BinanceGrounds(Grounds):
    """A venue of Binance's without its account.

    Attributes:
        longer: the longer of the two times that orders are counted in.

    Raises:
        ConfigError, DataError: in what it is made of.
    """

    longer: Span = A_DAY
    config: SandboxConfig

    def __init__(self, config: SandboxConfig) -> None:
        super().__init__(config)
        self.meter = Meter(self.clock, config.limits, self.truth, self.longer)

    def refuse(self, why: Why) -> Exception:
        """Return the error that this venue answers with."""
        return refusals.refuse(why)

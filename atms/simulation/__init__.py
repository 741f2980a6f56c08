"""The simulated broker, and the pieces that it is put together from."""

from atms.simulation.broker import SimulatedBroker
from atms.simulation.carrying import Charge, Funding, Interest
from atms.simulation.commission import Commission
from atms.simulation.costs import FillCosts, Impact, Slippage
from atms.simulation.fees import MakerTaker, Percent, PerContract, PerShare, Tier, Tiered
from atms.simulation.liquidity import Participation
from atms.simulation.margin import Margin
from atms.simulation.rules import Rules

__all__ = [
    "Charge", "Commission", "FillCosts", "Funding", "Impact", "Interest", "MakerTaker", "Margin",
    "Participation", "PerContract", "PerShare", "Percent", "Rules", "SimulatedBroker", "Slippage",
    "Tier", "Tiered",
]  # fmt: skip

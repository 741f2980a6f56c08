"""Paper trading: orders matched on another store's bars as a backtest matches them."""

from atms.stores.sim.models import SimAccount, SimModels
from atms.stores.sim.recorded import Recorded
from atms.stores.sim.store import SimStore
from atms.stores.sim.venue import SimVenue

__all__ = ["Recorded", "SimAccount", "SimModels", "SimStore", "SimVenue"]

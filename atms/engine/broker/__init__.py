"""The simulated broker with everything left out that nobody can see."""

from atms.engine.broker.swapped import lane_class
from atms.engine.broker.trades import add_notification, deliver

__all__ = ["add_notification", "deliver", "lane_class"]

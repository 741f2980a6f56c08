"""The simulated venue: today stock Backtrader's matching, with one check in front."""

from atms.simulation.broker import SimulatedBroker

__all__ = ["SimulatedBroker"]

"""Simulated venues in one process: one account's truth, and stores that see it through faults."""

from atms.sandbox.simulation.venue.blocks import Chain
from atms.sandbox.simulation.venue.booking import bust, correct, liquidate, move
from atms.sandbox.simulation.venue.chain import ChainStore
from atms.sandbox.simulation.venue.counter import CounterStore
from atms.sandbox.simulation.venue.exchange import ExchangeStore
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.lots import LotStore
from atms.sandbox.simulation.venue.manners import Delays, Manners
from atms.sandbox.simulation.venue.profiles import PROFILES, Profile
from atms.sandbox.simulation.venue.truth import Venue

__all__ = [
    "PROFILES", "Chain", "ChainStore", "CounterStore", "Delays", "ExchangeStore", "Faults",
    "LotStore", "Manners", "Profile", "Venue", "bust", "correct", "liquidate", "move",
]  # fmt: skip

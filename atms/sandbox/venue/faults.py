"""Faults that are injected: each has a name and a probability, drawn by a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Mapping

from atms.errors import ConfigError, UnknownName, did_you_mean
from atms.sandbox.venue.truth import Truth

FAULTS = {
    "timeout_after_order": "takes the order and never answers",
    "drop_request": "loses the request before anything is done",
    "http_503_after_order": "takes the order and answers 503",
    "error_1007_after_order": "takes the order and answers -1007, status unknown",
    "reject_order": "refuses the order with -2010",
    "read_lag": "hides a new order and its trades from queries for up to 30 s",
    "slow_reply": "answers up to 3 s late",
    "fill_before_ack": "tells of the order's fills before it answers",
    "duplicate_event": "sends an event of the account twice",
    "drop_event": "loses an event of the account",
    "delay_event": "sends an event of the account up to 3 s late",
    "disconnect_stream": "cuts a websocket connection in the place of a message",
    "mute_stream": "says nothing more on a websocket connection but pings",
    "ban": "bans the address",
    "maintenance": "is in maintenance for up to 30 s",
}


class Faults:
    """Which fault happens when.

    Raises:
        UnknownName: there is no such fault.
        ConfigError: a rate is not between 0 and 1.
    """

    def __init__(self, rates: Mapping[str, float], rng: random.Random, truth: Truth) -> None:
        self._rates: dict[str, float] = {}
        self._once: dict[str, int] = {}
        self._random = rng
        self._truth = truth
        for name, rate in rates.items():
            self.set(name, rate)

    def set(self, name: str, rate: float) -> None:
        """Let the fault *name* happen with probability *rate* from now on.

        Raises:
            UnknownName, ConfigError: as above.
        """
        check_name(name)
        if not 0 <= rate <= 1:
            raise ConfigError(f"fault {name}: its rate is {rate}; write one between 0 and 1")
        self._rates[name] = rate

    def once(self, name: str, times: int = 1) -> None:
        """Let the fault *name* happen the next time that it can, *times* times.

        Raises:
            UnknownName: there is no such fault.
        """
        check_name(name)
        self._once[name] = self._once.get(name, 0) + times

    def happens(self, name: str) -> bool:
        """Return whether the fault *name* happens now."""
        if self._once.get(name):
            self._once[name] -= 1
        elif not self._rates.get(name) or self._random.random() >= self._rates[name]:
            return False
        self._truth.note("fault", name=name)
        return True

    def seconds(self, most: float) -> float:
        """Return how long a fault lasts, up to *most* seconds."""
        return self._random.uniform(0.02, 1.0) * most


def check_name(name: str) -> None:
    """Refuse what is no fault's name.

    Raises:
        UnknownName: there is no such fault.
    """
    if name not in FAULTS:
        near = did_you_mean(name, FAULTS) or "; there are: " + ", ".join(FAULTS)
        raise UnknownName(f"fault {name!r}: there is none of that name{near}")

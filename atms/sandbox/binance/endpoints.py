"""What an endpoint is: its call, its weight, and whether it must be signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from atms.sandbox.binance.parameters import Params
from atms.sandbox.binance.venue import Venue
from atms.sandbox.venue.keys import ApiKey


@dataclass(frozen=True)
class Request:
    """A request that passed the gate.

    Attributes:
        key: who asks; None where nobody needs to tell.
    """

    venue: Venue
    params: Params
    key: ApiKey | None = None


@dataclass(frozen=True)
class Endpoint:
    """One thing that can be asked.

    Attributes:
        call: returns what is replied, as JSON has it.
        weight: of the request.
        signed: key, timestamp and signature are needed.
        places: new orders that it counts as; *places_longer*: in the longer window, where that
            is another number.
        keyed: a key is needed, and nothing else.
        asks: makes the request that *call* takes.
    """

    call: Callable[[Any], Any]
    weight: int | Callable[[Params], int] = 1
    signed: bool = False
    places: int = 0
    places_longer: int = 0
    keyed: bool = False
    asks: Callable[[Any, Params, ApiKey | None], Any] = Request

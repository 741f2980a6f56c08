"""Settings of a broker or a commission info that tell a lane before they are changed."""

from __future__ import annotations

from typing import Any

from atms.engine.swapping import Mirrors


def watch(params: Any, lane: Any) -> None:
    """Have *lane* told before one of *params* is written to."""
    held = params.__dict__
    if "_lanes" not in held:
        params.__class__ = _PARAMS.of(type(params))
    held["_lanes"] = (*held.get("_lanes", ()), lane)


def leave_alone(params: Any, lane: Any) -> None:
    """Tell *lane* of no more changes; a default commission info is shared by all brokers."""
    others = tuple(one for one in params.__dict__["_lanes"] if one is not lane)
    if others:
        params.__dict__["_lanes"] = others
    else:
        del params.__dict__["_lanes"]
        object.__setattr__(params, "__class__", type(params).__mro__[1])


def _write(params: Any, name: str, value: Any) -> None:
    for lane in params.__dict__["_lanes"]:
        if not lane.inside:
            lane.to_stock(f"setting {name} is changed")
    params.__dict__[name] = value


_PARAMS = Mirrors(lambda base: {"__setattr__": _write})

"""What the account has traded and the venue lists no more: delisted since, or renamed.

The venue cannot be asked for it by its symbol. That keeps nothing else from being traded; whether
something of it is held, the books tell.
"""

from __future__ import annotations

from decimal import Decimal

from atms.execution.core.step import Step


def tell(step: Step) -> None:
    """Halt what is not listed and still held, or open; what is flat is of no matter any more."""
    core = step.core
    for name in core.traded():
        if name in core.instruments:
            continue
        left = [*_held(step, name), *_open(step, name)]
        if left:
            step.halt(name, _text(", ".join(left)))


def _held(step: Step, name: str) -> list[str]:
    positions = step.state.books.positions().items()
    units = sum((one.qty for (place, _), one in positions if place == name), Decimal(0))
    return [f"{units.normalize():f} held"] if units else []


def _open(step: Step, name: str) -> list[str]:
    live = [(one.key, one.ticket) for one in step.state.open_orders() if not one.over]
    planned = [(one.key, one.ticket) for one in step.state.plans.values() if one.closed is None]
    return [f"order {key} open" for key, one in (*live, *planned) if one.instrument == name]


def _text(left: str) -> str:
    return (
        f"the venue lists it no more (delisted, or renamed); by the books: {left}. No order on it "
        "can be made here: look at the account at the venue. A contract that it has settled is "
        "taken out of the books by unknown_position: adopt"
    )

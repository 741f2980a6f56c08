"""What the venue refuses: codes and messages of its page of error codes (docs/sandbox.md, D)."""

from __future__ import annotations

from decimal import Decimal

from atms.sandbox.binance.refusals import Refused


def margin() -> Refused:
    """Return the refusal of an order that the margin does not reach for."""
    return Refused(-2019, "Margin is insufficient.")


def reduce_only() -> Refused:
    """Return the refusal of a reduce-only order that would reduce nothing."""
    return Refused(-2022, "ReduceOnly Order is rejected.")


def would_trigger() -> Refused:
    """Return the refusal of a trigger that the market has met already."""
    return Refused(-2021, "Order would immediately trigger.")


def too_much_at_leverage() -> Refused:
    """Return the refusal of a position that is too large for its leverage."""
    return Refused(-2027, "Exceeded the maximum allowable position at current leverage.")


def duplicate() -> Refused:
    """Return the refusal of a client id that an open order has."""
    return Refused(-4116, "ClientOrderId is duplicated.")


def wrong_side() -> Refused:
    """Return the refusal of a position side that does not fit the account's mode."""
    return Refused(-4061, "Order's position side does not match user's setting.")


def too_small(least: Decimal) -> Refused:
    """Return the refusal of an order of too little value."""
    return Refused(
        -4164,
        f"Order's notional must be no smaller than {least.normalize():f} (unless you choose "
        "reduce only).",
    )


def for_algo() -> Refused:
    """Return the refusal of a conditional order at the endpoint of ordinary ones."""
    return Refused(
        -4120,
        "Order type not supported for this endpoint. Please use the Algo Order API endpoints "
        "instead.",
    )


FILLED_NOT = Refused(
    -5021,
    "Due to the order could not be filled immediately, the FOK order has been rejected. The order "
    "will not be recorded in the order history.",
)
TAKES = Refused(
    -5022,
    "Due to the order could not be executed as maker, the Post Only order will be rejected. The "
    "order will not be recorded in the order history.",
)

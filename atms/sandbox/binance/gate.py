"""What every request passes, on either wire: limits, key, time, signature, order counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atms.sandbox.binance.endpoints import Endpoint
from atms.sandbox.binance.grounds import BinanceGrounds
from atms.sandbox.binance.parameters import Params
from atms.sandbox.binance.refusals import Refused
from atms.sandbox.binance.security import check_signature, check_time, known_key
from atms.sandbox.venue.keys import ApiKey


def serve(
    venue: BinanceGrounds,
    endpoint: Endpoint,
    sent: Mapping[str, str],
    *,
    address: str,
    key: str | None,
    payload: str,
    name: str,
) -> Any:
    """Return what the endpoint replies.

    Args:
        sent: parameters by name, the signature among them.
        payload: the text that was signed.
        name: of the request, for the venue's record.

    Raises:
        Refused: by the gate or the endpoint.
    """
    params = Params(sent)
    weight = endpoint.weight if isinstance(endpoint.weight, int) else endpoint.weight(params)
    code = 0
    try:
        venue.meter.charge(address, weight)
        owner = _owner(venue, endpoint, sent, key, payload)
        if endpoint.places:
            venue.meter.count_orders(endpoint.places, endpoint.places_longer or endpoint.places)
            venue.strike_order()
        return endpoint.call(endpoint.asks(venue, params, owner))
    except Refused as refusal:
        code = refusal.code
        if endpoint.places and code not in (-1003, -1015):
            venue.truth.note("reject", code=code, message=refusal.message, name=name)
        raise
    finally:
        venue.hide_until(0)
        venue.truth.note(
            "request", name=name, address=address, key=(key or "")[:8], weight=weight, code=code
        )


def _owner(
    venue: BinanceGrounds,
    endpoint: Endpoint,
    sent: Mapping[str, str],
    key: str | None,
    payload: str,
) -> ApiKey | None:
    if not endpoint.signed and not endpoint.keyed:
        return None
    owner = known_key(venue.keys, key)
    if endpoint.keyed:
        return owner
    check_time(sent, venue.clock)
    check_signature(owner, payload, sent.get("signature"))
    return owner

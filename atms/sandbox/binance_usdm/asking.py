"""What an endpoint of futures is given, and what several of them read alike."""

from __future__ import annotations

from dataclasses import dataclass

from atms.sandbox.binance.parameters import Params
from atms.sandbox.binance.refusals import Refused, missing, missing_both, not_required
from atms.sandbox.binance.symbols import STP_MODES
from atms.sandbox.binance_usdm.orders import BOTH, Ask
from atms.sandbox.binance_usdm.symbols import CONDITIONAL, ORDER_TYPES, TIMES, Contract
from atms.sandbox.binance_usdm.venue import UsdmVenue
from atms.sandbox.venue.ids import client_id
from atms.sandbox.venue.keys import ApiKey


@dataclass(frozen=True)
class Request:
    """A request that passed the gate.

    Attributes:
        key: who asks; None where nobody needs to tell.
    """

    venue: UsdmVenue
    params: Params
    key: ApiKey | None = None

    def contract(self) -> Contract:
        """Return the contract that is named."""
        return self.venue.contract(self.params.needed("symbol"))


def read_ask(params: Params, contract: Contract, id_name: str) -> tuple[Ask, str]:
    """Return the ordinary order that is asked for, and its type as it was sent.

    Raises:
        Refused: for what is missing, malformed, or has no place in such an order.
    """
    side = params.needed("side")
    if side not in ("BUY", "SELL"):
        raise Refused(-1117, "Invalid side.")
    kind = params.needed("type")
    if kind not in ORDER_TYPES:
        raise Refused(-1116, "Invalid orderType.")
    limited = kind in ("LIMIT", "STOP", "TAKE_PROFIT")
    ask = Ask(
        symbol=contract, side=side, type="LIMIT" if limited else "MARKET",
        client_id=params.client_id(id_name) or client_id(),
        side_of=params.one_of("positionSide", (BOTH, "LONG", "SHORT"),
                              Refused(-4060, "Invalid position side.")) or BOTH,
    )  # fmt: skip
    ask.stp = params.one_of("selfTradePreventionMode", STP_MODES) or ask.stp
    reduces = params.one_of("reduceOnly", ("true", "false"))
    if reduces is not None and ask.side_of != BOTH:
        raise not_required("reduceonly")
    ask.reduces = reduces == "true"
    ask.qty = params.decimal("quantity")
    if ask.qty is None:
        raise missing("quantity")
    _prices(params, ask, kind)
    return ask, kind


def _prices(params: Params, ask: Ask, kind: str) -> None:
    ask.price = params.decimal("price")
    tif = params.one_of("timeInForce", TIMES, Refused(-1115, "Invalid timeInForce."))
    if ask.type == "LIMIT":
        if ask.price is None:
            raise missing("price")
        if tif is None and kind not in CONDITIONAL:
            raise missing("timeinforce")
    elif ask.price is not None:
        raise not_required("price")
    elif tif is not None and kind == "MARKET":
        raise not_required("timeinforce")
    ask.tif = tif or "GTC"


def which(request: Request, id_name: str, client_name: str) -> tuple[int | None, str | None]:
    """Return an order's id or client id, one of which must be sent.

    Raises:
        Refused: -1102.
    """
    params = request.params
    found = params.integer(id_name), params.text(client_name)
    if found == (None, None):
        raise missing_both(client_name, id_name)
    return found

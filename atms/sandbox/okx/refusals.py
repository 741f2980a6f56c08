"""OKX's refusals: codes, texts and HTTP statuses of its documentation, "Error Code"."""

from __future__ import annotations

from atms.sandbox.venue.refusals import Why

TEXTS: dict[str, tuple[int, str]] = {
    "50001": (503, "Service temporarily unavailable. Please try again later."),
    "50002": (400, "JSON syntax error"),
    "50004": (
        400,
        "API endpoint request timeout. (does not mean that the request was successful or failed, "
        "please check the request result).",
    ),
    "50006": (400, 'Invalid Content-Type. Please use "application/JSON".'),
    "50011": (429, "Too Many Requests"),
    "50014": (400, "Parameter {} can not be empty."),
    "50102": (401, "Timestamp request expired."),
    "50103": (401, 'Request header "OK-ACCESS-KEY" cannot be empty.'),
    "50104": (401, 'Request header "OK-ACCESS-PASSPHRASE" cannot be empty.'),
    "50105": (401, 'Request header "OK-ACCESS-PASSPHRASE" incorrect.'),
    "50106": (401, 'Request header "OK-ACCESS-SIGN" cannot be empty.'),
    "50107": (401, 'Request header "OK-ACCESS-TIMESTAMP" cannot be empty.'),
    "50112": (401, "Invalid OK-ACCESS-TIMESTAMP."),
    "50113": (401, "Invalid signature."),
    "50115": (405, "Invalid request method."),
    "50119": (200, "API key doesn't exist"),
    "51000": (400, "Parameter {} error"),
    "51001": (200, "Instrument ID, Instrument ID code or Spread ID doesn't exist."),
    "51003": (200, "Either client order ID or order ID is required."),
    "51008": (200, "Order failed. Insufficient balance in account."),
    "51016": (200, "Client order ID already exists."),
    "51004": (200, "Order failed. The order size exceeds what the position tier of the current "
              "leverage allows."),
    "51020": (200, "Your order should meet or exceed the minimum order amount."),
    "51022": (200, "Instrument suspended."),
    "51121": (200, "Order quantity must be a multiple of the lot size."),
    "51068": (200, "{} already exists within algoClOrdId and attachAlgoClOrdId."),
    "51169": (200, "Order failed because you don't have any positions in this direction for this "
              "contract to reduce or close."),
    "51174": (200, "The number of pending orders reached the upper limit."),
    "51278": (200, "SL trigger price cannot be lower than the last price"),
    "51280": (200, "SL trigger price cannot be higher than the last price"),
    "51400": (200, "Order cancellation failed as the order has been filled, canceled or does not "
              "exist."),
    "51603": (200, "Order does not exist"),
    "59102": (200, "Leverage exceeds the maximum limit."),
}  # fmt: skip
WOULD_TAKE = "would take"  # no code of the venue's: it takes such an order, and ends it
_CODES = {
    Why.UNKNOWN_SYMBOL: "51001", Why.PRICE_STEP: "51000", Why.QTY_STEP: "51121",
    Why.NOTIONAL: "51020", Why.TOO_MANY_OPEN: "51174", Why.DUPLICATE: "51016",
    Why.INSUFFICIENT: "51008", Why.WOULD_TAKE: WOULD_TAKE, Why.WOULD_TRIGGER: "51000",
    Why.CLOSED: "51022", Why.REDUCE_ONLY: "51169", Why.LEVERAGE: "51004",
}  # fmt: skip
# these speak of the request; the others of one order, in its row
_OF_REQUESTS = frozenset({"51000", "51001", "51003"})


class Refused(Exception):  # noqa: N818 - read as a sentence: raise Refused
    """The venue refuses.

    Attributes:
        code, text: the venue's.
        status: of HTTP.
    """

    def __init__(self, code: str, *names: str) -> None:
        self.code = code
        self.status, text = TEXTS.get(code, (200, code))
        self.text = text.format(*names)
        super().__init__(code, self.text)

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    @property
    def of_row(self) -> bool:
        """Whether it stands in the row of the order that it is of."""
        return self.code.startswith("51") and (self.status == 200 or self.code == "51000")


def refuse(why: Why) -> Refused:
    """Return the error of a reason."""
    return Refused(_CODES[why], *(["px"] if why is Why.PRICE_STEP else []))

"""What Coinbase's answers mean for a write: its failure reason -> Reason, or not known.

The reasons are the enumerations of create-order and cancel-orders in its API reference; those of
the preview begin with ``PREVIEW_`` and are else the same words. A reason that is not here, and
every one that says ``UNKNOWN``, means that nobody knows what became of the write: it is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from atms.stores.ccxt.calls import Said
from atms.stores.outcomes import Reason

R = Reason
NOT_FOUND = "NOT_FOUND"
DUPLICATE = "DUPLICATE_CLIENT_ORDER_ID"
_BY_REASON: Mapping[Reason, str] = {
    R.FUNDS: "INSUFFICIENT_FUND INSUFFICIENT_FUNDS INVALID_LEDGER_BALANCE "
    "INSUFFICIENT_LEDGER_BALANCE",
    R.FILTER: "INVALID_SIZE_PRECISION INVALID_PRICE_PRECISION INVALID_LIMIT_PRICE "
    "INVALID_LIMIT_PRICE_PRECISION INVALID_STOP_PRICE INVALID_STOP_PRICE_PRECISION "
    "INVALID_QUOTE_SIZE_PRECISION INVALID_BASE_SIZE_TOO_SMALL INVALID_BASE_SIZE_TOO_LARGE "
    "INVALID_QUOTE_SIZE_TOO_SMALL INVALID_QUOTE_SIZE_TOO_LARGE INVALID_PRICE_TOO_LARGE "
    "BREACHED_PRICE_LIMIT LIMIT_PRICE_TOO_FAR_FROM_MARKET STOP_PRICE_ABOVE_LIMIT_PRICE "
    "STOP_PRICE_BELOW_LIMIT_PRICE LIMIT_ORDER_PRICE_EXCEEDS_PRICE_BAND_ON_BUY "
    "LIMIT_ORDER_PRICE_EXCEEDS_PRICE_BAND_ON_SELL NON_NUMERIC_ORDER_SIZE",
    R.DUPLICATE_KEY: DUPLICATE,
    R.WOULD_TAKE: "INVALID_LIMIT_PRICE_POST_ONLY",
    R.WOULD_TRIGGER: "STOP_PRICE_ABOVE_LAST_TRADE_PRICE STOP_PRICE_BELOW_LAST_TRADE_PRICE "
    "STOP_TRIGGERED STOP_ALREADY_TRIGGERED",
    R.CLOSED_MARKET: "ORDER_ENTRY_DISABLED UNTRADABLE_PRODUCT TRADING_DISABLED "
    "PRODUCT_TRADING_HALTED NOT_ALLOWED_BY_MARKET_STATE MISSING_PRODUCT_PRICE_BOOK "
    "MISSING_MARKET_TRADE_DATA",
    R.SLIPPAGE: "INVALID_NO_LIQUIDITY",
    R.NO_PERMISSION: "GEOFENCING_RESTRICTION INELIGIBLE_PAIR COMPLIANCE_PURCHASE_LIMIT_EXCEEDED",
    R.LIMITS: "BREACHED_RISK_LIMIT BREACHED_ACCOUNT_POSITION_LIMIT "
    "BREACHED_COMPANY_POSITION_LIMIT MAX_DAILY_VOLUME_NOTIONAL_BREACHED",
    R.NOT_OPEN: "UNKNOWN_CANCEL_ORDER ORDER_IS_FULLY_FILLED NOT_FOUND",
    R.RATE: "rate_limit_exceeded resource_exhausted RESOURCE_EXHAUSTED",
    R.OTHER: "UNSUPPORTED_ORDER_CONFIGURATION INVALID_SIDE INVALID_ORDER_CONFIG INVALID_PRODUCT_ID "
    "INVALID_REQUEST INVALID_ARGUMENT COMMANDER_REJECTED_NEW_ORDER MISSING_COMMISSION_RATE "
    "INVALID_COMMISSION_CONFIGURATION FOK_DISABLED FOK_ONLY_ALLOWED_ON_LIMIT_ORDERS "
    "POST_ONLY_NOT_ALLOWED_WITH_FOK QUOTE_ORDERS_NOT_ALLOWED_FOR_PRODUCT "
    "FRACTIONAL_ORDERS_NOT_ALLOWED_FOR_PRODUCT REDUCE_ONLY_NOT_ALLOWED_ON_SPOT_PRODUCTS "
    "INVALID_CANCEL_REQUEST INVALID_CANCEL_PRODUCT_ID NOT_ALLOWED_TO_CANCEL",
}
REASONS: Mapping[str, Reason] = {
    word: reason for reason, words in _BY_REASON.items() for word in words.split()
}
# Refused before anything looked at it: by the key, by the firewall, by the rate limit.
_TURNED_AWAY = {401: R.NO_PERMISSION, 403: R.NO_PERMISSION, 429: R.RATE}
_WAIT = timedelta(seconds=1)  # both limits are of one second; the answer names no time


def judge(said: Said) -> Reason | None:
    """Return why a write was refused; None: it may have been carried out."""
    if said.status >= 500:
        return None
    return _TURNED_AWAY.get(said.status) or REASONS.get(said.code)


def complaint(status: int, headers: Mapping[str, str], body: str, parsed: Any) -> Said | None:
    """Return what is wrong with an answer; None: nothing is.

    An order that was not taken, and a cancellation, are told with status 200.
    """
    fields = parsed if isinstance(parsed, dict) else {}
    if status < 400:
        return _not_done(status, fields)
    code, text = _named(fields)
    text = text or " ".join(body.split())[:120]
    if status == 404 or "was not found" in text:
        code = NOT_FOUND
    return Said(status, code, text, _retry_after(status, headers))


def _not_done(status: int, fields: Mapping[str, Any]) -> Said | None:
    if fields.get("success") is False:
        told = fields.get("error_response") or {}
        names = ("new_order_failure_reason", "error", "preview_failure_reason")
        code = _telling([told.get(name) for name in names])
        text = told.get("error_details") or told.get("message") or ""
        return Said(status, code, text or "the order was not created")
    results = fields.get("results")
    if isinstance(results, list) and results and results[0].get("success") is False:
        return Said(status, _telling([results[0].get("failure_reason")]), "not canceled")
    return None


def _telling(names: list[Any]) -> str:
    """Return the first name that says something; the others say UNKNOWN, or nothing."""
    given = [str(name).removeprefix("PREVIEW_") for name in names if name]
    return next((name for name in given if not _says_nothing(name)), given[0] if given else "")


def _says_nothing(name: str) -> bool:
    return name.startswith("UNKNOWN_") and name.endswith("_REASON")


def _named(fields: Mapping[str, Any]) -> tuple[str, str]:
    errors = fields.get("errors")
    if isinstance(errors, list) and errors:
        return str(errors[0].get("id", "")), str(errors[0].get("message", ""))
    text = fields.get("error_details") or fields.get("message") or ""
    return str(fields.get("error", "")), str(text)


def _retry_after(status: int, headers: Mapping[str, str]) -> timedelta | None:
    if status != 429:
        return None
    lower = {name.lower(): value for name, value in headers.items()}
    told = lower.get("retry-after", "")
    return timedelta(seconds=int(told)) if told.isdigit() else _WAIT

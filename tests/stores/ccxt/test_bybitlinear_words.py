"""What Bybit says of contracts on the wire, as it was recorded, and what the store makes of it.

The rows have the fields and the words of answers that were recorded on the venue's test network
(elitekaycy/qkt-venue-gateway, adapter-bybit, October 2026); what matters of each is told here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.names import Contracts
from atms.stores.ccxt.profiles.bybitlinear import codes, contracts, orders
from atms.stores.ccxt.profiles.bybitlinear.profile import BybitLinear
from atms.stores.facts import BucketFact, CashFact, Fee, FillFact, State
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket

D = Decimal
NAMES = Contracts()
NAMES.account = "a"
NAMES.learn("BTCUSDT", "BTC/USDT:USDT", "BTC", "USDT")
BTC = "a:BTC/USDT:USDT"
STOP: dict[str, Any] = {
    "symbol": "BTCUSDT", "orderType": "Market", "orderLinkId": "far", "orderId": "71ae",
    "cancelType": "UNKNOWN", "stopOrderType": "Stop", "orderStatus": "Untriggered",
    "createType": "CreateByStopOrder", "triggerDirection": 1, "rejectReason": "EC_NoError",
    "price": "0", "createdTime": "1791270747726", "positionIdx": 0, "timeInForce": "IOC",
    "updatedTime": "1791270747726", "side": "Buy", "triggerPrice": "128986.7", "leavesQty": "0.001",
    "cumExecQty": "0", "reduceOnly": False, "qty": "0.001", "marketUnit": "",
    "triggerBy": "LastPrice",
}  # fmt: skip
FUNDING: dict[str, Any] = {
    "category": "linear", "symbol": "BTCUSDT", "execFee": "0.0085907", "execId": "e7a7",
    "execPrice": "85906.96", "execQty": "0.001", "execType": "Funding", "feeRate": "0.0001",
    "orderId": "e426", "orderLinkId": "", "orderQty": "0", "orderType": "UNKNOWN", "side": "Buy",
    "execTime": "1791273600000", "isMaker": False, "createType": "", "extraFees": [],
    "feeCurrency": "USDT",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "state", "reason"),
    [
        ({}, State.WORKING, None),
        ({"orderStatus": "Triggered"}, State.WORKING, None),
        ({"orderStatus": "Deactivated", "cancelType": "CancelByUser"}, State.CANCELED, None),
        ({"orderStatus": "Filled", "cumExecQty": "0.001"}, State.FILLED, None),
        # a market order ran out of what it might meet, with 0.0004 filled
        ({"orderStatus": "Cancelled", "rejectReason": "EC_NoImmediateQtyToFill",
          "cumExecQty": "0.0004"}, State.EXPIRED, None),
        ({"orderStatus": "Cancelled", "cancelType": "CancelByCannotAffordOrderCost"},
         State.REFUSED, Reason.FUNDS),
        ({"orderStatus": "Cancelled", "cancelType": "CancelByReduceOnly", "timeInForce": "GTC"},
         State.CANCELED, Reason.REDUCE_ONLY),
    ],
    ids=["waits", "fires", "taken back", "filled", "ran out", "no margin", "would not reduce"],
)  # fmt: skip
def test_a_stop_stands_where_the_venue_says(
    change: dict[str, Any], state: State, reason: Reason | None
) -> None:
    fact = orders.order({**STOP, **change}, NAMES, "stream")
    assert (fact.state, fact.reason, fact.key) == (state, reason, "far")
    assert fact.ticket == Ticket(
        key="far", instrument=BTC, side=1, qty=D("0.001"), kind=Kind.STOP, trigger=D("128986.7")
    )


@pytest.mark.parametrize(
    "change",
    [{"triggerDirection": 2}, {"stopOrderType": "TakeProfit"}, {"triggerBy": "MarkPrice"},
     {"orderType": "UNKNOWN"}],
    ids=["waits for a fall", "take profit", "mark price", "unknown"],
)  # fmt: skip
def test_what_waits_otherwise_than_ours_is_no_ticket_of_ours(change: dict[str, Any]) -> None:
    assert orders.order({**STOP, **change}, NAMES, "snapshot").ticket is None


def test_funding_that_is_paid_is_cash_that_left() -> None:
    message = {"topic": "execution.linear", "creationTime": 1791273600209, "data": [FUNDING]}
    profile = BybitLinear()
    profile.names = NAMES
    (fact,) = profile.facts(message)
    assert fact == CashFact(
        at=datetime(2026, 10, 6, 8, tzinfo=UTC), id="funding:BTCUSDT:e7a7", asset="USDT",
        amount=D("-0.0085907"), instrument=BTC, kind="funding",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"execType": "Trade", "createType": "CreateByUser"}, "order"),
        ({"execType": "BustTrade", "createType": "CreateByTakeOver_PassThrough"}, "liquidation"),
        ({"execType": "Trade", "createType": "CreateByLiq"}, "liquidation"),
        ({"execType": "AdlTrade"}, "assignment"),
        ({"execType": "Delivery"}, "assignment"),
        ({"execType": "MovePosition"}, "manual"),
    ],
)
def test_whose_will_an_execution_was_is_told(change: dict[str, Any], cause: str) -> None:
    fact = orders.executed({**FUNDING, "feeCurrency": "", **change}, NAMES, "poll")
    assert isinstance(fact, FillFact)
    assert (fact.cause, fact.fees) == (cause, (Fee(asset="USDT", amount=D("0.0085907")),))


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        ("110007", "CheckMarginRatio fail! InsufficientAB", Reason.FUNDS),
        ("110072", "OrderLinkedID is duplicate", Reason.DUPLICATE_KEY),
        ("110092", "expect Rising, but trigger_price[85] <= current[86]", Reason.WOULD_TRIGGER),
        ("110001", "order not exists or too late to cancel", Reason.NOT_OPEN),
        ("110017", "current position is zero", Reason.REDUCE_ONLY),
        ("110090", "your position may exceed the max limit", Reason.LIMITS),
        ("10001", "Qty invalid", Reason.FILTER),
        ("10001", "params error: symbol invalid NOPEUSDT", Reason.OTHER),
        ("10000", "Server Timeout", None),
        ("987654", "", None),
    ],
)
def test_a_refusal_is_told_by_its_code_and_a_step_by_its_words(
    code: str, text: str, reason: Reason | None
) -> None:
    assert codes.judge(Said(200, code, text)) is reason
    assert codes.judge(Said(503, code, text)) is None


def test_a_sold_position_is_below_nothing_and_none_has_no_price() -> None:
    row = {"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "size": "0.158",
           "entryPrice": "86516.68797468", "positionIdx": 0}  # fmt: skip
    flat = {**row, "side": "", "size": "0", "entryPrice": "0"}
    profile = BybitLinear()
    profile.names = NAMES
    message = {"topic": "position.linear", "creationTime": 1, "data": [row, flat]}
    sold, none = profile.facts(message)
    assert isinstance(sold, BucketFact) and isinstance(none, BucketFact)
    assert (sold.qty, sold.price) == (D("-0.158"), D("86516.68797468"))
    assert (none.qty, none.price) == (0, None)


def test_a_contract_with_an_end_has_it_in_its_name() -> None:
    row = {"baseCoin": "BTC", "quoteCoin": "USDT", "settleCoin": "USDT", "deliveryTime": "0",
           "contractType": "LinearPerpetual"}  # fmt: skip
    assert contracts.symbol_of(row) == "BTC/USDT:USDT"
    ends = {**row, "contractType": "LinearFutures", "deliveryTime": "1766736000000"}
    assert contracts.symbol_of(ends) == "BTC/USDT:USDT-251226"

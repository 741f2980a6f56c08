"""Orders in Binance spot's words, and its replies and events in ours; payloads of its docs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.profiles import profile
from atms.stores.ccxt.profiles.binance.orders import oco, plain
from atms.stores.ccxt.profiles.binance.profile import BinanceSpot
from atms.stores.facts import BalanceFact, CashFact, Fee, FillFact, OrderFact, State
from atms.stores.outcomes import Found, Never, NotSeen, Reason
from atms.stores.requests import Cancel, Kind, Place, Prepared, Ticket

ETH = "binance-spot-7:ETH/BTC"


def spot() -> BinanceSpot:
    made = profile("binance")
    assert isinstance(made, BinanceSpot)
    made.names.account = "binance-spot-7"
    made.names.raw(ETH)
    return made


def ticket(kind: Kind = Kind.LIMIT, **more: Any) -> Ticket:
    given: dict[str, Any] = {"key": "a-1", "side": 1, "qty": Decimal("1.50"), **more}
    if kind in (Kind.LIMIT, Kind.STOP_LIMIT):
        given.setdefault("limit", Decimal("0.10"))
    if kind in (Kind.STOP, Kind.STOP_LIMIT):
        given.setdefault("trigger", Decimal("0.20"))
    return Ticket(instrument=ETH, kind=kind, **given)


def written(*tickets: Ticket, link: Any = "single") -> Call:
    return spot().write(Prepared(request=Place(tickets=tickets, link=link)))


def words(*tickets: Ticket, link: Any = "single") -> dict[str, Any]:
    params = dict(written(*tickets, link=link).params)
    assert params.pop("symbol") == "ETHBTC"
    assert params.pop("newOrderRespType") == "FULL"
    return params


# ---- tickets ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (ticket(Kind.MARKET), {"type": "MARKET"}),
        (ticket(), {"type": "LIMIT", "timeInForce": "GTC", "price": "0.1"}),
        (ticket(tif="ioc"), {"type": "LIMIT", "timeInForce": "IOC", "price": "0.1"}),
        (ticket(tif="fok"), {"type": "LIMIT", "timeInForce": "FOK", "price": "0.1"}),
        (ticket(post_only=True), {"type": "LIMIT_MAKER", "price": "0.1"}),
        (ticket(Kind.STOP), {"type": "STOP_LOSS", "stopPrice": "0.2"}),
        (
            ticket(Kind.STOP_LIMIT),
            {
                "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "price": "0.1", "stopPrice": "0.2",
            },
        ),
    ],
)  # fmt: skip
def test_a_ticket_becomes_the_venues_parameters(order: Ticket, expected: dict[str, str]) -> None:
    common = {"side": "BUY", "quantity": "1.5", "newClientOrderId": "a-1"}
    assert words(order) == common | expected


def test_a_new_order_costs_weight_and_a_place_in_both_counts_of_orders() -> None:
    assert written(ticket()).costs == {"weight": 1, "orders_10s": 1, "orders_1d": 1}
    assert written(ticket()).method == "privatePostOrder"


@pytest.mark.parametrize(
    ("number", "text"),
    [("1E-8", "0.00000001"), ("100", "100"), ("1E+3", "1000"), ("0.10000000", "0.1"), ("0", "0")],
)
def test_numbers_are_written_without_exponents(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (ticket(Kind.TRAIL), "no trail order with gtc here"),
        (ticket(Kind.ON_CLOSE), "no on_close order with gtc here"),
        (ticket(tif="gtd"), "no limit order with gtd here"),
        (ticket(Kind.MARKET, tif="fok"), "no market order with fok here"),
        (ticket(post_only=True, tif="ioc"), "only a limit order that stays may be post-only here"),
        (ticket(key="a" * 37), "is not of the venue's form"),
        (ticket(key="a.1"), "is not of the venue's form"),
        (ticket(key=""), "is not of the venue's form"),
        (ticket(limit=None), "a limit order without a limit price"),
        (ticket(Kind.STOP, trigger=None), "a stop order without a trigger price"),
        (ticket(Kind.MARKET, worst=Decimal(1)), "a market order's price cannot be bounded here"),
        (ticket(), ""),
    ],
)
def test_what_the_venue_has_no_words_for_is_said_before_anything_is_sent(
    order: Ticket, why: str
) -> None:
    told = spot().unfit(Place(tickets=(order,)))
    assert told == "" if not why else why in told


def test_an_order_for_another_account_is_not_sent() -> None:
    foreign = replace(ticket(), instrument="binance-spot-8:ETH/BTC")
    assert "is of another account" in spot().unfit(Place(tickets=(foreign,)))


def test_an_order_has_a_name_before_it_is_sent() -> None:
    assert spot().known(Place(tickets=(ticket(),))) == (("a-1", "client:ETHBTC:a-1"),)


# ---- pairs --------------------------------------------------------------------------------------
def pair(**more: Any) -> tuple[Ticket, Ticket]:
    limit = ticket(key="a-1", side=-1, limit=Decimal("0.3"), **more)
    return limit, ticket(Kind.STOP, key="a-2", side=-1, **more)


def test_a_target_and_a_stop_are_one_list_with_our_own_keys() -> None:
    assert words(*pair(), link="oco") == {
        "side": "SELL", "quantity": "1.5", "listClientOrderId": "a-1-oc",
        "aboveType": "LIMIT_MAKER", "abovePrice": "0.3", "aboveClientOrderId": "a-1",
        "belowType": "STOP_LOSS", "belowStopPrice": "0.2", "belowClientOrderId": "a-2",
    }  # fmt: skip
    call = written(*pair(), link="oco")
    assert call.method == "privatePostOrderListOco"
    assert call.costs["orders_10s"] == 2


def test_a_pair_that_buys_has_its_stop_above() -> None:
    limit = ticket(key="a-1", limit=Decimal("0.1"))
    stop = ticket(Kind.STOP_LIMIT, key="a-2", limit=Decimal("0.21"))
    given = words(stop, limit, link="oco")
    assert given["aboveType"] == "STOP_LOSS_LIMIT"
    assert given["aboveTimeInForce"] == "GTC"
    assert given["abovePrice"] == "0.21"
    assert given["belowClientOrderId"] == "a-1"


def test_other_pairs_have_no_words() -> None:
    limit, stop = pair()
    assert oco((limit, stop)) is not None
    other = ticket(Kind.STOP, key="a-2", side=-1, qty=Decimal(2))
    for tickets in ((limit, limit), (stop, stop), (limit,), (limit, other), (limit, stop, stop)):
        assert oco(tickets) is None
    wrong_way = ticket(key="a-1", side=-1, limit=Decimal("0.15"))  # below its stop: it would take
    assert oco((wrong_way, stop)) is None
    assert "no oco of such orders" in spot().unfit(Place(tickets=(limit, limit), link="oco"))
    assert "no bracket of such" in spot().unfit(Place(tickets=(limit, stop), link="bracket"))


# ---- cancels ------------------------------------------------------------------------------------
def test_a_cancellation_names_the_venues_number_where_it_is_known() -> None:
    refs = frozenset({"client:ETHBTC:a-1", "order:ETHBTC:12"})
    call = spot().write(Prepared(request=Cancel(key="a-1", refs=refs)))
    assert call.method == "privateDeleteOrder"
    assert call.params == {"symbol": "ETHBTC", "orderId": "12"}
    refs = frozenset({"client:ETHBTC:a-1"})
    call = spot().write(Prepared(request=Cancel(key="a-1", refs=refs)))
    assert call.params == {"symbol": "ETHBTC", "origClientOrderId": "a-1"}


def test_a_cancellation_of_an_order_of_no_known_symbol_is_not_sent() -> None:
    request = Cancel(key="a-1", refs=frozenset())
    made = spot()
    assert "no known symbol" in made.unfit(request)
    made.learn(["client:ETHBTC:a-1"])
    assert made.unfit(request) == ""


def test_the_reply_to_a_cancellation_is_told_under_our_key() -> None:
    reply = {
        "symbol": "ETHBTC", "origClientOrderId": "a-1", "orderId": 4, "orderListId": -1,
        "clientOrderId": "cancelMyOrder1", "transactTime": 1684804350068, "price": "2.00000000",
        "origQty": "1.00000000", "executedQty": "0.25000000", "status": "CANCELED",
        "timeInForce": "GTC", "type": "LIMIT", "side": "BUY",
    }  # fmt: skip
    prepared = Prepared(request=Cancel(key="a-1", refs=frozenset()))
    acked = spot().acked(prepared, reply)
    (fact,) = acked.facts
    assert isinstance(fact, OrderFact)
    assert (fact.key, fact.state, fact.filled) == ("a-1", State.CANCELED, Decimal("0.25"))
    assert fact.refs == {"order:ETHBTC:4", "client:ETHBTC:a-1"}


# ---- replies ------------------------------------------------------------------------------------
def test_a_full_reply_tells_the_executions_before_the_orders_state() -> None:
    reply = {
        "symbol": "ETHBTC", "orderId": 28, "orderListId": -1, "clientOrderId": "a-1",
        "transactTime": 1507725176595, "price": "0.00000000", "origQty": "10.00000000",
        "executedQty": "10.00000000", "cummulativeQuoteQty": "10.00000000", "status": "FILLED",
        "timeInForce": "GTC", "type": "MARKET", "side": "SELL", "workingTime": 1507725176595,
        "fills": [
            {"price": "4000.00000000", "qty": "1.00000000", "commission": "4.00000000",
             "commissionAsset": "BNB", "tradeId": 56},
            {"price": "3999.00000000", "qty": "9.00000000", "commission": "0.00000000",
             "commissionAsset": "BNB", "tradeId": 57},
        ],
    }  # fmt: skip
    acked = spot().acked(Prepared(request=Place(tickets=(ticket(Kind.MARKET),))), reply)
    first, second, order = acked.facts
    assert isinstance(first, FillFact)
    assert isinstance(second, FillFact)
    assert isinstance(order, OrderFact)
    assert (first.exec, first.side) == ("ETHBTC:56", -1)
    assert (first.qty, first.price) == (Decimal(1), Decimal(4000))
    assert first.fees == (Fee(asset="BNB", amount=Decimal(4)),)
    assert second.fees == ()
    assert (order.state, order.filled) == (State.FILLED, Decimal(10))
    assert dict.fromkeys(key for key, _ in acked.refs) == {"a-1": None}
    assert first.at == datetime(2017, 10, 11, 12, 32, 56, 595000, tzinfo=UTC)


# ---- events -------------------------------------------------------------------------------------
REPORT: dict[str, Any] = {
    "e": "executionReport", "E": 1499405658658, "s": "ETHBTC", "c": "mUvoqJxFIILMdfAW5iGSOW",
    "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "1.00000000", "p": "0.10264410", "P": "0.00000000",
    "F": "0.00000000", "g": -1, "C": "", "x": "NEW", "X": "NEW", "r": "NONE", "i": 4293153,
    "l": "0.00000000", "z": "0.00000000", "L": "0.00000000", "n": "0", "N": None,
    "T": 1499405658657, "t": -1, "I": 8641984, "w": True, "m": False, "M": False,
    "O": 1499405658657, "Z": "0.00000000", "Y": "0.00000000", "Q": "0.00000000",
    "W": 1499405658657, "V": "NONE",
}  # fmt: skip
TRADE = REPORT | {
    "x": "TRADE", "X": "PARTIALLY_FILLED", "t": 77, "l": "0.30000000", "L": "0.10264400",
    "z": "0.50000000", "n": "0.00030000", "N": "ETH", "T": 1499405658700,
}  # fmt: skip


def heard(event: Mapping[str, Any]) -> tuple[Any, ...]:
    return spot().facts({"subscriptionId": 0, "event": event})


def test_a_new_order_is_told() -> None:
    (fact,) = heard(REPORT)
    assert fact == OrderFact(
        at=datetime(2017, 7, 7, 5, 34, 18, 657000, tzinfo=UTC), via="stream",
        key="mUvoqJxFIILMdfAW5iGSOW",
        refs=frozenset({"order:ETHBTC:4293153", "client:ETHBTC:mUvoqJxFIILMdfAW5iGSOW"}),
        instrument=ETH, state=State.WORKING, filled=Decimal(0),
        ticket=Ticket(
            key="mUvoqJxFIILMdfAW5iGSOW", instrument=ETH, side=1, qty=Decimal(1), kind=Kind.LIMIT,
            limit=Decimal("0.10264410"),
        ),
    )  # fmt: skip


def test_an_execution_is_told_before_the_order_and_with_its_own_numbers() -> None:
    fill, order = heard(TRADE)
    assert isinstance(fill, FillFact)
    assert (fill.exec, fill.qty, fill.price) == ("ETHBTC:77", Decimal("0.3"), Decimal("0.102644"))
    assert fill.fees == (Fee(asset="ETH", amount=Decimal("0.0003")),)
    assert (order.state, order.filled) == (State.WORKING, Decimal("0.5"))
    assert fill.refs == order.refs
    assert fill.at == order.at


def test_a_cancelled_order_goes_by_its_own_key_and_not_by_the_cancellations() -> None:
    (fact,) = heard(REPORT | {"x": "CANCELED", "X": "CANCELED", "c": "web_123", "C": "a-1"})
    assert (fact.key, fact.state) == ("a-1", State.CANCELED)
    assert "client:ETHBTC:a-1" in fact.refs


@pytest.mark.parametrize(
    ("status", "group", "state"),
    [
        ("EXPIRED", -1, State.EXPIRED), ("EXPIRED", 5, State.CANCELED),
        ("EXPIRED_IN_MATCH", -1, State.EXPIRED), ("REJECTED", -1, State.REFUSED),
        ("PENDING_NEW", 5, State.HELD), ("FILLED", -1, State.FILLED),
    ],
)  # fmt: skip
def test_every_status_has_its_state(status: str, group: int, state: State) -> None:
    (fact,) = heard(REPORT | {"X": status, "g": group})
    assert fact.state is state


def test_a_refusal_on_the_stream_has_its_reason() -> None:
    (fact,) = heard(REPORT | {"X": "REJECTED", "r": "INSUFFICIENT_BALANCES"})
    assert (fact.reason, fact.text) == (Reason.FUNDS, "INSUFFICIENT_BALANCES")


def test_an_order_of_a_kind_that_we_do_not_send_has_no_ticket() -> None:
    (fact,) = heard(REPORT | {"o": "TAKE_PROFIT_LIMIT"})
    assert fact.ticket is None
    (fact,) = heard(REPORT | {"o": "STOP_LOSS", "d": 4})
    assert fact.ticket is None


def test_an_order_of_a_symbol_that_nobody_named_is_told_under_the_venues_own() -> None:
    (fact,) = heard(REPORT | {"s": "LTCBTC"})
    assert fact.instrument == "binance-spot-7:LTCBTC"


def test_balances_are_told_with_what_is_free_of_them() -> None:
    facts = heard(
        {
            "e": "outboundAccountPosition", "E": 1564034571105, "u": 1564034571073,
            "B": [{"a": "ETH", "f": "10000.000000", "l": "2.500000"}],
        }
    )  # fmt: skip
    (fact,) = facts
    assert isinstance(fact, BalanceFact)
    assert (fact.asset, fact.total, fact.free) == ("ETH", Decimal("10002.5"), Decimal(10000))


@pytest.mark.parametrize(("amount", "kind"), [("100.0", "deposit"), ("-3.5", "withdrawal")])
def test_cash_that_comes_and_goes_is_told_once_under_one_id(amount: str, kind: str) -> None:
    event = {"e": "balanceUpdate", "E": 1573200697110, "a": "BTC", "d": amount, "T": 1573200697068}
    (fact,) = heard(event)
    assert isinstance(fact, CashFact)
    assert (fact.kind, fact.amount, fact.asset) == (kind, Decimal(amount), "BTC")
    assert heard(event) == (fact,)


def test_what_is_no_news_of_the_account_tells_nothing() -> None:
    assert heard({"e": "listStatus", "g": 2}) == ()
    assert spot().ends({"event": {"e": "eventStreamTerminated"}})
    assert spot().ends({"e": "serverShutdown", "E": 1})
    assert not spot().ends({"event": REPORT})


def test_a_refused_request_over_a_websocket_is_told_from_an_event() -> None:
    made = spot()
    refused = {"id": "1", "status": 400, "error": {"code": -1021, "msg": "outside of recvWindow"}}
    answer = made.answered(refused)
    assert answer is not None
    assert answer.said is not None
    assert made.judge(answer.said) is Reason.CLOCK
    done = made.answered({"id": 3, "result": None})
    assert done is not None
    assert (done.id, done.said) == ("3", None)
    assert made.answered({"subscriptionId": 0, "event": REPORT}) is None


# ---- the market ---------------------------------------------------------------------------------
def test_the_flag_of_a_closed_bar_comes_from_the_wire() -> None:
    made = spot()
    event = {
        "e": "kline", "E": 1672515782136, "s": "ETHBTC",
        "k": {
            "t": 1672515780000, "T": 1672515839999, "s": "ETHBTC", "i": "1m", "f": 100, "L": 200,
            "o": "0.0010", "c": "0.0020", "h": "0.0025", "l": "0.0015", "v": "1000", "n": 100,
            "x": False, "q": "1.0000", "V": "500", "Q": "0.500", "B": "123456",
        },
    }  # fmt: skip
    stream = made.bars("ETHBTC", "1m")
    assert stream.name == "ethbtc@kline_1m"
    bar = stream.read(event, datetime.now(UTC))
    assert not bar.final
    assert (bar.open_at.minute, bar.close_at.minute, bar.close_at.second) == (43, 44, 0)
    assert (bar.open, bar.volume) == (Decimal("0.0010"), 1000)
    event["k"]["x"] = True  # type: ignore[index]
    assert stream.read(event, datetime.now(UTC)).final


def test_books_quotes_and_trades_are_read() -> None:
    made, now = spot(), datetime.now(UTC)
    quote = made.quotes("ETHBTC").read(
        {"u": 1, "s": "ETHBTC", "b": "25.35", "B": "31.2", "a": "25.36", "A": "40.6"}, now
    )
    assert (quote.bid, quote.ask, quote.at) == (Decimal("25.35"), Decimal("25.36"), now)
    stream = made.book("ETHBTC", 2)
    assert stream.name == "ethbtc@depth5@100ms"
    levels = [["0.3", "1"], ["0.2", "2"], ["0.1", "3"]]
    book = stream.read({"lastUpdateId": 160, "bids": levels, "asks": []}, now)
    assert book.bids == ((Decimal("0.3"), 1), (Decimal("0.2"), 2), (Decimal("0.1"), 3))
    event = {"e": "trade", "s": "ETHBTC", "t": 9, "p": "0.001", "q": "100", "T": 1672515782136}
    taken = made.prints("ETHBTC").read({**event, "m": True}, now)
    assert (taken.id, taken.taker, taken.qty) == ("9", -1, 100)
    assert made.prints("ETHBTC").read({**event, "m": False}, now).taker == 1


# ---- look-ups -----------------------------------------------------------------------------------
def looked(reply: Any) -> Any:
    async def ask(call: Call) -> Any:
        if isinstance(reply, Said):
            raise reply
        return reply if call.method == "privateGetOrder" else []

    refs = frozenset({"client:ETHBTC:a-1"})
    return asyncio.run(spot().lookup(ask, "a-1", refs, datetime(2026, 3, 2, tzinfo=UTC)))


def test_an_order_that_is_not_shown_is_not_seen_and_one_that_is_archived_is_over() -> None:
    unknown = Said(400, "-2013", "Order does not exist.")
    assert looked(unknown) == NotSeen(at=datetime(2026, 3, 2, tzinfo=UTC))
    archived = "Order was canceled or expired with no executed qty over 90 days ago."
    assert isinstance(looked(Said(400, "-2026", archived)), Never)


def test_a_stop_order_that_waits_is_found_with_its_trigger() -> None:
    row = {
        "symbol": "ETHBTC", "orderId": 1, "orderListId": -1, "clientOrderId": "a-1",
        "price": "0.0", "origQty": "1.0", "executedQty": "0.0", "status": "NEW",
        "timeInForce": "GTC", "type": "STOP_LOSS", "side": "SELL", "stopPrice": "0.09",
        "time": 1499827319559, "updateTime": 1499827319559, "isWorking": False,
    }  # fmt: skip
    found = looked(row)
    assert isinstance(found, Found)
    (fact,) = found.facts
    assert isinstance(fact, OrderFact)
    assert fact.state is State.WORKING
    assert fact.ticket is not None
    assert (fact.ticket.kind, fact.ticket.trigger) == (Kind.STOP, Decimal("0.09"))

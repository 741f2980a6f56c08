"""The words of Coinbase's profile: keys, prices, codes, the log's places, what the stream lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.stores.base import AuthFailed
from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.profiles.coinbase import codes, executions
from atms.stores.ccxt.profiles.coinbase.orders import client_ref, moment
from atms.stores.ccxt.profiles.coinbase.profile import CoinbaseSpot
from atms.stores.ccxt.profiles.coinbase.streams import Ladder
from atms.stores.ccxt.store import CCXTStore
from atms.stores.facts import FillFact, LinkFact, OrderFact, State
from atms.stores.outcomes import Acked, Found, NotSeen, NotSent, Reason, Refused, Unknown
from atms.stores.requests import Cancel, Kind, Place
from tests.stores.bench import LONG_AGO, Ear, canceled, placed, prepared, read_log, sent
from tests.stores.ccxt import coinbase
from tests.stores.ccxt.coinbase import KEY, CoinbaseBench

AT = moment("2026-03-01T12:00:00Z")


def played(body: Callable[[CoinbaseBench], Awaitable[None]], **options: Any) -> None:
    coinbase.run(body, **options)


def judged(status: int, answer: Any) -> Reason | None:
    said = codes.complaint(status, {}, "", answer)
    assert isinstance(said, Said)
    return codes.judge(said)


# ---- refusals ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (200, {"success": False, "error_response": {"error": "INSUFFICIENT_FUND"}}, Reason.FUNDS),
        (200, {"success": False, "error_response": {
            "error": "UNKNOWN_FAILURE_REASON",
            "preview_failure_reason": "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"}},
         Reason.WOULD_TRIGGER),
        (200, {"success": False, "error_response": {
            "new_order_failure_reason": "DUPLICATE_CLIENT_ORDER_ID"}}, Reason.DUPLICATE_KEY),
        # nobody knows what became of these
        (200, {"success": False, "error_response": {"error": "UNKNOWN_FAILURE_REASON"}}, None),
        (200, {"success": False, "error_response": {"error": "A_REASON_OF_TOMORROW"}}, None),
        (200, {"results": [{"success": False, "failure_reason": "UNKNOWN_CANCEL_FAILURE_REASON"}]},
         None),
        (200, {"results": [{"success": False, "failure_reason": "UNKNOWN_CANCEL_ORDER"}]},
         Reason.NOT_OPEN),
        (400, {"error": "INVALID_ARGUMENT", "message": "no"}, Reason.OTHER),
        (401, "Unauthorized", Reason.NO_PERMISSION),
        (429, {"errors": [{"id": "rate_limit_exceeded", "message": "slow"}]}, Reason.RATE),
        (500, {"error": "INSUFFICIENT_FUND", "message": "an answer of nobody's"}, None),
        (503, "<html>", None),
    ],
)  # fmt: skip
def test_an_answer_is_a_refusal_only_where_it_says_so(
    status: int, answer: Any, reason: Reason | None
) -> None:
    assert judged(status, answer) is reason


@pytest.mark.parametrize(
    ("key", "secret", "told"),
    [
        (KEY.key, "c2VjcmV0" * 11, "-----BEGIN EC PRIVATE KEY-----"),
        ("0f6c1d", KEY.secret, "organizations/"),
        (KEY.key, KEY.secret[:90], "the whole private key"),
    ],
)
def test_a_key_that_cannot_sign_is_told_before_anything_is_sent(
    key: str, secret: str, told: str
) -> None:
    store = CCXTStore("coinbase", key=key, secret=secret, url="http://127.0.0.1:1")
    with pytest.raises(AuthFailed, match=told):
        asyncio.run(store.connect())


def test_a_private_key_may_be_written_in_one_line() -> None:
    async def body(bench: CoinbaseBench) -> None:
        store = CCXTStore(
            "coinbase", key=KEY.key, secret=KEY.secret.replace("\n", "\\n"), url=bench.sandbox.url
        )
        bench.stores.append(store)
        assert (await store.connect()).can_withdraw is False

    played(body)


# ---- orders --------------------------------------------------------------------------------
def test_a_stop_limit_stands_at_the_venue_and_one_it_would_refuse_is_not_sent() -> None:
    async def body(bench: CoinbaseBench) -> None:
        store = await bench.opened()
        out = replace(bench.standing("a-1"), side=-1, kind=Kind.STOP_LIMIT)
        assert isinstance(
            await sent(store, replace(out, limit=Decimal(81), trigger=Decimal(80))), NotSent
        )
        made = replace(out, key="a-2", limit=Decimal(79), trigger=Decimal(80))
        ear = Ear(store)
        assert isinstance(await sent(store, made), Acked)
        (found,) = [
            fact for fact in (await store.snapshot([bench.instrument])).facts
            if isinstance(fact, OrderFact)
        ]  # fmt: skip
        assert found.ticket == made
        bench.sandbox.market.print(80, 1)
        await bench.settle()
        # it fires at 80 and sells all 8 into the book below
        assert ear.orders("a-2")[-1].state is State.FILLED
        assert sum(fill.qty for fill in ear.fills("a-2")) == 8

    played(body)


def test_a_key_that_comes_again_is_refused_however_the_venue_tells_it() -> None:
    async def body(bench: CoinbaseBench) -> None:
        store = await bench.opened()
        await placed(store, bench.standing("a-1"))
        second = await sent(store, bench.standing("a-1"))
        assert isinstance(second, Refused)
        assert second.reason is Reason.DUPLICATE_KEY
        assert len(bench.sandbox.truth.of("order")) == 1

    played(body)
    played(body, refuses_duplicates=True)


def test_an_order_whose_number_is_not_known_is_found_by_its_key_and_then_taken_back() -> None:
    async def body(bench: CoinbaseBench) -> None:
        store = await bench.opened()
        made = await prepared(store, Place(tickets=(bench.standing("a-1"),)))
        with bench.trouble("lose_reply"):
            assert isinstance(await store.transmit(made), Unknown)
        await store.close()
        other = await bench.opened()  # after a restart: the journal has the prepared name alone
        names = frozenset(name for _, name in made.refs)
        late = bench.sandbox.clock.now() / 1000 + 3600
        assert isinstance(await other.lookup("a-1", names, moment_of(late)), NotSeen)
        looked = await other.lookup("a-1", names, LONG_AGO)
        assert isinstance(looked, Found)
        (fact,) = [one for one in looked.facts if isinstance(one, OrderFact)]
        assert isinstance(await canceled(other, "a-1", fact.refs), Acked)

    played(body)


def test_an_order_without_a_number_is_not_taken_back_by_a_guess() -> None:
    named = frozenset({client_ref("BTC-USDT", "a-1")})
    assert "number is not known" in CoinbaseSpot().unfit(Cancel(key="a-1", refs=named))


def moment_of(seconds: float) -> Any:
    return AT + timedelta(seconds=seconds - AT.timestamp())


# ---- executions ----------------------------------------------------------------------------
def row(number: int, at: str, size: str = "1") -> dict[str, Any]:
    return {
        "entry_id": f"e{number}", "order_id": "o", "trade_time": at, "price": "100", "size": size,
        "commission": "0.6", "product_id": "BTC-USDT", "side": "BUY",
    }  # fmt: skip


def test_executions_of_one_instant_and_late_ones_are_told_once() -> None:
    one, two, three, late = (
        row(1, "2026-03-01T12:00:01Z"), row(2, "2026-03-01T12:00:02Z"),
        row(3, "2026-03-01T12:00:02Z"), row(4, "2026-03-01T12:00:01.500Z"),
    )  # fmt: skip
    shown = [one, two, three]
    asked: list[Any] = []

    async def ask(call: Any) -> Any:
        asked.append(call)
        if "Batch" in call.method:
            return {"orders": []}
        start = moment(call.params["start_sequence_timestamp"])
        found = [one for one in shown if moment(one["trade_time"]) > start]
        return {"fills": list(reversed(found)), "cursor": ""}

    async def read(after: str, rows: int) -> tuple[list[str], str, bool]:
        page = await executions.log(ask, Products(), {}, after, ["BTC-USDT"], AT, rows)
        return (
            [fact.exec for fact in page.facts if isinstance(fact, FillFact)],
            page.next,
            page.more,
        )

    async def body() -> None:
        start = executions.Place(AT).written()
        first, place, more = await read(start, 2)
        assert (first, more) == (["e1", "e2"], True)  # the cut lies between two of one instant
        second, place, more = await read(place, 2)
        assert (second, more) == (["e3"], False)
        assert await read(place, 2) == ([], place, False)
        shown.append(late)
        assert (await read(place, 2))[0] == ["e4"]

    asyncio.run(body())


class Products:
    """Names that need no account."""

    account, all = "a", ()

    def symbol(self, instrument: str) -> str:
        return instrument

    def id(self, raw: str) -> str:
        return raw

    def raw(self, instrument: str) -> str:
        return instrument


def test_a_fill_that_a_cut_stream_did_not_tell_is_in_the_log_and_fees_are_paid_in_quote() -> None:
    async def body(bench: CoinbaseBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        names = await placed(store, bench.standing("a-1"))
        bench.front.cut()
        bench.sandbox.disconnect()
        await bench.fill("a-1", Decimal(3))
        links = lambda: [fact.up for fact in ear.of(LinkFact)]  # noqa: E731 - read once
        async with asyncio.timeout(20):
            while links() != [True, False, True]:
                await asyncio.sleep(0.05)
        assert ear.of(FillFact) == []  # what was before the stream is not told as if it were of now
        await bench.fill("a-1", Decimal(2))
        await bench.settle()
        assert [fill.qty for fill in ear.of(FillFact)] == [2]
        pages = await read_log(store, bench.start, [bench.instrument])
        fill, _ = [one for page in pages for one in page.facts if isinstance(one, FillFact)]
        # 3 at 90 are 270, of which the sandbox takes a thousandth
        assert (fill.qty, fill.price, fill.key) == (3, 90, "a-1")
        assert fill.fees is not None
        assert [(fee.asset, fee.amount) for fee in fill.fees] == [("USDT", Decimal("0.27"))]
        assert fill.refs & names["a-1"]

    played(body)


def test_executions_that_the_list_shows_late_are_told_with_a_later_message() -> None:
    async def body(bench: CoinbaseBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a-1"))
        bench.sandbox.clock.offset = 0
        (order,) = bench.sandbox.venue.desk.open("BTCUSDT")
        order.seen_from = bench.sandbox.clock.now() + 1500
        await bench.fill("a-1")
        await bench.settle()
        assert ear.orders("a-1")[-1].state is State.FILLED
        assert ear.fills("a-1") == []
        async with asyncio.timeout(20):  # a heartbeat comes every second
            while not ear.fills("a-1"):
                await asyncio.sleep(0.05)
        assert [fill.qty for fill in ear.fills("a-1")] == [8]

    played(body)


# ---- the book ------------------------------------------------------------------------------
def level(side: str, price: str, qty: str) -> dict[str, str]:
    return {"side": side, "price_level": price, "new_quantity": qty}


def test_a_book_is_what_was_told_whole_and_what_has_changed_since() -> None:
    ladder = Ladder("i", 2)
    whole = [level("bid", "9", "1"), level("bid", "10", "2"), level("bid", "8", "5"),
             level("offer", "12", "1"), level("offer", "11", "3")]  # fmt: skip
    book = ladder.read({"type": "snapshot", "updates": whole}, AT)
    assert book.bids == ((10, 2), (9, 1))
    assert book.asks == ((11, 3), (12, 1))
    changes = [level("bid", "10", "0"), level("offer", "11", "4"), level("offer", "10.5", "1")]
    book = ladder.read({"type": "update", "updates": changes}, AT)
    assert book.bids == ((9, 1), (8, 5))
    assert book.asks == ((Decimal("10.5"), 1), (11, 4))
    book = ladder.read({"type": "snapshot", "updates": [level("bid", "7", "1")]}, AT)
    assert (book.bids, book.asks) == (((7, 1),), ())


def test_the_bar_that_grows_is_not_history_though_the_end_lies_far_ahead() -> None:
    """So a feed asks for old bars that a sandbox plays: up to the clock, years later."""

    async def body(bench: CoinbaseBench) -> None:
        store = await bench.opened()
        for number in range(3):
            await bench.bar(number)
        bench.sandbox.market.print(100, 1)  # the minute after
        start = moment("2100-03-02T09:00:00Z")
        stream = store.history(bench.instrument, "1m", start, start + timedelta(days=30))
        assert [bar.open_at.minute async for bar in stream] == [0, 1, 2]

    played(body)


def test_a_product_that_shares_a_book_is_streamed_by_the_others_name_and_told_by_its_own() -> None:
    profile = CoinbaseSpot()
    profile.names.account = "a"
    profile.names.learn("BTC-USDC", "BTC/USDC", "BTC", "USDC")
    profile.names.aliases["BTC-USDC"] = "BTC-USD"
    stream = profile.prints("BTC-USDC")
    assert stream.name == "market_trades:BTC-USD"
    trade = {"trade_id": "7", "product_id": "BTC-USD", "price": "100", "size": "2", "side": "BUY",
             "time": "2026-03-01T12:00:00Z"}  # fmt: skip
    message = {"channel": "market_trades", "events": [{"type": "update", "trades": [trade]}]}
    ((name, event),) = profile.streamed(message)
    assert name == stream.name
    (told,) = stream.read(event, AT)
    # the order that stood in the book bought, so that the taker sold
    assert (told.instrument, told.id, told.price, told.taker) == ("a:BTC/USDC", "7", 100, -1)
    book = {"product_id": "BTC-USD", "bids": [{"price": "99"}], "asks": [{"price": "101"}]}
    quote = profile.read_quote({"pricebook": book}, AT)
    assert quote is not None
    assert quote.instrument == "a:BTC/USDC"

"""What is OKX's own: its words for orders, its codes, its log of executions, its accounts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from atms.errors import VenueError
from atms.sandbox.venue.intervals import DAY
from atms.stores.base import AuthFailed
from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.profiles.okx import codes
from atms.stores.facts import FillFact, LinkFact, OrderFact, State
from atms.stores.outcomes import Acked, Found, Reason, Unknown
from atms.stores.requests import Kind
from tests.stores.bench import LONG_AGO, Ear, canceled, executions, placed, read_log, sent, traded
from tests.stores.ccxt import okx
from tests.stores.ccxt.okx import CONFIG, OkxBench


def refusal(status: int, body: dict[str, Any]) -> Said:
    """Return what an answer says, as it goes through ccxt."""
    said = codes.complaint(status, {}, json.dumps(body), body)
    assert said is not None
    return said


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, {"code": "1", "msg": "", "data": [{"sCode": "51008", "sMsg": "x"}]}, Reason.FUNDS),
        (200, {"code": "1", "data": [{"sCode": "51016", "sMsg": "x"}]}, Reason.DUPLICATE_KEY),
        (200, {"code": "1", "data": [{"sCode": "51400", "sMsg": "x"}]}, Reason.NOT_OPEN),
        (400, {"code": "51000", "msg": "Parameter sz error", "data": []}, Reason.FILTER),
        (400, {"code": "51000", "msg": "Parameter tdMode error", "data": []}, Reason.OTHER),
        (401, {"code": "50102", "msg": "Timestamp request expired.", "data": []}, Reason.CLOCK),
        (401, {"code": "50105", "msg": "x", "data": []}, Reason.NO_PERMISSION),
        (429, {"code": "50011", "msg": "Too Many Requests"}, Reason.RATE),
        # the venue does not know, or says nothing of the order: it may stand
        (400, {"code": "50004", "msg": "API endpoint request timeout."}, None),
        (429, {"code": "50013", "msg": "Systems are busy."}, None),
        (503, {"code": "50001", "msg": "Service temporarily unavailable."}, None),
        (200, {"code": "1", "data": [{"sCode": "51149", "sMsg": "Order timed out."}]}, None),
        (200, {"code": "1", "msg": "Operation failed.", "data": []}, None),
        (200, {"code": "99999", "msg": "what nobody has seen"}, None),
    ],
)
def test_a_code_is_a_refusal_only_where_it_proves_that_nothing_was_done(
    status: int, body: dict[str, Any], reason: Reason | None
) -> None:
    assert codes.judge(refusal(status, body)) is reason


def test_an_answer_of_an_order_that_was_taken_is_no_complaint() -> None:
    good = {"code": "0", "msg": "", "data": [{"sCode": "0", "sMsg": ""}]}
    assert codes.complaint(200, {}, json.dumps(good), good) is None


def test_a_limit_of_one_endpoint_bars_no_other_and_a_firewall_bars_all() -> None:
    assert not refusal(429, {"code": "50011", "msg": ""}).bans
    turned = codes.complaint(403, {}, "<html><b>Forbidden</b></html>", None)
    assert turned is not None
    assert (turned.bans, turned.text, codes.judge(turned)) == (True, "Forbidden", Reason.RATE)


def test_orders_leave_in_the_venues_words() -> None:
    async def body(bench: OkxBench) -> None:
        store = await bench.opened()
        heard: list[dict[str, Any]] = []
        wire = store._asking.connected()
        usual = wire.call

        async def call(one: Any) -> Any:
            heard.append(dict(one.params))
            return await usual(one)

        wire.call = call  # type: ignore[method-assign]
        await sent(store, bench.taking("a1"))
        await sent(store, replace(bench.standing("a2"), post_only=True))
        await sent(store, replace(bench.standing("a3"), tif="fok", side=-1))
        common = {"instId": "BTC-USDT", "tdMode": "cash", "sz": "8"}
        # a buyer's size is coins and not money, and what cannot be paid is refused, not made less
        market = {"ordType": "market", "tgtCcy": "base_ccy", "banAmend": True}
        assert heard == [
            {**common, "clOrdId": "a1", "side": "buy", **market},
            {**common, "clOrdId": "a2", "side": "buy", "ordType": "post_only", "px": "90"},
            {**common, "clOrdId": "a3", "side": "sell", "ordType": "fok", "px": "90"},
        ]

    okx.run(body)


def test_a_stop_is_left_to_the_broker() -> None:
    async def body(bench: OkxBench) -> None:
        assert bench.can.kinds == {Kind.MARKET, Kind.LIMIT}
        assert bench.can.links == frozenset()

    okx.run(body)


def test_an_order_that_would_take_though_it_must_not_is_told_as_refused() -> None:
    async def body(bench: OkxBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        wish = replace(bench.standing("a1"), post_only=True, limit=Decimal(105))
        assert isinstance(await sent(store, wish), Acked)
        await bench.settle()
        last = ear.orders("a1")[-1]
        assert (last.state, last.reason) == (State.REFUSED, Reason.WOULD_TAKE)
        assert ear.of(FillFact) == []

    okx.run(body)


def test_now_or_never_says_what_was_there_and_that_it_is_over() -> None:
    async def body(bench: OkxBench) -> None:
        bench.sandbox.market.book([[99, 1]], [[100, 3]])
        store = await bench.opened()
        ear = Ear(store)
        await sent(store, replace(bench.standing("a1"), tif="ioc", limit=Decimal(100)))
        await bench.settle()
        last = ear.orders("a1")[-1]
        assert (last.state, last.filled) == (State.EXPIRED, 3)
        assert [(one.qty, one.price) for one in ear.fills("a1")] == [(3, 100)]

    okx.run(body)


def test_a_status_that_the_venue_leaves_open_is_looked_up_and_not_refused() -> None:
    async def body(bench: OkxBench) -> None:
        store = await bench.opened()
        bench.sandbox.faults.once("error_1007_after_order")
        outcome = await sent(store, bench.standing("a1"))
        assert isinstance(outcome, Unknown)
        assert "50004" in outcome.why
        assert isinstance(await store.lookup("a1", frozenset(), LONG_AGO), Found)

    okx.run(body)


def test_what_was_filled_in_part_and_taken_back_has_its_fills_in_the_log() -> None:
    async def body(bench: OkxBench) -> None:
        store = await bench.opened()
        names = await placed(store, bench.standing("a1"))
        await bench.fill("a1", Decimal(3))
        assert isinstance(await canceled(store, "a1", names["a1"]), Acked)
        await bench.settle()
        looked = await store.lookup("a1", names["a1"], LONG_AGO)
        assert isinstance(looked, Found)
        *fills, order = looked.facts
        assert isinstance(order, OrderFact)
        assert (order.state, order.filled) == (State.CANCELED, 3)
        (page,) = await read_log(store, bench.start, [bench.instrument])
        assert executions(page.facts) == executions(fills) != []
        (fill,) = page.facts
        assert isinstance(fill, FillFact)
        # a buyer pays in what it gets: a thousandth of 3
        assert [(fee.asset, fee.amount) for fee in fill.fees or ()] == [("BTC", Decimal("0.003"))]

    okx.run(body)


def test_executions_of_one_moment_are_told_once_over_pages_and_late_ones_too() -> None:
    """Pages of three; all of one millisecond; one shows itself after those with higher numbers."""

    async def body(bench: OkxBench) -> None:
        store = await bench.opened()
        await traded(bench, store, 8)
        desk = bench.sandbox.venue.desk
        fills = desk.fills["BTCUSDT"]
        for fill in fills:
            fill.time = fills[0].time
        late = fills.pop(4)
        first = await read_log(store, bench.start, [bench.instrument])
        assert len(first) > 1
        fills.insert(4, late)
        second = await read_log(await bench.opened(), first[-1].next, [bench.instrument])
        told = [[one.exec for one in page.facts if isinstance(one, FillFact)] for page in first]
        names = [name for page in told for name in page]
        assert len(names) == len(set(names)) == 7
        assert _names(second) == [f"BTC-USDT:{late.id}"]

    okx.run(body)


def test_executions_are_found_behind_the_three_days_of_the_quick_list_and_none_of_before() -> None:
    async def body(bench: OkxBench) -> None:
        store = await bench.opened()
        await traded(bench, store, 1)
        fills = bench.sandbox.venue.desk.fills["BTCUSDT"]
        fills[0].time -= 5 * DAY
        start = (await store.log(None, [bench.instrument])).next
        await traded(bench, store, 3, "b")
        fills[1].time -= 4 * DAY
        pages = await read_log(store, start, [bench.instrument])
        assert _names(pages) == [f"BTC-USDT:{fill.id}" for fill in fills[1:]]
        looked = await store.lookup("b0", frozenset(), LONG_AGO)
        assert isinstance(looked, Found)
        assert _names([looked]) == [f"BTC-USDT:{fills[1].id}"]

    okx.run(body)


def _names(pages: Sequence[Any]) -> list[str]:
    return [one.exec for page in pages for one in page.facts if isinstance(one, FillFact)]


def test_a_fill_while_the_stream_is_cut_is_found_in_the_log() -> None:
    async def body(bench: OkxBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a1"))
        await bench.settle()
        bench.front.cut()
        await bench.fill("a1")
        for _ in range(100):
            await asyncio.sleep(0.05)
            if [one.up for one in ear.of(LinkFact)][-2:] == [False, True]:
                break
        assert ear.of(FillFact) == []
        pages = await read_log(store, bench.start, [bench.instrument])
        assert len(_names(pages)) == 1

    okx.run(body)


def test_an_account_on_margin_is_not_traded_on() -> None:
    async def body(bench: OkxBench) -> None:
        bench.sandbox.venue.config = replace(CONFIG, account_level=3)  # type: ignore[misc]
        with pytest.raises(VenueError, match=r"margin mode.*acctLv 3.*spot or futures mode"):
            await bench.opened()

    okx.run(body)


@pytest.mark.parametrize("wrong", [{"password": "wrong-word"}, {"secret": "wrong"}])
def test_a_wrong_passphrase_is_told_as_the_keys_and_not_shown(wrong: dict[str, str]) -> None:
    async def body(bench: OkxBench) -> None:
        store = bench.joined(**wrong)
        with pytest.raises(AuthFailed) as told:
            await store.connect()
        said = f"{told.value!r} {vars(store)!r} {vars(store._asking)!r}"
        assert bench.sandbox.passphrase not in said
        assert "wrong-word" not in said

    okx.run(body)


def test_a_venue_that_repeats_what_it_was_sent_shows_no_passphrase_and_no_signature() -> None:
    async def body(bench: OkxBench) -> None:
        store = await bench.opened()
        with bench.front.trouble("echo"):
            outcome = await sent(store, bench.standing("a1"))
            with pytest.raises(VenueError) as told:
                await store.snapshot([bench.instrument])
        signed = [headers["OK-ACCESS-SIGN"] for headers in bench.front.headers[-2:]]
        for said in (repr(outcome), repr(told.value)):
            assert "OK-ACCESS-PASSPHRASE" in said
            for hidden in (bench.sandbox.passphrase, bench.sandbox.key, *signed):
                assert hidden not in said

    okx.run(body)


def test_an_account_that_may_withdraw_says_so() -> None:
    async def body(bench: OkxBench) -> None:
        assert bench.can.can_withdraw is False
        assert bench.sandbox.withdrawal_key is not None
        key, secret = bench.sandbox.withdrawal_key
        can = await bench.joined(key=key, secret=secret).connect()
        assert can.can_withdraw is True

    okx.run(body, replace(CONFIG, may_withdraw=True))


def test_bars_behind_a_gap_of_years_are_found_in_few_questions() -> None:
    async def body(bench: OkxBench) -> None:
        store = await bench.opened()
        for number in range(3):
            await bench.bar(number)
        start = LONG_AGO
        before = len(bench.front.arrived)
        found = []
        async for bar in store.history(bench.instrument, "1m", start, start.replace(year=2101)):
            found.append(bar)
            if len(found) == 2:
                break
        assert [bar.open_at.year for bar in found] == [2026, 2100]
        assert len(bench.front.arrived) - before < 160

    okx.run(body)


def test_a_connection_that_answers_pings_in_text_is_kept() -> None:
    async def body(bench: OkxBench) -> None:
        store = bench.joined()
        store._profile.idle = 0.05  # two pings without an answer end it
        await store.connect()
        ear = Ear(store)
        await asyncio.sleep(0.6)
        assert [one.up for one in ear.of(LinkFact)] == [True]
        bench.front.deaf = True
        await asyncio.sleep(0.6)
        assert not all(one.up for one in ear.of(LinkFact))

    okx.run(body)

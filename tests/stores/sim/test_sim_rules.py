"""What the paper venue takes, and what fills when not all can: numbers worked out by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import backtrader as bt
import pytest

from atms.errors import ConfigError
from atms.sandbox.simulation.loop import VirtualLoop
from atms.simulation import Commission, MakerTaker, Margin, Rules, Slippage
from atms.stores.base import Unreachable
from atms.stores.facts import BalanceFact, BucketFact, OrderFact, State
from atms.stores.market import Quote
from atms.stores.outcomes import Acked, NotSent, Reason, Refused
from atms.stores.requests import Amend, Kind, Ticket
from atms.stores.sim import SimAccount, SimModels, SimStore, SimVenue
from tests.stores.sim.paper import START, Market, btc, in_virtual_time
from tests.stores.sim.test_sim_memory import Desk, limit, ticket

D = Decimal


def on(body: Callable[[Desk], Awaitable[None]], **options: Any) -> None:
    async def run(loop: VirtualLoop) -> None:
        desk = Desk(loop, None, **options)
        await desk.begin()
        await desk.bar("100 100 100 100")
        await body(desk)

    in_virtual_time(run)


async def balances(desk: Desk) -> dict[str, tuple[Decimal, Decimal | None]]:
    facts = (await desk.snapshot()).facts
    return {one.asset: (one.total, one.free) for one in facts if isinstance(one, BalanceFact)}


async def state(desk: Desk, key: str) -> tuple[State, Reason | None, Decimal | None]:
    looked = await desk.store.lookup(key, frozenset(), START)
    fact = looked.facts[0]  # type: ignore[union-attr]
    assert isinstance(fact, OrderFact)
    return fact.state, fact.reason, fact.filled


FEES = SimModels(commission=Commission(schedule=MakerTaker(0.001, 0.001)))


def test_a_purchase_swaps_cash_for_the_asset_and_pays_the_fee_in_cash() -> None:
    async def body(desk: Desk) -> None:
        await desk.send(ticket("a-1", qty=D("2.5")))
        await desk.bar("100 110 90 110")
        assert await balances(desk) == {
            "BTC": (D("2.5"), D("2.5")), "USD": (D("9749.75"), D("9749.75")),
        }  # fmt: skip

    on(body, cash_kind="exchange", models=FEES)


def test_on_margin_a_fill_moves_nothing_but_the_fee_and_closing_moves_the_profit() -> None:
    async def body(desk: Desk) -> None:
        await desk.send(ticket("a-1", -1))
        await desk.bar("100 100 100 100")
        assert (await balances(desk))["USD"][0] == D("9999.8")
        (held,) = [one for one in (await desk.snapshot()).facts if isinstance(one, BucketFact)]
        assert (held.qty, held.price) == (-2, 100)
        await desk.send(ticket("a-2"))
        await desk.bar("90 90 90 90")
        assert (await balances(desk))["USD"][0] == D("9999.8") + 20 - D("0.18")

    on(body, models=FEES)


def test_what_is_not_there_is_not_sold_on_an_exchange() -> None:
    async def body(desk: Desk) -> None:
        outcome = await desk.send(ticket("a-1", -1))
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.FUNDS
        assert "BTC 2 short" in outcome.code

    on(body, cash_kind="exchange")


def test_an_asset_that_the_account_began_with_can_be_sold() -> None:
    async def body(desk: Desk) -> None:
        assert isinstance(await desk.send(ticket("a-1", -1)), Acked)
        await desk.bar("100 100 100 100")
        assert await balances(desk) == {"BTC": (D(1), D(1)), "USD": (D(200), D(200))}

    on(body, cash_kind="exchange", cash={"BTC": D(3), "USD": D(0)})


def test_both_legs_of_a_bracket_may_sell_what_its_entry_buys() -> None:
    async def body(desk: Desk) -> None:
        stop = ticket("a-3", -1, kind=Kind.STOP, trigger=D(90))
        entry = await desk.send(ticket("a-1"), limit("a-2", "110", -1), stop, link="bracket")
        assert isinstance(entry, Acked)
        await desk.bar("100 100 100 100")
        await desk.bar("100 111 100 100")
        assert [(await state(desk, f"a-{one}"))[0].name for one in (1, 2, 3)] == [
            "FILLED", "FILLED", "CANCELED",
        ]  # fmt: skip
        assert (await balances(desk))["USD"][0] == D(10_020)

    on(body, cash_kind="exchange")


def test_a_sale_that_rested_sells_what_is_left_and_ends() -> None:
    async def body(desk: Desk) -> None:
        await desk.send(limit("a-1", "110", -1))
        await desk.bar("100 100 100 100")
        await desk.send(ticket("a-2", -1, qty=D("0.5")))
        await desk.bar("100 111 100 100")
        assert await state(desk, "a-1") == (State.FILLED, None, D(2))
        assert await state(desk, "a-2") == (State.REFUSED, Reason.FUNDS, D(0))
        assert (await balances(desk))["BTC"][0] == 0

    on(body, cash_kind="exchange", cash={"BTC": D(2), "USD": D(0)})


def test_what_only_reduces_goes_no_further_than_its_position() -> None:
    async def body(desk: Desk) -> None:
        await desk.send(ticket("a-1"))
        await desk.bar("100 100 100 100")
        await desk.send(ticket("a-2", -1, qty=D(5), reduces=True))
        await desk.send(ticket("a-3", -1, reduces=True))
        await desk.bar("100 100 100 100")
        assert await state(desk, "a-2") == (State.CANCELED, Reason.REDUCE_ONLY, D(2))
        assert await state(desk, "a-3") == (State.CANCELED, Reason.REDUCE_ONLY, D(0))
        assert desk.store.venue.book.holdings.qty("paper:BTC/USD") == 0

    on(body)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"qty": D("0.0005")}, "size 0.0005 is no multiple of the step 0.001"),
        ({"kind": Kind.LIMIT, "limit": D("99.999")}, "price 99.999 is no multiple of the tick"),
        ({"kind": Kind.STOP, "trigger": D("100.001")}, "no multiple of the tick"),
        ({"qty": D("0.01")}, "a value of 1.00 is under the minimum of 10"),
    ],
)
def test_what_breaks_a_filter_of_the_source_is_refused_with_the_numbers(
    told: dict[str, Any], why: str
) -> None:
    async def body(desk: Desk) -> None:
        outcome = await desk.send(ticket("a-1", **told))
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.FILTER
        assert why in outcome.code

    on(body)


def test_the_configs_rules_hold_beside_the_sources_filters() -> None:
    async def body(desk: Desk) -> None:
        outcome = await desk.send(ticket("a-1", qty=D("1.5")))
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.FILTER

    on(body, models=SimModels(rules=Rules(step=D(1))))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"kind": Kind.ON_CLOSE}, "no on_close order"),
        ({"tif": "ioc"}, "with ioc"),
        ({"post_only": True}, "post-only"),
        ({"worst": D(101)}, "worst"),
        ({"kind": Kind.LIMIT}, "needs limit"),
        ({"kind": Kind.TRAIL}, "needs trail"),
        ({"bucket": "long"}, "net"),
    ],
)
def test_what_the_venue_has_no_words_for_is_not_sent(told: dict[str, Any], why: str) -> None:
    async def body(desk: Desk) -> None:
        outcome = await desk.send(ticket("a-1", **told))
        assert isinstance(outcome, NotSent)
        assert why in outcome.why

    on(body)


def test_orders_are_not_changed_here() -> None:
    async def body(desk: Desk) -> None:
        change = Amend(key="a-1", refs=frozenset(), ticket=ticket("a-1"))
        assert isinstance(
            await desk.store.transmit(await desk.store.prepare(change)), NotSent
        )  # fmt: skip

    on(body)


def test_a_day_order_ends_with_the_day() -> None:
    async def body(desk: Desk) -> None:
        await desk.send(ticket("a-1", kind=Kind.LIMIT, limit=D(90), tif="day"))
        desk.number = 14 * 60 + 58
        await desk.bar("100 100 91 100")
        assert (await state(desk, "a-1"))[0] is State.WORKING
        await desk.bar("100 100 90 100")
        assert (await state(desk, "a-1"))[0] is State.EXPIRED

    on(body)


def test_an_order_on_the_close_fills_where_the_session_ends() -> None:
    async def body(desk: Desk) -> None:
        await desk.send(ticket("a-1", kind=Kind.ON_CLOSE))
        await desk.bar("100 100 91 95")
        await desk.bar("96 97 91 92")
        assert desk.store.venue.book.fills[0].price == 92

    on(body, models=SimModels(session_end=time(9, 3)))


def test_without_a_bar_there_is_no_price_and_no_order() -> None:
    async def body(loop: VirtualLoop) -> None:
        desk = Desk(loop, None)
        await desk.begin()
        outcome = await desk.send(ticket("a-1"))
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.CLOSED_MARKET

    in_virtual_time(body)


def test_a_price_is_read_and_bars_are_followed_where_no_feed_does(tmp_path: Path) -> None:
    async def body(loop: VirtualLoop) -> None:
        desk = Desk(loop, tmp_path)
        await desk.begin()
        await desk.bar("100 100 100 100")
        await desk.send(ticket("a-1"))
        await desk.bar("100 100 100 100")
        await desk.store.close()
        store = await desk.begin()
        await desk.stream.aclose()
        assert isinstance(await desk.send(ticket("a-2", -1, reduces=True)), Acked)
        for _ in range(2):
            await desk.bar("101 101 101 101", read=False)
        await asyncio.sleep(0.1)
        assert (await state(desk, "a-2"))[0] is State.FILLED
        await desk.bar("101 101 101 101", read=False)
        await asyncio.sleep(0.1)
        assert store.venue.following.met_by("paper:BTC/USD") is None

    in_virtual_time(body)


def test_the_finest_bars_that_are_followed_are_those_that_orders_meet() -> None:
    async def body(desk: Desk) -> None:
        coarse = desk.store.bars("paper:BTC/USD", "5m")
        await anext(coarse)
        assert desk.store.venue.following.met_by("paper:BTC/USD") == "1m"
        await coarse.aclose()  # type: ignore[attr-defined]
        await desk.send(ticket("a-1"))
        await desk.bar("100 100 100 100")
        assert len(desk.store.venue.book.fills) == 1

    on(body)


def test_quotes_come_from_the_source_under_our_name() -> None:
    async def body(desk: Desk) -> None:
        async for quote in desk.store.quotes("paper:BTC/USD"):
            assert isinstance(quote, Quote)
            assert (quote.instrument, quote.bid) == ("paper:BTC/USD", 99)

    on(body)


def test_a_closed_store_reads_nothing() -> None:
    async def body(desk: Desk) -> None:
        await desk.store.close()
        with pytest.raises(Unreachable):
            await desk.snapshot()

    on(body)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: SimModels(slippage=Slippage(half_spread=True)), "half_spread"),
        (lambda: SimModels(latency=timedelta(-1)), "latency"),
        (lambda: SimModels(commission=Commission(conversion="USDEUR")), "conversion"),
        (lambda: SimAccount(margin=Margin(maintenance=0.05)), "does not liquidate"),
        (lambda: SimVenue(cash={}, account="paper:x"), "colon"),
    ],
)
def test_what_the_paper_venue_cannot_do_is_refused_when_it_is_made(
    make: Callable[[], object], why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        make()


def test_an_instrument_without_models_is_refused() -> None:
    async def body(loop: VirtualLoop) -> None:
        store = SimStore(Market([btc()]), cash={}, models={"ETH/USD": SimModels()})
        await store.connect()
        with pytest.raises(ConfigError, match="BTC/USD has no models"):
            await store.instruments(["BTC/USD"])

    in_virtual_time(body)


def test_models_that_count_a_unit_otherwise_than_its_instrument_are_refused() -> None:
    async def body(loop: VirtualLoop) -> None:
        models = SimModels(commission=bt.CommissionInfo(mult=2.0))
        store = SimStore(Market([btc()]), cash={}, models=models)
        await store.connect()
        with pytest.raises(ConfigError, match="count 2 times"):
            await store.instruments(["BTC/USD"])

    in_virtual_time(body)


def test_a_ticket_of_an_unknown_instrument_is_refused() -> None:
    async def body(desk: Desk) -> None:
        strange = Ticket(
            key="a-1", instrument="paper:NO/SUCH", side=1, qty=D(1), kind=Kind.MARKET
        )  # fmt: skip
        outcome = await desk.send(strange)
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.OTHER

    on(body)

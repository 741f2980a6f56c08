"""What is OKX's own of an account of swaps: modes, funding, liquidation, two addresses."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from atms.errors import ConfigError, VenueError
from atms.stores.ccxt.store import CCXTStore
from atms.stores.facts import (
    BucketFact,
    CashFact,
    FillFact,
    HeadFact,
    LinkFact,
    Part,
)
from atms.stores.outcomes import Acked
from tests.stores.bench import Ear, placed, read_log, sent
from tests.stores.ccxt.okxlinear import OkxLinearBench, long_of_eight, run, until

D = Decimal


# ---- what the account is like --------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"leverge": 5}, "no 'leverge'; did you mean 'leverage'"),
        ({"leverage": 126}, "leverage 126: write a whole number from 1 to 125"),
        ({"margin_mode": "isolated"}, "isolated margin is taken out of the cash .*; write cross"),
        ({"position_mode": "hedge"}, "two positions of one symbol are not traded here"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        CCXTStore("okxlinear", options=options)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"hedge": True}, r"is in hedge mode.*set one-way mode"),
        ({"account_level": 1}, r"is in spot mode \(acctLv 1\).*set futures mode"),
        ({"account_level": 3}, r"is in multi-currency margin mode \(acctLv 3\)"),
    ],
)
def test_an_account_in_another_mode_is_refused_and_stays_in_it(
    changed: dict[str, Any], told: str
) -> None:
    async def body(bench: OkxLinearBench) -> None:
        bench.sandbox.venue.account.hedge = changed.get("hedge", False)
        level = changed.get("account_level", 2)
        bench.sandbox.venue.config = replace(bench.sandbox.venue.config, account_level=level)
        with pytest.raises(VenueError, match=told):
            await bench.joined().connect()
        assert bench.sandbox.venue.account.hedge == changed.get("hedge", False)
        assert bench.received() == 0

    run(body)


def test_a_symbol_that_is_set_otherwise_is_refused_and_stays_so() -> None:
    async def body(bench: OkxLinearBench) -> None:
        for leverage, told in (
            (10, r"its leverage is 20, and 10 is wanted; .*or write options.leverage: 20"),
            (120, r"a leverage of 120 is above the 100 of its highest bracket"),
        ):
            store = bench.joined(options={"leverage": leverage})
            await store.connect()
            with pytest.raises(VenueError, match=told):
                await store.instruments([bench.symbol])
        assert bench.sandbox.venue.account.leverage == {"BTCUSDT": 20}
        assert bench.received() == 0
        fitting = bench.joined(options={"leverage": 20, "margin_mode": "cross"})
        await fitting.connect()
        assert await fitting.instruments([bench.symbol])
        assert [await fitting.spelled(one) for one in ("btc-usdt-swap", bench.symbol, "no")] == [
            bench.symbol, bench.symbol, "no",
        ]  # fmt: skip

    run(body)


# ---- what the venue does by itself ---------------------------------------------------------
def test_funding_is_a_fact_of_the_log_and_the_stream_says_that_there_is_one() -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        bench.sandbox.venue.risk.pay("BTCUSDT", D("-0.08"))
        bench.sandbox.venue.desk.deposit("USDT", D(5))
        await until(lambda: len(ear.of(HeadFact)) == 2)
        pages = await read_log(store, bench.start, [bench.instrument])
        cash = [one for page in pages for one in page.facts if isinstance(one, CashFact)]
        assert [(one.kind, one.amount, one.asset, one.instrument) for one in cash] == [
            ("funding", D("-0.08"), "USDT", bench.instrument), ("deposit", D(5), "USDT", None),
        ]  # fmt: skip
        again = await store.log(pages[-1].next, [bench.instrument])
        assert (again.facts, again.next) == ((), pages[-1].next)
        # another process goes on where this one was
        bench.sandbox.venue.risk.pay("BTCUSDT", D("0.03"))
        later = await (await bench.opened()).log(pages[-1].next, [bench.instrument])
        assert [one.amount for one in later.facts if isinstance(one, CashFact)] == [D("0.03")]

    run(body)


def test_a_liquidation_is_a_fill_of_the_log_with_that_cause_and_the_stream_asks_for_it() -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        bench.sandbox.venue.desk.deposit("USDT", D(-3_900))
        bench.sandbox.venue.risk.set_mark("BTCUSDT", D(87))  # 104 are lost of less than 100
        await until(lambda: len(ear.of(HeadFact)) > 1)
        # the stream tells no number of it by which it could be known again
        assert len(ear.of(FillFact)) == 1
        pages = await read_log(store, bench.start, [bench.instrument])
        facts = [one for page in pages for one in page.facts]
        taken = [one for one in facts if isinstance(one, FillFact)][-1]
        assert (taken.cause, taken.side, taken.qty, taken.price) == ("liquidation", -1, 8, 87)
        assert taken.key is None
        kinds = [one.kind for one in facts if isinstance(one, CashFact)]
        assert kinds == ["withdrawal", "other"]  # the second: the fund's
        held = sum(one.side * one.qty for one in facts if isinstance(one, FillFact))
        assert held == 0
        await until(lambda: ear.of(BucketFact) and ear.of(BucketFact)[-1].qty == 0)

    run(body)


def test_a_position_that_is_taken_for_anothers_liquidation_is_told_as_that() -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        bench.sandbox.venue.risk.deleverage("BTCUSDT", D(3))
        await until(lambda: ear.of(HeadFact))
        (page,) = await read_log(store, bench.start, [bench.instrument])
        fills = [one for one in page.facts if isinstance(one, FillFact)]
        assert [(one.cause, one.qty) for one in fills] == [("order", 8), ("assignment", 3)]
        shot = await store.snapshot([bench.instrument])
        assert shot.parts == {Part.ORDERS, Part.BUCKETS, Part.BALANCES}
        (held,) = [one for one in shot.facts if isinstance(one, BucketFact)]
        assert (held.bucket, held.qty, held.price) == ("net", 5, 100)

    run(body)


def test_what_an_account_trades_beside_these_swaps_stops_nothing() -> None:
    """Swaps that are paid in coins come on the same streams and in the same list."""

    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        await long_of_eight(bench, store)
        store._profile.names._sizes.clear()  # type: ignore[attr-defined]
        ear = Ear(store)
        assert isinstance(await sent(await bench.opened(), bench.standing("other")), Acked)
        bench.sandbox.venue.risk.pay("BTCUSDT", D(1))
        await until(lambda: ear.of(HeadFact))
        assert all(one.up for one in ear.of(LinkFact))
        assert ear.orders("other") == []
        pages = await read_log(store, bench.start, [bench.instrument])
        assert [type(one) for page in pages for one in page.facts] == [CashFact]
        assert pages[-1].next != bench.start

    run(body)


# ---- two addresses -------------------------------------------------------------------------
def test_the_stream_is_up_while_both_addresses_are() -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await until(lambda: [one.up for one in ear.of(LinkFact)] == [True])
        for wire in list(bench.sandbox.wires):
            wire.cut()
        await until(lambda: ear.of(LinkFact)[-1].up and len(ear.of(LinkFact)) > 1)
        assert [one.up for one in ear.of(LinkFact)] == [True, False, False, True]
        await long_of_eight(bench, store)
        await placed(store, bench.stop("stop", 95))
        await until(lambda: ear.orders("stop"))
        assert ear.of(LinkFact)[-1].up
        assert len(ear.of(LinkFact)) == 4

    run(body)

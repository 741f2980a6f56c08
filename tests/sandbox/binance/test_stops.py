"""Orders that wait for a price: stops, take profits, trailing stops."""

from __future__ import annotations

from typing import Any

import pytest

from atms.sandbox.binance.server import Sandbox
from tests.sandbox.binance.bench import SYMBOL, Events, free, locked, order, played


def stop(**changes: Any) -> dict[str, Any]:
    """Return the parameters of a stop that sells at the market."""
    usual = {"side": "SELL", "type": "STOP_LOSS", "timeInForce": None, "price": None,
             "stopPrice": "48000"}  # fmt: skip
    return order(**{**usual, **changes})


def test_a_stop_waits_off_the_book_and_fires_at_its_price() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        made = await exchange.private_post_order(stop())
        assert locked(sandbox, "BTC") == sandbox.venue.desk.orders[made["orderId"]].qty
        resting = await exchange.private_get_order(
            {"symbol": "BTCUSDT", "orderId": made["orderId"]}
        )
        assert (resting["isWorking"], resting["stopPrice"]) == (False, "48000.00000000")
        sandbox.market.print("48000.01", 1)
        assert events.kinds() == ["NEW"]
        sandbox.market.print(48_000, 1)
        await events.until("NEW", "NEW", "TRADE")
        assert [one["w"] for one in events.reports()] == [False, True, False]
        done = await exchange.fetch_order(str(made["orderId"]), SYMBOL)
        assert (done["status"], done["average"]) == ("closed", 48_000)
        assert locked(sandbox, "BTC") == 0

    played(body)


def test_a_stop_limit_goes_to_the_book_at_its_limit() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.create_order(
            SYMBOL, "STOP_LOSS_LIMIT", "buy", 0.01, 51_000, {"stopPrice": 52_000}
        )
        sandbox.market.print(52_000, 1)
        waiting = await exchange.fetch_order(made["id"], SYMBOL)
        assert (waiting["status"], waiting["filled"]) == ("open", 0)
        assert (await exchange.fetch_order_book(SYMBOL))["bids"][0][0] > 51_000
        sandbox.market.print(50_990, 1)
        assert (await exchange.fetch_order(made["id"], SYMBOL))["average"] == 51_000

    played(body)


@pytest.mark.parametrize(
    ("side", "kind", "price", "before", "fires"),
    [
        ("BUY", "STOP_LOSS", 51_000, 50_999, 51_000),
        ("SELL", "STOP_LOSS", 49_000, 49_001, 49_000),
        ("BUY", "TAKE_PROFIT", 49_000, 49_001, 48_990),
        ("SELL", "TAKE_PROFIT", 51_000, 50_999, 51_010),
    ],
)
def test_each_kind_fires_on_its_own_side(
    side: str, kind: str, price: int, before: int, fires: int
) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.private_post_order(stop(side=side, type=kind, stopPrice=price))
        own = sandbox.venue.desk.orders[made["orderId"]]
        sandbox.market.print(before, 1)
        assert own.status == "NEW"
        sandbox.market.print(fires, 1)
        assert own.status == "FILLED"

    played(body)


def test_a_trailing_stop_follows_the_best_price() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.private_post_order(
            stop(stopPrice=None, trailingDelta="100", newOrderRespType="RESULT")
        )
        assert made["trailingDelta"] == 100
        assert made["trailingTime"] > 0
        own = sandbox.venue.desk.orders[made["orderId"]]
        for price in (50_000, 52_000, 51_481):  # a hundredth under 52,000 is 51,480
            sandbox.market.print(price, 1)
        assert own.status == "NEW"
        sandbox.market.print(51_480, 1)
        assert own.status == "FILLED"

    played(body)


def test_a_trailing_stop_with_a_stop_price_follows_from_there_on() -> None:
    # faqs/trailing-stop-faq.md, scenario D, a tenth as large a price.
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.private_post_order(
            stop(type="TAKE_PROFIT_LIMIT", stopPrice="42000", trailingDelta="750", price="41000",
                 timeInForce="GTC")
        )  # fmt: skip
        own = sandbox.venue.desk.orders[made["orderId"]]
        for price in (41_500, 39_000, 45_000, 44_000, 46_500, 43_013):
            sandbox.market.print(price, 1)
        assert not own.working
        sandbox.market.print("43012.50", 1)
        assert own.status == "FILLED"
        assert own.fills[0].price > 41_000

    played(body, last=40_000)


def test_a_cancelled_stop_fires_no_more() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.private_post_order(stop())
        await exchange.private_delete_order({"symbol": "BTCUSDT", "orderId": made["orderId"]})
        sandbox.market.print(40_000, 1)
        assert sandbox.truth.of("fill") == []
        assert free(sandbox, "BTC") == 1

    played(body)

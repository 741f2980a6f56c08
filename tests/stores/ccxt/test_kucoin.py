"""The ccxt store passes the contract of stores on the sandbox of KuCoin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from atms.stores.facts import FeeFact, FillFact
from tests.stores.bench import Bench, Ear, placed, played, read_log
from tests.stores.ccxt import kucoin
from tests.stores.ccxt.contract import OfSandbox


class TestKucoin(OfSandbox):
    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        kucoin.run(body)

    @played
    async def test_a_fee_that_is_not_known_yet_is_told_apart_from_none(self, bench: Bench) -> None:
        """Here the stream never tells a fee; the log does, of each execution once."""
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a-1"))
        await bench.fill("a-1")
        await bench.settle()
        (fill,) = ear.of(FillFact)
        assert fill.fees is None
        assert ear.of(FeeFact) == []
        pages = await read_log(store, bench.start, [bench.instrument])
        facts = [fact for page in pages for fact in page.facts]
        (fee,) = [one for one in facts if isinstance(one, FeeFact)]
        assert (fee.exec, fee.fee.asset) == (fill.exec, "USDT")
        assert fee.fee.amount == fill.qty * fill.price / 1000
        assert next(one for one in facts if isinstance(one, FillFact)).fees is None

"""The paper store passes the contract of stores."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from atms.sandbox.simulation.loop import VirtualLoop
from tests.stores.bench import Bench
from tests.stores.contract import StoreContract
from tests.stores.sim.paper import PaperBench, in_virtual_time


class TestPaperStore(StoreContract):
    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        async def played(loop: VirtualLoop) -> None:
            await body(await PaperBench(loop).ready())

        in_virtual_time(played)

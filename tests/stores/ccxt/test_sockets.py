"""A websocket that is left while it is being greeted leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from atms.stores.base import Unreachable
from tests.stores.ccxt.bench import SandboxBench, run


def test_a_store_that_is_closed_in_the_midst_of_a_greeting_leaves_no_failure_behind() -> None:
    complaints: list[Any] = []

    async def body(bench: SandboxBench) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(what))
        store = bench.connection()
        await store.connect()
        bench.front.deaf = True  # so that the greeting waits for its answer
        stream = store.bars(bench.instrument, "1m")
        listening = asyncio.ensure_future(anext(aiter(stream), None))
        while not any(task.get_name() == "greeting" for task in asyncio.all_tasks()):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        await store.close()
        await asyncio.gather(listening, return_exceptions=True)
        assert not any(task.get_name() == "greeting" for task in asyncio.all_tasks())
        gc.collect()
        await asyncio.sleep(0)

    run(body)
    gc.collect()
    assert complaints == []


def test_a_connection_that_is_cut_while_it_is_greeted_is_made_again_at_the_start_too() -> None:
    async def body(bench: SandboxBench) -> None:
        bench.sandbox.faults.once("disconnect_stream", 2)
        store = bench.connection()
        await store.connect()
        bench.sandbox.faults.once("disconnect_stream", 3)
        with pytest.raises(Unreachable):
            await bench.connection().connect()

    run(body)

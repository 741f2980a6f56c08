"""Requests of one moment share one, where the venue has an endpoint that takes several.

A hundred orders of one ``next()`` are a hundred connections otherwise, and as many signatures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from atms.stores.ccxt.asking import MALFORMED
from atms.stores.ccxt.calls import Batch, Call, Lost, NotLeft, Said


class Sends(Protocol):
    """What sends a request: the wire."""

    async def call(self, call: Call) -> Any:
        """Send one request, once; Said, NotLeft, Lost: as the wire has them."""

    def clean(self, text: str) -> str:
        """Return a text without our secrets."""


@dataclass(eq=False)
class _Waiting:
    """A request, and what is to become of it."""

    call: Call
    answer: asyncio.Future[Any]


class Joined:
    """Sends requests, together where they may be; each has an answer of its own."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[Sends, Batch], list[_Waiting]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def call(self, wire: Sends, call: Call) -> Any:
        """Send one request, once; what else is sent at this moment may go with it.

        Raises:
            Said, NotLeft, Lost: as the wire has them. What has no answer is lost for each.
        """
        if call.batch is None:
            return await wire.call(call)
        loop, together = asyncio.get_running_loop(), (wire, call.batch)
        if together not in self._waiting:
            self._waiting[together] = []
            loop.call_soon(self._leave, *together)  # when all that is ready now has had its turn
        waiting = _Waiting(call, loop.create_future())
        self._waiting[together].append(waiting)
        return await waiting.answer

    def _leave(self, wire: Sends, batch: Batch) -> None:
        # what was given up meanwhile does not leave
        all_ = [one for one in self._waiting.pop((wire, batch)) if not one.answer.done()]
        full = len(all_) - len(all_) % batch.size  # the rest would cost as much as a full one
        for first in range(0, full, batch.size):
            self._send(wire, all_[first : first + batch.size])
        for one in all_[full:]:
            self._send(wire, [one])

    def _send(self, wire: Sends, several: Sequence[_Waiting]) -> None:
        task = asyncio.get_running_loop().create_task(_sent(wire, several))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


async def _sent(wire: Sends, several: Sequence[_Waiting]) -> None:
    answers: Sequence[Any]
    try:
        answers = await _answers(wire, [one.call for one in several])
    except (Said, NotLeft, Lost) as error:
        answers = [error] * len(several)
    for one, answer in zip(several, answers, strict=True):
        if one.answer.done():
            continue  # nobody waits for it any more
        if isinstance(answer, Exception):
            one.answer.set_exception(answer)
        else:
            one.answer.set_result(answer)


async def _answers(wire: Sends, calls: Sequence[Call]) -> Sequence[Any]:
    """Return the answer of each; `Said` for what is refused."""
    batch = calls[0].batch
    if batch is None or len(calls) == 1:
        return [await wire.call(calls[0])]
    given = [call.params for call in calls]
    reply = await wire.call(Call(method=batch.method, params=batch.join(given)))
    try:
        answers = batch.part(given, reply)
    except MALFORMED as error:
        raise Lost(f"the answer cannot be read ({type(error).__name__})") from None
    return [
        one.with_text(wire.clean(one.text)) if isinstance(one, Said) else one for one in answers
    ]

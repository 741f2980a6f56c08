"""The strategy's side asks the loop's side, and waits for the answer."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, Generic, TypeVar

from atms.errors import VenueError
from atms.execution.driver.host import Host

Answer = TypeVar("Answer")


def answer_of(
    host: Host, work: Coroutine[Any, Any, Answer], *, within: timedelta = timedelta(seconds=30)
) -> Answer:
    """Run *work* on the loop and return what it gives.

    Raises:
        Exception: what it raised.
        VenueError: it is not done in time.
    """
    asked: _Asked[Answer] = _Asked()
    host.spawn(asked.of(work))
    deadline = host.now() + within
    while not asked.done:
        if host.now() > deadline:
            seconds = within.total_seconds()
            raise VenueError(f"the venue does not answer within {seconds:g} s; try again later")
        host.wait(0.2)
    if asked.error is not None:
        raise asked.error
    return asked.answer


class _Asked(Generic[Answer]):
    answer: Answer

    def __init__(self) -> None:
        self.done = False
        self.error: Exception | None = None

    async def of(self, work: Coroutine[Any, Any, Answer]) -> None:
        try:
            self.answer = await work
        except Exception as error:  # noqa: BLE001 - the one who asked is to have it, whatever it is
            self.error = error
        finally:
            self.done = True

"""A sandbox in a thread of its own: for tests and scripts that are not asynchronous."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from atms.sandbox.venue.serving import Serving

_Args = ParamSpec("_Args")
_Result = TypeVar("_Result")


class ServingThread:
    """``with`` serves until the block ends; a kind of venue says what, in `_make`.

    Attributes:
        sandbox: what serves. Its address, keys and record may be read from any thread; everything
            that changes it goes through :meth:`call`.
    """

    sandbox: Serving

    def __init__(self, config: Any = None) -> None:
        self._config = config
        self._loop = asyncio.new_event_loop()
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None  # of its end, or while it served
        self._ready: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.sandbox = self._ready.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._stop is not None
        with contextlib.suppress(RuntimeError):  # it has ended by itself, and its loop is closed
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        failure, self._failure = self._failure, None
        if failure is not None and error is not None:
            error.add_note(f"and the sandbox ended with {failure!r}")
        elif failure is not None:
            raise failure

    def call(
        self, function: Callable[_Args, _Result], *args: _Args.args, **kwargs: _Args.kwargs
    ) -> _Result:
        """Call *function* in the sandbox's thread, and return its result or raise its error.

        ``thread.call(thread.sandbox.market.print, 50_000, 1)``
        """

        async def inside() -> _Result:
            return function(*args, **kwargs)

        return asyncio.run_coroutine_threadsafe(inside(), self._loop).result()

    def _make(self, config: Any) -> Any:
        """Return what is to serve."""
        raise NotImplementedError

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # noqa: BLE001 - it is raised where the thread was started
            if self._ready.done():
                self._failure = error
            else:
                self._ready.set_exception(error)
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        async with self._make(self._config) as sandbox:
            self._ready.set_result(sandbox)
            await self._stop.wait()

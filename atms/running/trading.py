"""What the feeds and the broker of one live run share: a host, the passes, a desk an account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from atms.errors import RunError
from atms.execution.broker.broker import LiveBroker
from atms.execution.broker.desk import Desk, Files, Manner
from atms.execution.broker.gating import LiveWatch
from atms.execution.broker.ordering import Route
from atms.execution.broker.winding_down import Policy
from atms.execution.disk.files import AccountFiles
from atms.execution.driver.host import Host, ThreadHost
from atms.feeds.flow import check_venue
from atms.feeds.live import LiveFeed, live_feed
from atms.feeds.passes import Passes
from atms.feeds.roots import root_of
from atms.model import Timeframe
from atms.running.answers import answer_of
from atms.stores.base import Store


class Trading:
    """One live run's shared parts.

    Args:
        state: the folder of all accounts' files.
        align: how long a bar waits for those of other feeds that are due with it.
        manner: how accounts are run.
        on_stop: what becomes of orders and positions when the run ends.
        takeover: end the process that has an account.
        host: where drivers run; default: a thread of its own.
        files: opens the journal of an account; default: in *state*.

    Attributes:
        desks: the accounts, in the order of their first feed.
        closing: whether the run is over, and the accounts are being wound down.
        on_open: called when the accounts are ready, before the first bar.
        left: what could not be done by ``on_stop``, in words; known when it is closed.
    """

    def __init__(
        self,
        state: Path,
        *,
        align: timedelta = timedelta(milliseconds=250),
        manner: Manner = Manner(),  # noqa: B008 - frozen
        on_stop: Policy = "leave",
        takeover: bool = False,
        host: Host | None = None,
        files: Callable[[str], Files] | None = None,
    ) -> None:
        self.state = state
        self.on_stop: Policy = on_stop
        self.desks: list[Desk] = []
        self.left: tuple[str, ...] = ()
        self.host = host or ThreadHost()
        self.passes = Passes(self.host, align=align)
        self._manner = manner
        self._takeover = takeover
        self._files: Callable[[str], Files] = files or self._open_files
        self.on_open: list[Callable[[], None]] = []
        self._feeds: list[LiveFeed] = []
        self.closing = False

    def desk(self, store: Store) -> Desk:
        """Return the desk of a store's account."""
        for desk in self.desks:
            if desk.store is store:
                return desk
        desk = Desk(store, self.host, self._files, self._manner, self.passes.wake)
        self.desks.append(desk)
        return desk

    def feed(
        self, store: Store, symbol: str, timeframe: Timeframe, start: datetime, **params: Any
    ) -> LiveFeed:
        """Return a feed of a store's bars from *start* on; its orders go to the store's account."""
        desk = self.desk(store)
        if symbol not in desk.symbols:
            desk.symbols.append(symbol)
        feed = live_feed(store, self.passes, "", timeframe, start=start, dataname=symbol, **params)
        self._feeds.append(feed)
        return feed

    @property
    def feeds(self) -> tuple[LiveFeed, ...]:
        """The feeds, in the order of their making."""
        return tuple(self._feeds)

    def broker(
        self,
        base: str,
        *,
        patience: float = 60.0,
        watch: LiveWatch | None = None,
        kind: type[LiveBroker] = LiveBroker,
    ) -> LiveBroker:
        """Return the broker of all desks, behind a gate."""
        return kind(
            self.passes, self.desks, self._route, base=base, patience=patience, watch=watch,
            opened=self._open, close=self.close,
        )  # fmt: skip

    def raise_failure(self) -> None:
        """Raise why a feed has ended, if one did by an error."""
        for feed in self._feeds:
            if feed.error is not None:
                raise feed.error

    def end(self) -> None:
        """Let the run end after this bar; from any thread."""
        self.passes.end()

    def close(self, *, within: timedelta = timedelta(seconds=30)) -> None:
        """Wind the accounts down by policy and close them; a second time does nothing.

        Raises:
            RunError: an account did not close in time.
        """
        if self.closing:
            return
        self.closing = True
        try:
            for desk in self.desks:
                desk.end(self.on_stop, within)
            deadline = self.host.now() + within + timedelta(seconds=10)
            while not all(desk.closed for desk in self.desks):
                if self.host.now() > deadline:
                    raise RunError("an account did not close in time; see: atms status")
                self.host.wait(0.5)
            self.left = tuple(line for desk in self.desks for line in desk.left)
        finally:
            self.host.close()

    def _lag(self, store: Store, symbol: str) -> timedelta:
        """Return how far a sandbox's market is behind the clock; of a venue's, nothing."""
        lag = getattr(store, "lag", None)
        return timedelta(0) if lag is None else answer_of(self.host, lag(symbol))

    def _open_files(self, account: str) -> Files:
        return AccountFiles.open(self.state, account, takeover=self._takeover)

    def _open(self) -> None:
        """Tell feeds what is known when their accounts are open."""
        for feed in self._feeds:
            store = feed.p.store
            feed.p.instrument = f"{store.account}:{feed.p.dataname}"
            can = self.desk(store).capabilities
            check_venue(feed.p.flow, can, f"{feed._name or feed.p.dataname}.lines")
            feed.p.omits_empty = can.bars_omit_empty
            feed.p.start -= self._lag(store, feed.p.dataname)
        for call in self.on_open:
            call()

    def _route(self, data: Any) -> Route | None:
        root = root_of(data)
        if not isinstance(root, LiveFeed):
            return None
        store = root.p.store
        instrument = f"{store.account}:{root.p.dataname}"
        return Route(self.desk(store), instrument, lambda: bool(root.live))

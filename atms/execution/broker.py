"""Backtrader's broker for every venue: orders -> wishes, by the store of their data."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import backtrader as bt
from backtrader.order import BuyOrder, SellOrder

from atms.errors import VenueError
from atms.execution.account import Told
from atms.execution.booking import Booking
from atms.execution.desk import Desk
from atms.execution.events import TellAccount, TellBooks, TellOrder
from atms.execution.gating import LiveWatch
from atms.execution.news import News, StoreNews
from atms.execution.ordering import Ordering, Route
from atms.execution.portfolio import Portfolio

_REMEMBERED = 10_000  # orders that somebody may ask for when the run is over


class Waiting(Protocol):
    """What the broker needs of a host."""

    def now(self) -> datetime:
        """Return the time, aware UTC."""

    def wait(self, timeout: float | None) -> bool:
        """Block until there is news, or the time is over."""


class Pass(Protocol):
    """What the broker needs of the passes of Cerebro over its live feeds."""

    before: list[Callable[[], None]]
    delivers: bool
    moved: bool

    @property
    def host(self) -> Waiting:
        """What tells the time, and waits."""

    def wake(self) -> None:
        """Let the next pass begin at once."""


class LiveBroker(bt.BrokerBase):
    """One broker for all accounts of a run.

    Args:
        passes: of Cerebro over its live feeds.
        desks: the accounts.
        route: data -> where its orders go; None: it is no live feed.
        base: the currency of cash and value.
        patience: seconds that accounts may take to be ready.
        watch: the risk gate; None: there are no limits.
        opened: called when the accounts are ready.
        close: called when Cerebro stops the broker.

    Attributes:
        portfolio: what is held.
        orders: the latest orders.

    Raises, when the run starts:
        VenueError, JournalError: an account cannot be had.
        RunError: a currency has no rate to the base.
    """

    def __init__(
        self,
        passes: Pass,
        desks: Sequence[Desk],
        route: Callable[[Any], Route | None],
        *,
        base: str,
        patience: float = 60.0,
        watch: LiveWatch | None = None,
        opened: Callable[[], None] = lambda: None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.desks = tuple(desks)
        self.portfolio = Portfolio(base)
        self.watch = watch
        self.orders: deque[bt.Order] = deque(maxlen=_REMEMBERED)
        self._passes = passes
        self._route = route
        self._patience = patience
        self._opened = opened
        self._close = close
        self._untold: deque[tuple[Desk, Told]] = deque()

    # ---- a run ------------------------------------------------------------------------------
    def start(self) -> None:
        """Open the accounts and wait until they are ready: no order can be made before."""
        super().start()
        self._news = News(self.cerebro)
        self._store_news = StoreNews()
        self._booking = Booking(self.portfolio, self._news, self, self._owner)
        self._ordering = Ordering(
            self.portfolio, self._booking, self._news, self._route, self._passes.wake, self.watch,
            self._name,
        )  # fmt: skip
        self.cerebro.addstore(self._store_news)
        self._passes.before.append(self._before)
        for desk in self.desks:
            desk.begin()
        self._wait_until_ready()
        self._opened()
        for data in self.cerebro.datas:
            route = self._route(data)
            if route is not None and route.instrument in route.desk.instruments:
                self.portfolio.add(route.desk.instruments[route.instrument], data)
        self.portfolio.check_rates()
        self._open_books()
        self.startingcash = self.getcash()  # Backtrader's writers ask for it

    def stop(self) -> None:
        """Let the strategies be, and close the accounts."""
        self._news.leave()
        self._passes.before.remove(self._before)
        self._close()

    def _wait_until_ready(self) -> None:
        host = self._passes.host
        deadline = host.now().timestamp() + self._patience
        while not all(desk.ready for desk in self.desks):
            for desk in self.desks:
                if desk.failed is not None:
                    raise desk.failed
            if host.now().timestamp() > deadline:
                late = next(desk for desk in self.desks if not desk.ready)
                why = f": {late.trouble}" if late.trouble else ""
                raise VenueError(f"the account is not ready after {self._patience:g} s{why}")
            host.wait(0.5)
            self._take()

    def _open_books(self) -> None:
        """Take what is held from the start, so that it is right from the first bar."""
        rest: deque[tuple[Desk, Told]] = deque()
        opened: set[int] = set()
        for desk, word in self._untold:
            if isinstance(word, TellBooks) and id(desk) not in opened:
                opened.add(id(desk))
                self._booking.open(desk, word)
            else:
                rest.append((desk, word))
        self._untold = rest

    # ---- what strategies ask ----------------------------------------------------------------
    def getcash(self) -> float:
        """Return the cash of all accounts in the base currency."""
        return self.portfolio.cash()

    def getvalue(self, datas: Any = None) -> float:
        """Return cash and positions at the last closes; of some datas, their positions alone."""
        if not datas:
            return self.portfolio.cash() + self.portfolio.worth()
        ids = {route.instrument for route in map(self._route, datas) if route is not None}
        return self.portfolio.worth(lambda one: one.instrument.id in ids)

    def getposition(self, data: Any) -> bt.Position:
        """Return the position of a data's instrument, which all its feeds share."""
        route = self._route(data)
        holding = None if route is None else self.portfolio.holdings.get(route.instrument)
        return bt.Position() if holding is None else holding.position

    def get_orders_open(self, safe: bool = False) -> list[bt.Order]:
        """Return the orders that may fill; clones, with *safe*."""
        alive = [one.order for one in self._booking.alive.values()]
        return [order.clone() for order in alive] if safe else alive

    def orderstatus(self, order: bt.Order) -> int:
        """Return how an order stands."""
        standing = self._booking.alive.get(order.ref)
        return int(standing.order.status if standing else order.status)

    def next(self) -> None:
        """Value the accounts; let what this pass could not tell be told in the next one."""
        if self.watch is not None and self._passes.moved:
            self.watch.mark(self.getvalue())
        if self._news.waits:
            self._passes.wake()

    def get_notification(self) -> None:
        """Return nothing: orders are told by :class:`News`."""

    # ---- orders -----------------------------------------------------------------------------
    def buy(self, owner: Any, data: Any, size: float, price: Any = None, plimit: Any = None,
            exectype: Any = None, valid: Any = None, tradeid: int = 0, oco: Any = None,
            trailamount: Any = None, trailpercent: Any = None, parent: Any = None,
            transmit: bool = True, **kwargs: Any) -> bt.Order:  # fmt: skip
        """Make a buying order; it is never None."""
        order = BuyOrder(
            owner=owner, data=data, size=size, price=price, pricelimit=plimit, exectype=exectype,
            valid=valid, tradeid=tradeid, oco=oco, trailamount=trailamount,
            trailpercent=trailpercent, parent=parent, transmit=transmit,
        )  # fmt: skip
        return self._made(order, kwargs)

    def sell(self, owner: Any, data: Any, size: float, price: Any = None, plimit: Any = None,
             exectype: Any = None, valid: Any = None, tradeid: int = 0, oco: Any = None,
             trailamount: Any = None, trailpercent: Any = None, parent: Any = None,
             transmit: bool = True, **kwargs: Any) -> bt.Order:  # fmt: skip
        """Make a selling order; it is never None."""
        order = SellOrder(
            owner=owner, data=data, size=size, price=price, pricelimit=plimit, exectype=exectype,
            valid=valid, tradeid=tradeid, oco=oco, trailamount=trailamount,
            trailpercent=trailpercent, parent=parent, transmit=transmit,
        )  # fmt: skip
        return self._made(order, kwargs)

    def cancel(self, order: bt.Order) -> bool:
        """Want an order back; return whether it may still be had."""
        return self._ordering.cancel(order)

    def _made(self, order: bt.Order, info: dict[str, Any]) -> bt.Order:
        order.addinfo(**info)
        order.addcomminfo(self.getcommissioninfo(order.data))
        order.broker = self
        self.orders.append(order)
        self._ordering.take(order)
        return order

    # ---- what accounts tell -----------------------------------------------------------------
    def _before(self) -> None:
        """Take everything in at the head of a pass, before any data moves."""
        self._news.follow()
        for desk in self.desks:
            desk.flush()
        self._take()
        if not self._news.bars and not self._passes.delivers:
            return  # orders are told from the first bar on: before it there is no price
        while self._untold:
            desk, word = self._untold.popleft()
            self._booking.hear(desk, word)
            if self.watch is not None and isinstance(word, TellOrder):
                self.watch.heard(word.status)
            if isinstance(word, TellAccount):
                self._store_news.put(desk.store.account, word)
        if not self._passes.delivers:
            self._news.tell_all()

    def _take(self) -> None:
        for desk in self.desks:
            self._untold.extend((desk, word) for word in desk.take())
            if desk.ready and desk.failed is not None:
                raise desk.failed

    # ---- names ------------------------------------------------------------------------------
    def _name(self, owner: Any) -> str:
        """Name a strategy so that the same one has it after a restart."""
        running = self.cerebro.runningstrats
        place = next((place for place, one in enumerate(running) if one is owner), 0)
        return f"{type(owner).__name__}#{place}"

    def _owner(self, name: str) -> Any:
        running = self.cerebro.runningstrats
        return next((one for one in running if self._name(one) == name), None)

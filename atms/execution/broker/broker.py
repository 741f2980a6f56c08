"""Backtrader's broker for every venue: orders -> wishes, by the store of their data."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

import backtrader as bt
from backtrader.order import BuyOrder, SellOrder

from atms.errors import AtmsError
from atms.execution.broker.bits import Bits
from atms.execution.broker.booking import Booking
from atms.execution.broker.closed_markets import ClosedMarkets
from atms.execution.broker.desk import Desk
from atms.execution.broker.gating import LiveWatch
from atms.execution.broker.holdings import Holding
from atms.execution.broker.news import News, StoreNews
from atms.execution.broker.opening import (
    Pass,
    add_holdings,
    ask_prices,
    opening_of,
    wait_until_ready,
)
from atms.execution.broker.ordering import Ordering, Route
from atms.execution.broker.portfolio import Portfolio
from atms.execution.broker.ready_made import ReadyMade
from atms.execution.core.events import TellAccount, TellOpen, TellOrder
from atms.execution.driver.account import Told

_REMEMBERED = 10_000  # orders that somebody may ask for when the run is over


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
        self.desks = desks
        self.portfolio = Portfolio(base)
        self.watch = watch
        self.orders: deque[bt.Order] = deque(maxlen=_REMEMBERED)
        self._passes = passes
        self._route = route
        self._patience = patience
        self._opened = opened
        self._close = close
        self._untold: deque[tuple[Desk, Told]] = deque()
        self._compensated: list[Any] = []

    # ---- a run ------------------------------------------------------------------------------
    def start(self) -> None:
        """Open the accounts and wait until they are ready: no order can be made before."""
        super().start()
        self._store_news = StoreNews(self._flush)
        self._news = News(self.cerebro, lambda: self._made.open_trades())
        bits = Bits(self.portfolio, self._owner_key)
        self._made = ReadyMade(bits, self._news, self)
        self._booking = Booking(
            self.portfolio, bits, self._made, self._news, self, self._owner,
            ClosedMarkets(self._passes.host.now),
        )  # fmt: skip
        self._ordering = Ordering(
            self.portfolio, self._booking, self._news, self._route, self._passes.wake,
            self._passes.host.now, self.watch, self._name,
        )  # fmt: skip
        self.cerebro.addstore(self._store_news)
        try:
            for desk in self.desks:
                desk.begin()
            wait_until_ready(self.desks, self._passes, self._patience, self._take)
            self._opened()
            self._compensated = add_holdings(self.portfolio, self.cerebro.datas, self._route)
            self.portfolio.check_rates()
            self._open_books()
        except BaseException as error:
            self._give_up(error)
            raise
        self._passes.before.append(self._before)
        self.startingcash = self.getcash()  # Backtrader's writers ask for it

    def stop(self) -> None:
        """Let the strategies be, and close the accounts."""
        self._leave()
        self._close()

    def _leave(self) -> None:
        self._news.leave()
        if self._before in self._passes.before:
            self._passes.before.remove(self._before)
        for data in self._compensated:
            data._compensate = None
        self._compensated.clear()

    def _give_up(self, error: BaseException) -> None:
        """Close everything, as an error ends the run: Cerebro would leave it running."""
        self._leave()
        try:
            self._close()
        except AtmsError as later:
            error.add_note(f"later: {later}")

    def _open_books(self) -> None:
        """Take what is held from the start, so that it is right from the first bar."""
        words, self._untold = self._untold, deque()
        openings = [
            (desk, opening_of(word for of, word in words if of is desk)) for desk in self.desks
        ]
        for desk, opening in openings:
            self.portfolio.take(desk.store.account, opening.books)
        ask_prices(self.portfolio, self.desks, self._passes)
        for desk, opening in openings:
            self._booking.open(opening.books)
            for ended in opening.ended:
                text = f"order {ended.key} of {ended.owner or 'nobody'}: {ended.status}"
                self._store_news.put(desk.store.account, TellAccount(what="ended", text=text))
            self._untold.extend((desk, word) for word in opening.rest)

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

    get_cash, get_value = getcash, getvalue

    def getposition(self, data: Any) -> bt.Position:
        """Return the position of a data's instrument, which all its feeds share."""
        holding = self._holding(data)
        return bt.Position() if holding is None else holding.position

    @property
    def positions(self) -> defaultdict[Any, bt.Position]:
        """The positions by data."""
        found: defaultdict[Any, bt.Position] = defaultdict(bt.Position)
        found.update((data, self.getposition(data)) for data in self.cerebro.datas)
        return found

    def getcommissioninfo(self, data: Any) -> Any:
        """Return what profits and values of a data's instrument are counted by."""
        holding = self._holding(data)
        return super().getcommissioninfo(data) if holding is None else holding.commission

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
        if self.watch is not None and self._passes.moved and self.portfolio.has_rates:
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
        return self._made_of(
            BuyOrder, kwargs, owner=owner, data=data, size=size, price=price, pricelimit=plimit,
            exectype=exectype, valid=valid, tradeid=tradeid, oco=oco, trailamount=trailamount,
            trailpercent=trailpercent, parent=parent, transmit=transmit,
        )  # fmt: skip

    def sell(self, owner: Any, data: Any, size: float, price: Any = None, plimit: Any = None,
             exectype: Any = None, valid: Any = None, tradeid: int = 0, oco: Any = None,
             trailamount: Any = None, trailpercent: Any = None, parent: Any = None,
             transmit: bool = True, **kwargs: Any) -> bt.Order:  # fmt: skip
        """Make a selling order; it is never None."""
        return self._made_of(
            SellOrder, kwargs, owner=owner, data=data, size=size, price=price, pricelimit=plimit,
            exectype=exectype, valid=valid, tradeid=tradeid, oco=oco, trailamount=trailamount,
            trailpercent=trailpercent, parent=parent, transmit=transmit,
        )  # fmt: skip

    def cancel(self, order: bt.Order) -> bool:
        """Want an order back; return whether it may still be had."""
        return self._ordering.cancel(order)

    def _made_of(self, kind: Any, info: dict[str, Any], **asked: Any) -> bt.Order:
        if not len(asked["data"]):  # there is no price to make it of, and it is refused below
            plain = {"price": 0.0, "pricelimit": 0.0, "valid": None, "exectype": None}
            asked.update(plain, simulated=True)
        order = kind(**asked)
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
        self._flush()  # what notifications brought about
        try:
            self._take()
        except BaseException as error:
            self._give_up(error)
            raise
        while self._untold:
            self._hear(*self._untold.popleft())
        if not self._passes.delivers:
            self._news.tell_all()

    def _flush(self) -> None:
        """Let what was wished go down: a ``next()`` is over, and nothing more comes of it."""
        for desk in self.desks:
            desk.flush()

    def _hear(self, desk: Desk, word: Told) -> None:
        standing = self._booking.hear(desk, word)
        if self.watch is not None and isinstance(word, TellOrder):
            self.watch.heard(word.status, standing.group if standing else word.key)
        for one in word.orders if isinstance(word, TellOpen) else ():
            if one.ticket.instrument not in self.portfolio.holdings:
                text = f"order {one.key} of {one.owner} stands, and this run has no feed of it"
                about = TellAccount(what="order_left", instrument=one.ticket.instrument, text=text)
                self._store_news.put(desk.store.account, about)

    def _take(self) -> None:
        """Take what accounts have told.

        Raises:
            VenueError, JournalError: one of them cannot be had, or goes on no more.
        """
        for desk in self.desks:
            for word in desk.take():
                self._untold.append((desk, word))
                if isinstance(word, TellAccount):
                    self._store_news.put(desk.store.account, word)
            if desk.failed is not None:
                raise desk.failed

    # ---- who and what -----------------------------------------------------------------------
    def _holding(self, data: Any) -> Holding | None:
        route = self._route(data)
        return None if route is None else self.portfolio.holdings.get(route.instrument)

    def _name(self, owner: Any) -> str:
        """Name a strategy so that the same one has it after a restart."""
        running = self.cerebro.runningstrats
        place = next((place for place, one in enumerate(running) if one is owner), 0)
        return f"{type(owner).__name__}#{place}"

    def _owner(self, name: str) -> Any:
        running = self.cerebro.runningstrats
        return next((one for one in running if self._name(one) == name), None)

    def _owner_key(self, owner: Any) -> int:
        running = self.cerebro.runningstrats[1:]
        return id(owner) if any(owner is one for one in running) else 0

"""How a run opens its accounts: waits for them, and takes what they said before they were ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from atms.errors import RunError, VenueError
from atms.execution.broker.desk import Desk
from atms.execution.broker.holdings import Holding
from atms.execution.broker.portfolio import Portfolio
from atms.execution.core.events import TellAccount, TellBooks, TellFill, TellOrder
from atms.execution.driver.account import Told
from atms.stores.base import RateLimited

if TYPE_CHECKING:
    from atms.execution.broker.ordering import Route

NOTHING = TellBooks(positions=(), balances=())
_PRICES = timedelta(seconds=10)
_LET_THROUGH = 120.0  # seconds; venues count requests by the minute
_OVER = ("completed", "canceled", "expired", "margin", "rejected")


class EndedEarly(RunError):  # noqa: N818 - read as a sentence: raise EndedEarly
    """The run was ended before its accounts were ready; nothing went wrong."""


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
    ended: bool

    @property
    def host(self) -> Waiting:
        """What tells the time, and waits."""

    def wake(self) -> None:
        """Let the next pass begin at once."""


@dataclass
class Opening:
    """One account's words up to the one that it is ready, and what came after.

    Attributes:
        books: how positions and balances stood; fills from before are in them.
        ended: orders of a process before this one that are over.
        rest: what strategies are still to hear of.
    """

    books: TellBooks = NOTHING
    ended: list[TellOrder] = field(default_factory=list)
    rest: list[Told] = field(default_factory=list)


def opening_of(words: Iterable[Told]) -> Opening:
    """Take apart what an account that became ready has said."""
    found, ready = Opening(), False
    for word in words:
        if ready:
            found.rest.append(word)
        elif isinstance(word, TellBooks):
            found.books = word
        elif isinstance(word, TellOrder):
            if word.status in _OVER:
                found.ended.append(word)
        elif not isinstance(word, TellFill):
            ready = isinstance(word, TellAccount) and word.what == "ready"
            found.rest.append(word)
    return found


def wait_until_ready(
    desks: Sequence[Desk], passes: Pass, patience: float, take: Callable[[], None]
) -> None:
    """Wait until all accounts are ready.

    Args:
        patience: seconds that they may take; where a venue lets nothing through, two minutes more.
        take: takes what they tell, and raises why one cannot be had.

    Raises:
        VenueError: one is not ready in time.
        EndedEarly: the run was ended meanwhile.
    """
    host = passes.host
    deadline = host.now().timestamp() + patience
    while not all(desk.ready for desk in desks):
        if passes.ended:
            raise EndedEarly("the run was ended before its accounts were ready")
        late = next((desk for desk in desks if not desk.ready), desks[0])
        limited = _LET_THROUGH if isinstance(late.trouble, RateLimited) else 0.0
        if host.now().timestamp() > deadline + limited:
            why = f": {late.trouble}" if late.trouble else ""
            raise VenueError(
                f"{late.store.account}: not ready after {patience:g} s{why}; try again later"
            )
        host.wait(0.5)
        take()


def ask_prices(portfolio: Portfolio, desks: Sequence[Desk], passes: Pass) -> None:
    """Have what is held, and every rate, be known before the first bar.

    Analyzers begin with what the account is worth then, and divide by it. A venue that does not
    answer is not waited for long: bars will tell.
    """
    waiting = portfolio.unpriced()
    for holding in waiting:
        desk = next(desk for desk in desks if desk.store.account == holding.account)
        desk.ask_last_close(holding.instrument.id, _Answer(holding, waiting))
    deadline = passes.host.now() + _PRICES
    while waiting and passes.host.now() < deadline and not passes.ended:
        passes.host.wait(0.5)


class _Answer:
    """Takes one holding's price; called on the loop's side."""

    def __init__(self, holding: Holding, waiting: list[Holding]) -> None:
        self._holding = holding
        self._waiting = waiting

    def __call__(self, price: float) -> None:
        self._holding.opening = price
        self._waiting.remove(self._holding)


def add_holdings(
    portfolio: Portfolio, datas: Iterable[Any], route: Callable[[Any], Route | None]
) -> list[Any]:
    """Let each instrument be priced, and its trades known, by the finest of its datas.

    Return the others, which are told so in Backtrader's way; their trades are that one's.
    """
    others = []
    for data in sorted(datas, key=lambda data: (data._timeframe, data._compression)):
        way = route(data)
        if way is None or way.instrument not in way.desk.instruments:
            continue
        instrument = way.desk.instruments[way.instrument]
        holding = portfolio.add(instrument, data, way.desk.store.account)
        if holding.data is not data and data._compensate is None:
            data.compensate(holding.data)
            others.append(data)
    return others

"""Positions whose time and adjustment price, written on every bar by Backtrader, are worked out
when they are read."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any

from backtrader.position import Position
from backtrader.utils.date import num2date

from atms.engine.broker.fills import priced, split
from atms.engine.swapping import Mirrors

_HIDDEN = ("_lane", "_feed", "_since", "_lazy", "_stamp", "_close")


def move(held: dict[str, Any], feed: Any, size: Any, price: Any, step: int) -> None:
    """Change a position by an execution, as ``Position.update`` does.

    Args:
        held: the position's ``__dict__``.
        feed: of its data.
        size: signed.
        price: of the execution.
        step: the present one.
    """
    had, paid = held["size"], held["price"]
    new, opened, closed = split(had, size)
    held["price_orig"] = paid
    held["size"] = new
    held["price"] = at = priced(had, paid, size, price, new)
    held["upopened"] = opened
    held["upclosed"] = closed
    held["_since"] = step
    held["_stamp"] = feed.stamps[feed.ticker.at]
    held["_lazy"] = True
    feed.keep(step, new, at)


def thaw(position: Any) -> None:
    """Write down what is lazy of a position, as of the last turn of the broker."""
    held = position.__dict__
    if held.get("_lazy"):
        lane = held["_lane"]
        moment, base = _moment(held, lane), _base(held, lane)
        held["_lazy"] = False
        held["datetime"], held["adjbase"] = moment, base


def freeze(position: Any, step: int) -> None:
    """Let what Backtrader writes on every bar be worked out from now on; it is up to date."""
    held = position.__dict__
    if held["size"] and held["_feed"] is not None:
        held["_lazy"], held["_since"] = True, step
        note(held)


def note(held: dict[str, Any]) -> None:
    """Keep the bar of the broker's turn, where it cannot be found again."""
    feed = held["_feed"]
    at = feed.ticker.at
    held["_stamp"], held["_close"] = feed.stamps[at], feed.close[at]


def _moment(held: dict[str, Any], lane: Any) -> Any:
    feed = held["_feed"]
    known = not held["size"] or not feed.ahead
    stamp = held["_stamp"] if known else feed.stamps[feed.bar_at(lane.main.at)]
    return num2date(stamp, feed.data.lines.datetime._tz, True)


def _base(held: dict[str, Any], lane: Any) -> Any:
    feed = held["_feed"]
    if not held["size"]:
        return held["adjbase"]
    return feed.close[feed.bar_at(lane.main.at)] if feed.ahead else held["_close"]


def _reduced(position: Any, protocol: Any) -> Any:
    """Copy and pickle a position as Backtrader's own, as it is now."""
    held = position.__dict__
    own = {name: value for name, value in held.items() if name not in _HIDDEN}
    if held["_lazy"]:
        own["adjbase"], own["datetime"] = position.adjbase, position.datetime
    return Position, (), own


def _lazily(name: str, work_out: Any) -> property:
    def get(position: Any) -> Any:
        held = position.__dict__
        if held["_lazy"]:
            return work_out(held, held["_lane"])
        try:
            return held[name]
        except KeyError:
            raise AttributeError(f"'Position' object has no attribute {name!r}") from None

    return property(get)


def _write(position: Any, name: str, value: Any) -> None:
    lane = position.__dict__["_lane"]
    if not lane.inside:
        lane.to_stock("a position is changed by hand")
    position.__dict__[name] = value


_POSITION = Mirrors(
    lambda base: {
        "datetime": _lazily("datetime", _moment),
        "adjbase": _lazily("adjbase", _base),
        "__setattr__": _write,
        "__reduce_ex__": _reduced,
    }
).of(Position)


def _has_close(data: Any) -> bool:
    """Return whether a close can be read: where not, Backtrader's next valuation raises."""
    try:
        data.close[0]
    except IndexError:
        return False
    return True


class Positions(defaultdict[Any, Any]):
    """The broker's positions; a new one is noticed before it counts."""

    lane: Any = None

    def __missing__(self, data: Any) -> Any:
        if self.lane is None:
            return super().__missing__(data)
        if not self.lane.inside:
            self.lane.settle()
            name = getattr(data, "_name", data)
            if id(data) not in self.lane.state.feeds:  # its worth cannot be worked out later
                self.lane.to_stock(f"a position in {name} is asked for")
            elif not _has_close(data):
                self.lane.to_stock(f"a position in {name} is asked for before its first bar")
        position = super().__missing__(data)
        self.watch(data, position)
        return position

    def attend(self, lane: Any) -> None:
        """Have *lane* know of every position."""
        self.lane = lane
        for data, position in self.items():
            self.watch(data, position)

    def watch(self, data: Any, position: Any) -> None:
        """Let the lane know of what is written to *position*."""
        feed = self.lane.state.feeds.get(id(data))
        if feed is not None:
            feed.keep(self.lane.main.at + (not self.lane.inside), position.size, position.price)
        hidden = {
            "_lane": self.lane,
            "_feed": feed,
            "_since": -1,
            "_lazy": False,
            "_stamp": None,
            "_close": None,
        }
        position.__dict__.update(hidden)
        position.__class__ = _POSITION

    def __reduce__(self) -> Any:
        return defaultdict, (self.default_factory,), None, None, iter(self.items())

    def __copy__(self) -> Any:
        return defaultdict(self.default_factory, self)

    def release(self) -> None:
        """Make every position Backtrader's own."""
        for position in self.values():
            if type(position) is _POSITION:
                thaw(position)
                for name in _HIDDEN:
                    del position.__dict__[name]
                object.__setattr__(position, "__class__", Position)
        self.lane = None


class Children(defaultdict[Any, Any]):
    """Brackets by their parent's number; an order without children needs no queue of its own.

    Attributes:
        alone: number -> an order on its way without children.
        done: the numbers of such that were executed.
    """

    def __init__(self, factory: Any) -> None:
        super().__init__(factory)
        self.alone: dict[int, Any] = {}
        self.done: set[int] = set()

    def __contains__(self, ref: object) -> bool:
        return super().__contains__(ref) or ref in self.alone or ref in self.done

    def __delitem__(self, ref: Any) -> None:
        self.alone.pop(ref, None)
        self.done.discard(ref)
        super().__delitem__(ref)

    def __reduce__(self) -> Any:
        return defaultdict, (self.default_factory,), None, None, iter(self.__copy__().items())

    def __copy__(self) -> Any:
        plain = {**{ref: deque() for ref in self.done}, **self}
        plain.update((ref, deque([order])) for ref, order in self.alone.items())
        return defaultdict(self.default_factory, plain)

    def fill(self) -> None:
        """Give the orders that are on their way a queue, as Backtrader has it."""
        for ref, order in self.alone.items():
            self[ref].append(order)
        self.alone.clear()


for _kind in (Positions, Children):  # what they are shown as
    _kind.__name__ = _kind.__qualname__ = "defaultdict"
    _kind.__module__ = "collections"

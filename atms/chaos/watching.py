"""A user's strategy, watched from outside: what it did, saw and heard, and when.

The class stays the user's. The broker notes what is made and taken back, an analyzer what is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import backtrader as bt

from atms.execution.broker.broker import LiveBroker
from atms.execution.disk.strategy_state import StateKeeper
from atms.feeds.roots import is_live
from atms.sandbox.simulation.diary import FINAL, Diary, Seen

_NAME = "_atms_chaos"


@dataclass(frozen=True)
class Decision:
    """One thing that a strategy did.

    Attributes:
        at: the trial's clock.
        life: number of the process.
        bar: the newest bar that it saw then; None: none yet.
        what: in words, the same in every run that decides alike.
    """

    at: datetime
    life: int
    bar: datetime | None
    what: str


@dataclass
class Watch:
    """Takes what all processes of a trial do.

    Attributes:
        decisions: in their order.
        counts: orders, fills, refused ..., since the trial began; orders that were made on a bar of
            the past, and so not sent, are *past* alone.
        codes: why orders were refused.
        story: everything in words, if somebody wants it; else None.
        returned: is called whenever the strategy has returned.
    """

    now: Callable[[], datetime]
    decisions: list[Decision] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    story: list[str] | None = None
    returned: Callable[[], None] = field(default=lambda: None)

    def decided(self, life: int, bar: datetime | None, what: str, kind: str) -> None:
        """Note a decision."""
        self.counts[kind] += 1
        self.decisions.append(Decision(self.now(), life, bar, what))
        self.tell(f"    decides: {what}")

    def tell(self, text: str) -> None:
        """Add a line to the story."""
        if self.story is not None:
            self.story.append(f"{self.now():%Y-%m-%d %H:%M:%S.%f}"[:-3] + f"  {text}")


class Observed:
    """What of one process is noted.

    Args:
        diary: of the process; what must be true at the end is looked up in it.
        watch: of the trial.
    """

    def __init__(self, diary: Diary, watch: Watch) -> None:
        self.diary = diary
        self.watch = watch
        self.bar: datetime | None = None
        self._statuses: dict[str, str] = {}
        self._lens: dict[str, int] = {}
        self._told: dict[int, float] = {}

    def follow(self, cerebro: bt.Cerebro, keeper: StateKeeper) -> None:
        """Watch a Cerebro that is about to run."""
        cerebro.adddatacb(self._data)
        cerebro.addstorecb(self._store)
        cerebro.addanalyzer(_Observer, _name=_NAME, observed=self, keeper=keeper)

    # ---- what it does ---------------------------------------------------------------------------
    def made(self, order: bt.Order, asked: dict[str, Any]) -> None:
        """Note an order that the strategy has made."""
        self.saw(order.owner)
        self.diary.made(order, is_live(order.data))
        number = self.diary.orders[order.ref].number
        side, size = "buy" if order.isbuy() else "sell", abs(order.created.size)
        words = [f"order {number}: {side} {size!r} {order.data._name} {order.getordername()}"]
        words += [
            f"{name} {asked[name]}"
            for name in ("price", "plimit", "trailamount", "trailpercent", "valid")
            if asked.get(name) is not None
        ]
        for name in ("parent", "oco"):
            other = asked.get(name)
            known = None if other is None else self.diary.orders.get(other.ref)
            words += [] if known is None else [f"{name} {known.number}"]
        kind = "orders" if self.diary.orders[order.ref].live else "past"
        self.watch.decided(self.diary.life, self.bar, ", ".join(words), kind)

    def dropped(self, order: bt.Order) -> None:
        """Note that the strategy takes an order back."""
        self.saw(order.owner)
        self.diary.drops(order)
        noted = self.diary.orders[order.ref]
        whose = "" if noted.made else f", {noted.key} of a process before"
        what = f"takes back order {noted.number}{whose}"
        self.watch.decided(self.diary.life, self.bar, what, "taken back")

    # ---- what it is told ------------------------------------------------------------------------
    def heard(self, order: bt.Order) -> None:
        """Note what the strategy was told of an order."""
        noted = self.diary.heard(order)
        status, size = noted.told[-1]
        before = self._told.get(order.ref, 0.0)
        if size != before:
            self._told[order.ref] = size
            self.watch.counts["fills"] += 1
        if status in ("Rejected", "Margin") and noted.live:
            self.watch.counts["refused"] += 1
            self.watch.codes[noted.code or status.upper()] += 1
        if status in FINAL or size != before:
            why = f": {order.info.get('reason')}" if order.info.get("reason") else ""
            filled = f", {abs(size):g} filled at {order.executed.price:g}" if size else ""
            self.watch.tell(f"    hears: order {noted.number} {status}{filled}{why}")

    def saw(self, strategy: Any) -> None:
        """Note the bars that the strategy has now seen."""
        for data in getattr(strategy, "datas", ()):  # an adopted order may have no owner here
            name = data._name
            grown = len(data) - self._lens.get(name, 0)
            self._lens[name] = len(data)
            if not grown:
                continue
            at = bt.num2date(data.datetime[0]).replace(tzinfo=UTC)
            self.bar, live = at, is_live(data)
            values = (data.open[0], data.high[0], data.low[0], data.close[0])
            seen = Seen(at, values, live, self._statuses.get(name, ""), self.watch.now())
            for _ in range(grown):
                self.diary.saw(type(strategy).__name__, name, seen)
            if live:
                self.watch.tell(f"  bar of {name} {at:%Y-%m-%d %H:%M:%S}: close {values[3]:g}")

    def _data(self, data: Any, status: int, *_: Any, **__: Any) -> None:
        self._statuses[data._name] = data._getstatusname(status)
        self.diary.write("data", data._name, self._statuses[data._name])
        self.watch.tell(f"  feed {data._name}: {self._statuses[data._name]}")

    def _store(self, message: Any, *_: Any, **about: Any) -> None:
        self.diary.write("store", message, about.get("text", ""))
        if about.get("text"):
            self.watch.tell(f"  {message}: {about['text']}")


class WatchedBroker(LiveBroker):
    """A live broker that tells what strategies ask of it."""

    observed: Observed

    def buy(self, owner: Any, data: Any, size: float, *args: Any, **asked: Any) -> bt.Order:
        """Make a buying order, and note it."""
        order = super().buy(owner, data, size, *args, **asked)
        self.observed.made(order, asked)
        return order

    def sell(self, owner: Any, data: Any, size: float, *args: Any, **asked: Any) -> bt.Order:
        """Make a selling order, and note it."""
        order = super().sell(owner, data, size, *args, **asked)
        self.observed.made(order, asked)
        return order

    def cancel(self, order: bt.Order) -> bool:
        """Want an order back, and note it."""
        own = next((one for one in self.orders if one.ref == order.ref), order)
        self.observed.dropped(own)  # what strategies hear of are copies, which nothing ends
        return super().cancel(order)


class _Observer(bt.Analyzer):
    """Passes on what a strategy is told, after the strategy has heard it."""

    params = (("observed", None), ("keeper", None))

    def notify_order(self, order: bt.Order) -> None:
        """Note how an order stands."""
        self.p.observed.heard(order)

    def next(self) -> None:
        """Note the bars; keep what the strategy wants to find again."""
        self.p.observed.watch.returned()
        self.p.observed.saw(self.strategy)
        self.p.keeper.save([self.strategy])

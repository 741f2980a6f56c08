"""What a live run's strategies receive and decide, given to the recorder, the ledger, the disk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import backtrader as bt
import numpy as np

from atms.execution.broker.broker import LiveBroker
from atms.execution.disk.recorder import Recorder
from atms.execution.disk.strategy_state import StateKeeper
from atms.feeds.roots import is_live
from atms.feeds.stamps import to_micros
from atms.running.live_ledger import LedgerWriter
from atms.running.live_log import SCREEN

_KEPT = 1000  # texts
_AGAIN = 60.0  # seconds before the same is told again
_QUIET = {"ready", "link"}  # of what an account tells: no news for a person
_REJECTED = (bt.Order.Rejected, bt.Order.Margin)

log = logging.getLogger(__name__)


class Warnings:
    """Tells the person at the screen what goes wrong; the same at most once a minute."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def store(self, what: str, *_: Any, **about: Any) -> None:
        """Tell what an account says, as ``notify_store`` hears it."""
        if what not in _QUIET:
            # what a feed tells names its feed itself, and has no words beside it
            parts = (about.get("instrument") or about.get("account"), what, about.get("text"))
            self._tell(": ".join(str(part) for part in parts if part))

    def order(self, order: bt.Order) -> None:
        """Tell that an order was refused."""
        if order.status in _REJECTED:
            side = "buy" if order.isbuy() else "sell"
            why = order.info.get("reason") or order.getstatusname()
            self._tell(f"{order.data._name}: {side} {order.created.size:g} refused: {why}")

    def _tell(self, text: str) -> None:
        now = time.monotonic()
        if now - self._told.get(text, float("-inf")) < _AGAIN:
            return
        if len(self._told) > _KEPT:
            self._told.clear()
        self._told[text] = now
        log.warning("%s", text, extra={"only": SCREEN})  # the file has each, by Events


class NotedBroker(LiveBroker):
    """A live broker whose run is recorded."""

    recorder: Recorder | None = None

    def start(self) -> None:
        """Open the accounts."""
        super().start()
        self._seen: dict[int, int] = {}

    def next(self) -> None:
        """Note the bars that this pass brought: data has moved, and no strategy knows yet."""
        for data in self.cerebro.datas if self.recorder is not None else ():
            if len(data) and len(data) != self._seen.get(id(data)):
                self._seen[id(data)] = len(data)
                assert self.recorder is not None
                self.recorder.bar(data._name, _values(data), is_live(data))
        super().next()

    def buy(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> bt.Order:
        """Make a buying order, and note it."""
        return self._noted(super().buy(owner, data, size, *args, **kwargs), kwargs)

    def sell(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> bt.Order:
        """Make a selling order, and note it."""
        return self._noted(super().sell(owner, data, size, *args, **kwargs), kwargs)

    def cancel(self, order: bt.Order) -> bool:
        """Want an order back, and note it."""
        if self.recorder is not None:
            self.recorder.order_canceled(order)
        return super().cancel(order)

    def _noted(self, order: bt.Order, asked: dict[str, Any]) -> bt.Order:
        if asked.get("reason") is not None:  # the venue's, or a limit's, takes its place
            order.addinfo(why=asked["reason"])
        if self.recorder is not None:
            self.recorder.order_made(order, self._name(order.owner))
        return order


class LiveNotes(bt.Analyzer):
    """Notes what a strategy is told, and how the accounts stand after each bar.

    Params:
        recorder, ledger, keeper, warnings, events, saying: where it goes; each may be None.
        now: the run's clock.
    """

    params = (
        ("recorder", None), ("ledger", None), ("keeper", None), ("warnings", None),
        ("events", None), ("saying", None), ("now", None),
    )  # fmt: skip

    def notify_order(self, order: bt.Order) -> None:
        """Note how an order stands."""
        recorder: Recorder | None = self.p.recorder
        if recorder is not None:
            recorder.order_told(order, type(self.strategy).__name__)
        warnings: Warnings | None = self.p.warnings
        if warnings is not None:
            warnings.order(order)
        if self.p.events is not None:
            self.p.events.order(order)
        if self.p.saying is not None:
            self.p.saying.order(order)

    def next(self) -> None:
        """Note what the accounts are worth; called in the warm-up of indicators too."""
        broker = self.strategy.broker
        cash, value = broker.getcash(), broker.getvalue()
        stamp = micros_of(self.strategy)
        recorder: Recorder | None = self.p.recorder
        if recorder is not None:
            recorder.told("cash", {"cash": cash, "value": value, "stamp": stamp})
        if self.p.saying is not None:
            self.p.saying.bar(self.strategy)
        ledger: LedgerWriter | None = self.p.ledger
        at = datetime.fromtimestamp(stamp / 1e6, UTC)
        if ledger is not None:
            ledger.equity(at, cash, value)
        keeper: StateKeeper | None = self.p.keeper
        if keeper is not None and keeper.save([self.strategy]) and ledger is not None:
            ledger.strategy_state(at, keeper.values)


def restoring(keeper: StateKeeper) -> Callable[[list[bt.Strategy]], None]:
    """Return what gives strategies their state back before their first bar."""

    def restore(strategies: list[bt.Strategy]) -> None:
        keeper.restore(strategies)

    return restore


def micros_of(clock: Any) -> int:
    """Return the stamp of the present bar, microseconds since 1970 UTC."""
    return int(to_micros(np.array([clock.datetime[0]]))[0])


def _values(data: Any) -> dict[str, float]:
    found = {name: float(getattr(data.lines, name)[0]) for name in data.lines.getlinealiases()}
    found["datetime"] = micros_of(data)
    return found

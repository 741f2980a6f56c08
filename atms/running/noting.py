"""What a live run's strategies receive and decide, given to the recorder, the ledger, the disk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import backtrader as bt
import numpy as np

from atms.execution.broker import LiveBroker
from atms.execution.recorder import Recorder
from atms.execution.strategy_state import StateKeeper
from atms.feeds.live import is_live
from atms.feeds.stamps import to_micros
from atms.running.live_ledger import LedgerWriter


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
        return self._noted(super().buy(owner, data, size, *args, **kwargs))

    def sell(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> bt.Order:
        """Make a selling order, and note it."""
        return self._noted(super().sell(owner, data, size, *args, **kwargs))

    def cancel(self, order: bt.Order) -> bool:
        """Want an order back, and note it."""
        if self.recorder is not None:
            self.recorder.order_canceled(order)
        return super().cancel(order)

    def _noted(self, order: bt.Order) -> bt.Order:
        if self.recorder is not None:
            self.recorder.order_made(order, self._name(order.owner))
        return order


class LiveNotes(bt.Analyzer):
    """Notes what a strategy is told, and how the accounts stand after each bar.

    Params:
        recorder, ledger, keeper: where it goes; each may be None.
        now: the run's clock.
    """

    params = (("recorder", None), ("ledger", None), ("keeper", None), ("now", None))

    def notify_order(self, order: bt.Order) -> None:
        """Note how an order stands."""
        recorder: Recorder | None = self.p.recorder
        if recorder is not None:
            recorder.order_told(order, type(self.strategy).__name__)

    def next(self) -> None:
        """Note what the accounts are worth; called in the warm-up of indicators too."""
        broker = self.strategy.broker
        cash, value = broker.getcash(), broker.getvalue()
        stamp = micros_of(self.strategy)
        recorder: Recorder | None = self.p.recorder
        if recorder is not None:
            recorder.told("cash", {"cash": cash, "value": value, "stamp": stamp})
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

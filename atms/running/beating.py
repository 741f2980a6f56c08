"""A live run's heartbeat: how it stands, written every second on the loop's side.

A strategy that hangs stops Cerebro's side, not this one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from atms.execution.broker.desk import Desk
from atms.execution.core.core import Core
from atms.feeds.stamps import to_micros
from atms.running import vitals
from atms.running.health import judge, told
from atms.running.session import SessionFolder
from atms.running.systemd import Notifier
from atms.running.trading import Trading
from atms.steady import SteadyClock, since_boot

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds
_LOOK = 0.2  # seconds between looks for what another process asks


@dataclass
class Pulse:
    """What Cerebro's side says of itself at the head of each pass."""

    passes: int = 0
    at: datetime | None = None
    cash: float | None = None
    value: float | None = None
    bars: int = 0
    last_bar: str = ""
    felt: float | None = None  # since the machine's start: when a pass last began
    barred: float | None = None  # and when a bar last came
    closes: dict[str, float] = field(default_factory=dict)


class Heart:
    """Beats for one run; *also* is called with each beat.

    Args:
        beside: what a status has beside the accounts, asked on the loop's side.
    """

    def __init__(
        self,
        trading: Trading,
        folder: SessionFolder,
        mode: str,
        also: Callable[[], None],
        beside: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self.pulse = Pulse()
        self._beside = beside
        self._notifier = Notifier()
        self._last: tuple[float, dict[str, Any]] = (since_boot(), {})
        self._trading = trading
        self._folder = folder
        self._mode = mode
        self._also = also
        self._state = "starting"
        self._clock = SteadyClock()

    def begin(self, cerebro: Any) -> None:
        """Beat until the host is closed."""
        self._cerebro = cerebro
        self._trading.passes.before.append(self._feel)
        self._trading.host.spawn(self._beat())

    def end(self, left: tuple[str, ...], *, refused: bool = False) -> None:
        """Write how the run ended; *refused*: before it had any of its accounts."""
        self._state = "ended"
        self._put({**self._status(), "left": left, "refused": refused})

    def report(self) -> dict[str, Any]:
        """Return how the run is, by its last beat; from any thread."""
        beat, status = self._last
        return told(self._folder.path.name, status, since_boot() - beat)

    def _put(self, status: dict[str, Any]) -> None:
        self._last = (since_boot(), status)
        self._folder.beat(status)

    def _feel(self) -> None:
        pulse, broker = self.pulse, self._cerebro.broker
        pulse.passes, pulse.at, pulse.felt = pulse.passes + 1, datetime.now(UTC), since_boot()
        running = self._cerebro.runningstrats
        if running and len(running[0]):
            if len(running[0]) != pulse.bars:
                pulse.barred = since_boot()
                for feed in self._trading.feeds:
                    if len(feed):
                        pulse.closes[feed.p.instrument] = feed.close[0]
            pulse.bars = len(running[0])
            pulse.last_bar = _moment(running[0].datetime[0])
            pulse.cash, pulse.value = broker.getcash(), broker.getvalue()

    async def _beat(self) -> None:
        since = EVERY
        while True:
            if self._folder.asked():
                self._obey(self._folder.asked())
            if since >= EVERY:
                if self._state == "starting" and all(one.ready for one in self._trading.desks):
                    self._state = "running"
                self._put(self._status())
                self._sign()
                self._also()
                self._tell_if_the_clock_was_set()
                since = 0.0
            await asyncio.sleep(_LOOK)
            since += _LOOK

    def _sign(self) -> None:
        """Tell the service manager."""
        status = self._last[1]
        self._notifier.beat(judge(status, 0.0), status["state"], status["strategy_silent"])

    def _tell_if_the_clock_was_set(self) -> None:
        moved = self._clock.moved()
        if moved is not None:
            log.warning(
                "this computer's clock was set %s by %.0f s; the run goes on with its own time, "
                "from which the clock is now off", "back" if moved < timedelta(0) else "forward",
                abs(moved.total_seconds()),
            )  # fmt: skip

    def _obey(self, what: str) -> None:
        if self._state != "stopping":
            self._state = "stopping"
            self._notifier.stopping()
            if what == "flatten":
                self._trading.on_stop = "flatten"
            self._trading.end()

    def _status(self) -> dict[str, Any]:
        pulse = self.pulse
        closing = self._trading.closing and self._state != "ended"
        return {
            "state": "closing" if closing else self._state,
            "mode": self._mode,
            "bars": pulse.bars,
            "last_bar": pulse.last_bar,
            "cash": pulse.cash,
            "value": pulse.value,
            "strategy_at": pulse.at.isoformat() if pulse.at else None,
            "strategy_silent": _since(pulse.felt),
            "bar_age": _since(pulse.barred),
            **accounts_status(self._trading, pulse.closes),
            **self._beside(),
        }


def accounts_status(trading: Trading, closes: Mapping[str, float]) -> dict[str, Any]:
    """Return how the accounts of a run and their connections stand, and what is at risk there.

    Args:
        closes: instrument -> its last close that a strategy has seen.
    """
    now = trading.host.now()
    accounts = {desk.store.account: _account(desk, now) for desk in trading.desks}
    return {"accounts": accounts, "risk": vitals.risk(trading, closes)}


def _account(desk: Desk, now: datetime) -> dict[str, Any]:
    core = desk.core
    return (EMPTY if core is None else account_status(core)) | vitals.desk(desk, now)


def _since(at: float | None) -> float | None:
    return None if at is None else since_boot() - at


# An account that is not opened yet, or cannot be.
EMPTY: dict[str, Any] = {
    "ready": False, "epoch": 0, "halted": {}, "orders": [], "positions": [], "balances": {},
    "fills": 0, "all_orders": 0,
}  # fmt: skip


def account_status(core: Core) -> dict[str, Any]:
    """Return how an account stands in its books: plain values, decimals as text."""
    state = core.state
    return {
        "ready": core.ready,
        "epoch": state.epoch,
        "halted": dict(core.halted),
        "orders": [
            {
                "key": order.key,
                "instrument": order.ticket.instrument,
                "side": "buy" if order.ticket.side > 0 else "sell",
                "qty": f"{order.ticket.qty:f}",
                "kind": order.ticket.kind.value,
                "limit": _text(order.ticket.limit),
                "trigger": _text(order.ticket.trigger),
                "filled": f"{order.booked:f}",
                "state": _state_of(order),
                "since": order.intended.at.isoformat(),
            }
            for order in state.open_orders()
        ],
        "positions": [
            {
                "instrument": instrument,
                "bucket": bucket,
                "qty": f"{held.qty:f}",
                "price": f"{held.price:f}" if held.known else None,
            }
            for (instrument, bucket), held in sorted(state.books.positions().items())
        ],
        "balances": {
            asset: f"{total:f}" for asset, total in sorted(state.books.balances().items()) if total
        },
        "fills": len(state.books.rows),
        "all_orders": len(state.orders),
    }


def _state_of(order: Any) -> str:
    if order.unresolved:
        return "unknown"
    if order.cancel_asked is not None:
        return "cancelling"
    return order.stands.state.value if order.stands is not None else "accepted"


def _moment(stamp: float) -> str:
    """Return Backtrader's number of days as ISO 8601 in UTC, without what floats add to it."""
    micros = int(to_micros(np.array([stamp]))[0])
    return (datetime(1970, 1, 1) + timedelta(microseconds=micros)).isoformat()


def _text(value: Any) -> str | None:
    return None if value is None else f"{value:f}"

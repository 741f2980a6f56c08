"""A live run's heartbeat: how it stands, written every second on the loop's side.

A strategy that hangs stops Cerebro's side, not this one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from atms.execution.broker.desk import Desk
from atms.execution.core.core import Core
from atms.feeds.stamps import to_micros
from atms.running.session import SessionFolder
from atms.running.trading import Trading
from atms.steady import SteadyClock

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


class Heart:
    """Beats for one run; *also* is called with each beat."""

    def __init__(
        self, trading: Trading, folder: SessionFolder, mode: str, also: Callable[[], None]
    ) -> None:
        self.pulse = Pulse()
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

    def end(self, left: tuple[str, ...]) -> None:
        """Write how the run ended."""
        self._state = "ended"
        self._folder.beat({**self._status(), "left": left})

    def _feel(self) -> None:
        pulse, broker = self.pulse, self._cerebro.broker
        pulse.passes, pulse.at = pulse.passes + 1, datetime.now(UTC)
        running = self._cerebro.runningstrats
        if running and len(running[0]):
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
                self._folder.beat(self._status())
                self._also()
                self._tell_if_the_clock_was_set()
                since = 0.0
            await asyncio.sleep(_LOOK)
            since += _LOOK

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
            "accounts": {
                desk.store.account: account_status(desk.core) | _health(desk)
                for desk in self._trading.desks
                if desk.core is not None
            },
        }


def _health(desk: Desk) -> dict[str, Any]:
    return {"failed": str(desk.failed) if desk.failed else None}


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

"""What a live run's log tells: orders, feeds, accounts, the run's beginning and end."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import backtrader as bt

from atms.running.live_log import FILE

_QUIET = {"ready", "link"}  # of what an account tells: no news for a person
_REFUSED = (bt.Order.Rejected, bt.Order.Margin)

log = logging.getLogger(__name__)


def tell(
    text: str, about: Mapping[str, Any], level: int = logging.INFO, error: bool = False
) -> None:
    """Log an event to the run's file: *text* for people, *about* the same as data.

    Args:
        error: with the traceback of what is being handled.
    """
    log.log(level, "%s", text, exc_info=error, extra={"about": dict(about), "only": FILE})


class Events:
    """Logs what strategies hear, as they hear it."""

    def store(self, what: str, *_: Any, **about: Any) -> None:
        """Log what an account or a feed tells, as ``notify_store`` hears it."""
        where = about.get("instrument") or about.get("account") or "run"
        words = about.get("text")
        level = logging.INFO if what in _QUIET else logging.WARNING
        tell(f"{where}: {what}" + (f": {words}" if words else ""), {"what": what, **about}, level)

    def data(self, data: Any, status: int, *_: Any, **__: Any) -> None:
        """Log that a feed is connected, live or away, as ``notify_data`` hears it."""
        name = data._getstatusname(status)
        tell(f"{data._name}: {name}", {"data": data._name, "status": name})

    def order(self, order: bt.Order) -> None:
        """Log how an order stands, as ``notify_order`` hears it."""
        info, done = order.info, order.executed
        if info.get("code") == "NOT_LIVE":  # made on a bar of the past: no news
            return
        side, status = "buy" if order.isbuy() else "sell", order.getstatusname()
        level = logging.WARNING if order.status in _REFUSED else logging.INFO
        about = {
            "order": info.get("key"), "data": order.data._name, "side": side,
            "kind": order.ExecTypes[order.exectype].lower(), "status": status,
            "size": abs(order.created.size), "price": order.created.price,
            "filled": abs(done.size), "average": done.price if done.size else None,
            "fee": done.comm if done.size else None, "how": info.get("how"),
            "code": info.get("code"), "reason": info.get("reason"), "why": info.get("why"),
        }  # fmt: skip
        tell(f"order {status}: {side} {about['size']:g} {about['data']}", about, level)

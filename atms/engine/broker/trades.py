"""A strategy told of an order: Backtrader's bookkeeping of trades, without its copying."""

from __future__ import annotations

from typing import Any

from backtrader.trade import Trade

from atms.engine.broker.light import BUY, SELL
from atms.engine.broker.record import COMPLETED, Given, Record

TRADEID = Given._fields.index("tradeid")
OPEN, CLOSED = Trade.Open, Trade.Closed
_new = object.__new__


def add_notification(strategy: Any, order: Any) -> None:
    """Do what ``Strategy._addnotification`` does; without ``quicknotify``.

    Args:
        strategy: the owner, whose class has Backtrader's own ``_addnotification``.
        order: as the broker's ``get_notification`` gave it.
    """
    kind = type(order)
    if (kind is not BUY and kind is not SELL) or strategy._tradehistoryon:
        strategy._addnotification(order)
        return
    strategy._orderspending.append(order)
    seen = order._seen
    if type(seen) is int:
        if seen != COMPLETED:
            return
    elif seen is None or not seen.filled or seen.p1 == seen.p2:
        return
    record: Record = order._record
    trades = strategy._trades[record.data][record.given[TRADEID]]
    if trades and type(trades[-1]) is not Trade:
        strategy._orderspending.pop()
        strategy._addnotification(order)
        return
    strategy._tradespending.extend(_book(record, trades))


def deliver(broker: Any, strategies: Any) -> None:
    """Hand all that the broker has to tell to the strategies; without ``quicknotify``.

    Args:
        broker: with a lane.
        strategies: of the run; an order without an owner is the first one's.
    """
    waiting = broker.notifs
    while waiting:
        order = waiting.popleft()
        kind = type(order)
        light = kind is BUY or kind is SELL
        owner = order._record.given[0] if light else order.owner
        add_notification(strategies[0] if owner is None else owner, order)


def _book(record: Record, trades: list[Any]) -> list[Any]:
    """Change the trades of a data by an execution; return what there is to tell."""
    info, feed = record.comminfo, record.feed
    _, _, price, closed, _, closedcomm, opened, _, openedcomm, _, _, _ = record.fill
    told: list[Any] = []
    if not trades:
        trades.append(_trade(record.data, record.given[TRADEID]))
    held: dict[str, Any] = trades[-1].__dict__
    if closed:
        _update(held, feed, closed, price, closedcomm, info)
        if held["isclosed"]:
            told.append(_copy(held))
    if opened:
        if held["isclosed"]:
            trades.append(_trade(record.data, record.given[TRADEID]))
            held = trades[-1].__dict__
        _update(held, feed, opened, price, openedcomm, info)
        if held["isclosed"]:
            told.append(_copy(held))
    if held["justopened"]:
        told.append(_copy(held))
    return told


def _trade(data: Any, tradeid: Any) -> Any:
    trade = _new(Trade)
    trade.__dict__ = {
        "ref": next(Trade.refbasis), "data": data, "tradeid": tradeid, "size": 0, "price": 0.0,
        "value": 0.0, "commission": 0.0, "pnl": 0.0, "pnlcomm": 0.0, "justopened": False,
        "isopen": False, "isclosed": False, "baropen": 0, "dtopen": 0.0, "barclose": 0,
        "dtclose": 0.0, "barlen": 0, "historyon": False, "history": [], "status": Trade.Created,
    }  # fmt: skip
    return trade


def _copy(held: dict[str, Any]) -> Any:
    copied = _new(Trade)
    copied.__dict__ = held.copy()
    return copied


def _update(
    held: dict[str, Any], feed: Any, size: Any, price: Any, commission: Any, info: Any
) -> None:
    """Change a trade by an execution, in the arithmetic of ``Trade.update``."""
    at = feed.ticker.at
    held["commission"] = paid = held["commission"] + commission
    had = held["size"]
    held["size"] = now = had + size
    held["justopened"] = just = bool(not had and size)
    if just:
        held["baropen"] = at + 1
        held["dtopen"] = feed.stamps[at]
        held["long"] = now > 0
    held["isopen"] = bool(now)
    held["barlen"] = at + 1 - held["baropen"]
    held["isclosed"] = ended = bool(had and not now)
    if ended:
        held["isopen"] = False
        held["barclose"] = at + 1
        held["dtclose"] = feed.stamps[at]
        held["status"] = CLOSED
    elif held["isopen"]:
        held["status"] = OPEN
    gain: Any = 0.0
    if abs(now) > abs(had):
        held["price"] = (had * held["price"] + size * price) / now
    else:
        gain = -size * (price - held["price"]) * info.p.mult
    held["pnl"] += gain
    held["pnlcomm"] = held["pnl"] - paid
    held["value"] = now * held["price"]

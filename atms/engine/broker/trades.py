"""A strategy told of an order: Backtrader's bookkeeping of trades, without its copying."""

from __future__ import annotations

from typing import Any

from backtrader.trade import Trade

from atms.engine.broker.light import BUY, SELL

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
    if seen is None or not seen.filled or seen.p1 == seen.p2:
        return
    record = order._record
    trades = strategy._trades[record.given.data][record.given.tradeid]
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
        owner = order._record.given.owner if light else order.owner
        add_notification(strategies[0] if owner is None else owner, order)


def _book(record: Any, trades: list[Any]) -> list[Any]:
    """Change the trades of a data by an execution; return what there is to tell."""
    given, fill, info, feed = record.given, record.fill, record.comminfo[0], record.feed
    told = []
    if not trades:
        trades.append(_trade(given.data, given.tradeid))
    held = trades[-1].__dict__
    if fill.closed:
        _update(held, feed, fill.closed, fill.price, fill.closedcomm, info)
        if held["isclosed"]:
            told.append(_copy(held))
    if fill.opened:
        if held["isclosed"]:
            trades.append(_trade(given.data, given.tradeid))
            held = trades[-1].__dict__
        _update(held, feed, fill.opened, fill.price, fill.openedcomm, info)
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
        held["status"] = Trade.Closed
    elif held["isopen"]:
        held["status"] = Trade.Open
    gain: Any = 0.0
    if abs(now) > abs(had):
        held["price"] = (had * held["price"] + size * price) / now
    else:
        gain = -size * (price - held["price"]) * info.p.mult
    held["pnl"] += gain
    held["pnlcomm"] = held["pnl"] - paid
    held["value"] = now * held["price"]

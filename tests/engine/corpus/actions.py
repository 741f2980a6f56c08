"""What a strategy may do on a bar: every kind of order, as users make them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import backtrader as bt

O = bt.Order  # noqa: E741 - its members are read often below


def _size(s: Any) -> Any:
    if s.p.actor.sizing == "sizer":
        return None
    if s.p.actor.sizing == "broken":
        return round(s.dice.uniform(0.1, 9.0), 3)
    return s.dice.whole(1, 9)


def _near(s: Any, data: Any, least: float = -0.02, most: float = 0.02) -> float:
    price = data.close[0] * (1 + s.dice.uniform(least, most))
    return round(price, 2) if s.dice.chance(0.7) else price


def _valid(s: Any, data: Any) -> Any:
    """Return how long an order is valid, in any of the ways that Backtrader takes."""
    kind = s.dice.whole(0, 6)
    if kind == 1:
        return datetime.timedelta(minutes=s.dice.whole(1, 3000))
    if kind == 2:
        return datetime.timedelta()
    if kind == 3:
        return data.datetime.datetime(0) + datetime.timedelta(minutes=s.dice.whole(1, 60))
    if kind == 4 and data._tz is None:  # a date has no zone
        return data.datetime.date(0) + datetime.timedelta(days=1)
    if kind == 5:
        return s.dice.pick((0, 0.01, data.datetime[0] + 0.02))
    return None


def _side(s: Any) -> Any:
    return s.buy if s.dice.chance(0.5) else s.sell


def _priced(s: Any, data: Any, exectype: int, **more: Any) -> Any:
    given = {"data": data, "size": _size(s), "exectype": exectype, **more}
    if s.dice.chance(0.5):
        given["valid"] = _valid(s, data)
    return _side(s)(**given)


def buy(s: Any, data: Any) -> Any:
    """Buy at the market."""
    return s.buy(data=data, size=_size(s))


def sell(s: Any, data: Any) -> Any:
    """Sell at the market, short too."""
    return s.sell(data=data, size=_size(s))


def close(s: Any, data: Any) -> Any:
    """Close the position, or a part."""
    return s.close(data=data, size=s.dice.pick((None, None, 1)))


def limit(s: Any, data: Any) -> Any:
    """A limit order."""
    return _priced(s, data, O.Limit, price=_near(s, data))


def far_limit(s: Any, data: Any) -> Any:
    """A limit order that waits long."""
    side, factor = (s.buy, 0.9) if s.dice.chance(0.5) else (s.sell, 1.1)
    price = data.close[0] * factor
    return side(data=data, size=_size(s), exectype=O.Limit, price=price, valid=_valid(s, data))


def stop(s: Any, data: Any) -> Any:
    """A stop order."""
    return _priced(s, data, O.Stop, price=_near(s, data))


def stop_limit(s: Any, data: Any) -> Any:
    """A stop with a limit."""
    return _priced(s, data, O.StopLimit, price=_near(s, data), plimit=_near(s, data))


def at_close(s: Any, data: Any) -> Any:
    """An order for the session's close."""
    return _priced(s, data, O.Close)


def no_price(s: Any, data: Any) -> Any:
    """A limit or stop without a price: Backtrader takes the close."""
    return _priced(s, data, s.dice.pick((O.Limit, O.Stop, O.StopLimit)))


def trail(s: Any, data: Any) -> Any:
    """A trailing stop by an amount."""
    return _priced(s, data, O.StopTrail, trailamount=abs(data.close[0]) * s.dice.uniform(0, 0.03))


def trail_percent(s: Any, data: Any) -> Any:
    """A trailing stop by a share."""
    more = {"price": _near(s, data)} if s.dice.chance(0.3) else {}
    return _priced(s, data, O.StopTrail, trailpercent=s.dice.uniform(0.002, 0.04), **more)


def trail_limit(s: Any, data: Any) -> Any:
    """A trailing stop with a limit."""
    price = data.close[0]
    plimit = price * (1 + s.dice.uniform(-0.01, 0.01))
    return _priced(
        s, data, O.StopTrailLimit, price=price, plimit=plimit, trailpercent=s.dice.uniform(0, 0.03)
    )


def pair(s: Any, data: Any) -> Any:
    """Two or three orders of which one cancels the others."""
    price, size = data.close[0], _size(s)
    first = s.buy(data=data, size=size, exectype=O.Limit, price=price * 0.995)
    second = s.buy(data=data, size=size, exectype=O.Stop, price=price * 1.005, oco=first)
    third = None
    if s.dice.chance(0.3):
        third = s.sell(data=data, size=size, exectype=O.Limit, price=price * 1.02, oco=second)
    return [first, second, third]


def bracket(s: Any, data: Any) -> Any:
    """A bracket around a limit entry."""
    side, sign = (s.buy_bracket, 1) if s.dice.chance(0.5) else (s.sell_bracket, -1)
    price = data.close[0] * (1 - sign * s.dice.uniform(-0.005, 0.01))
    return side(
        data=data, size=_size(s), price=price, stopprice=price * (1 - sign * 0.015),
        limitprice=price * (1 + sign * 0.015), valid=_valid(s, data),
    )  # fmt: skip


def bracket_market(s: Any, data: Any) -> Any:
    """A bracket around a market entry."""
    side, sign = (s.buy_bracket, 1) if s.dice.chance(0.5) else (s.sell_bracket, -1)
    price = data.close[0]
    return side(
        data=data, size=_size(s), exectype=O.Market, stopprice=price * (1 - sign * 0.01),
        limitprice=price * (1 + sign * 0.01), tag="bracket",
    )  # fmt: skip


def bracket_one_leg(s: Any, data: Any) -> Any:
    """A bracket with a leg missing, or both."""
    price = data.close[0]
    given: dict[str, Any] = {"limitprice": price * 1.01, "stopprice": price * 0.99}
    for leg in s.dice.pick((("limit",), ("stop",), ("limit", "stop"))):
        del given[f"{leg}price"]
        given[f"{leg}exec"] = None
    return s.buy_bracket(data=data, size=_size(s), price=price, **given)


def bracket_trail(s: Any, data: Any) -> Any:
    """A bracket whose stop trails."""
    price = data.close[0]
    return s.buy_bracket(
        data=data, size=_size(s), exectype=O.Market, limitprice=price * 1.03,
        stopexec=O.StopTrail, stopargs={"trailpercent": 0.01},
    )  # fmt: skip


def family(s: Any, data: Any) -> Any:
    """A parent with children, by hand; at times two parents share none."""
    price, size = data.close[0], _size(s)
    parent = s.buy(data=data, size=size, transmit=False)
    children = [
        s.sell(data=data, size=size, exectype=O.Stop, price=price * 0.99, parent=parent,
               transmit=False),
        s.sell(data=data, size=size, exectype=O.Limit, price=price * 1.01, parent=parent,
               transmit=s.dice.chance(0.9)),
    ]  # fmt: skip
    return [parent, *children]


def orphan(s: Any, data: Any) -> Any:
    """A child of an order that is long done, which is rejected."""
    done = [order for order in s.mine if not order.alive()]
    if not done:
        return None
    return s.sell(data=data, size=_size(s), parent=s.dice.pick(done), exectype=O.Limit,
                  price=_near(s, data))  # fmt: skip


def cancel(s: Any, data: Any) -> Any:
    """Cancel an order, whatever has become of it."""
    return s.cancel(s.dice.pick(s.mine[-6:])) if s.mine else None


def cancel_all(s: Any, data: Any) -> Any:
    """Cancel what is open."""
    for order in s.broker.get_orders_open(safe=s.dice.chance(0.5)):
        s.cancel(order)


def target_size(s: Any, data: Any) -> Any:
    """Order up or down to a size."""
    return s.order_target_size(data=data, target=s.dice.whole(-6, 10))


def target_value(s: Any, data: Any) -> Any:
    """Order up or down to a value."""
    return s.order_target_value(data=data, target=float(s.dice.whole(-800, 2000)))


def target_percent(s: Any, data: Any) -> Any:
    """Order up or down to a share of the account."""
    return s.order_target_percent(data=data, target=s.dice.pick((0.0, 0.1, 0.25, 0.5, -0.2)))


def trade_id(s: Any, data: Any) -> Any:
    """An order of another trade on the same data."""
    return _side(s)(data=data, size=_size(s), tradeid=s.dice.whole(1, 3))


def too_big(s: Any, data: Any) -> Any:
    """More than any account can pay."""
    return s.buy(data=data, size=10.0**9)


def informed(s: Any, data: Any) -> Any:
    """An order with information of the strategy's own."""
    return _side(s)(data=data, size=_size(s), why="because", level=s.dice.whole(1, 5), coc=False)


def reverse(s: Any, data: Any) -> Any:
    """Twice what is held, the other way."""
    size = s.getposition(data).size
    if size > 0:
        return s.sell(data=data, size=2 * size)
    return s.buy(data=data, size=2 * abs(size) or 1)


def several(s: Any, data: Any) -> Any:
    """Several orders on one bar."""
    return [buy(s, data), limit(s, data), sell(s, data)]


def by_broker(s: Any, data: Any) -> Any:
    """An order at the broker itself, past the strategy's methods."""
    return s.broker.buy(s, data, s.dice.whole(1, 4), exectype=O.Limit, price=_near(s, data))


def whole_numbers(s: Any, data: Any) -> Any:
    """Prices that are int, not float."""
    return s.buy(data=data, size=2, exectype=O.Limit, price=int(data.close[0]))


ACTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "buy": buy,
    "sell": sell,
    "close": close,
    "limit": limit,
    "far limit": far_limit,
    "stop": stop,
    "stop limit": stop_limit,
    "at close": at_close,
    "no price": no_price,
    "trail": trail,
    "trail percent": trail_percent,
    "trail limit": trail_limit,
    "pair": pair,
    "bracket": bracket,
    "bracket market": bracket_market,
    "bracket one leg": bracket_one_leg,
    "bracket trail": bracket_trail,
    "family": family,
    "orphan": orphan,
    "cancel": cancel,
    "cancel all": cancel_all,
    "target size": target_size,
    "target value": target_value,
    "target percent": target_percent,
    "trade id": trade_id,
    "too big": too_big,
    "informed": informed,
    "reverse": reverse,
    "several": several,
    "by broker": by_broker,
    "whole numbers": whole_numbers,
}


def act(s: Any) -> None:
    """Let strategy *s* do one of its actions on one of its datas."""
    ready = [data for data in s.datas if len(data)]
    if not ready:
        return
    name = s.dice.pick(s.p.actor.actions)
    made = ACTIONS[name](s, s.dice.pick(ready))
    s.p.log.happened.add(f"did {name}")
    s.mine.extend(order for order in (made if isinstance(made, list) else [made]) if order)

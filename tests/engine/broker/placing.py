"""Orders of every kind, by chance."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

import backtrader as bt

Order = bt.Order


class Draw(NamedTuple):
    """What chance gave: a side, its sign, and how to place."""

    side: Any
    sign: int
    close: float
    away: float
    valid: Any
    how: dict[str, Any]


def draw(mixer: Any, data: Any) -> Draw:
    rng = mixer.rng
    side = rng.choice((mixer.buy, mixer.sell))
    size = rng.choice((1, 3, 2.5, 10, 0.1))
    close = data.close[0]
    away = close * rng.choice((0.0, 0.002, 0.005, 0.01, 0.03))
    soon = data.datetime.datetime() + datetime.timedelta(hours=2)
    some, day = datetime.timedelta(minutes=40), datetime.timedelta()
    valid = rng.choice((None, None, None, some, 0, day, soon, data.datetime[0] + 0.05))
    how = dict(data=data, size=size, tradeid=rng.choice((0, 0, 0, 1)))
    if rng.random() < 0.2:
        how["note"] = "why"
    return Draw(side, 1 if side == mixer.buy else -1, close, away, valid, how)


def market(mixer: Any, data: Any) -> list[Any]:
    one = draw(mixer, data)
    return [one.side(**one.how)]


def limit(mixer: Any, data: Any) -> list[Any]:
    one = draw(mixer, data)
    price = one.close - one.sign * one.away
    return [one.side(price=price, exectype=Order.Limit, valid=one.valid, **one.how)]


def stop(mixer: Any, data: Any) -> list[Any]:
    one = draw(mixer, data)
    price = one.close + one.sign * one.away
    return [one.side(price=price, exectype=Order.Stop, valid=one.valid, **one.how)]


def stop_limit(mixer: Any, data: Any) -> list[Any]:
    one = draw(mixer, data)
    price = one.close + one.sign * one.away
    plimit = one.close + one.sign * one.away * mixer.rng.choice((0.5, 1, 2))
    kind = Order.StopLimit
    return [one.side(price=price, plimit=plimit, exectype=kind, valid=one.valid, **one.how)]


def close(mixer: Any, data: Any) -> list[Any]:
    one = draw(mixer, data)
    return [one.side(exectype=Order.Close, valid=one.valid, **one.how)]


def trail(mixer: Any, data: Any, kind: Any = Order.StopTrail, **more: Any) -> list[Any]:
    one, rng = draw(mixer, data), mixer.rng
    amounts = (dict(trailamount=rng.choice((1, 0.3, 2.0))), dict(trailpercent=0.004), {})
    price = rng.choice((None, one.close + one.sign * 0.5))
    how = {**one.how, **rng.choice(amounts), **more}
    return [one.side(exectype=kind, valid=one.valid, price=price, **how)]


def trail_limit(mixer: Any, data: Any) -> list[Any]:
    plimit = data.close[0] + mixer.rng.choice((-0.3, 0.3))
    return trail(mixer, data, Order.StopTrailLimit, plimit=plimit)


def bracket(mixer: Any, data: Any) -> list[Any]:
    one, rng = draw(mixer, data), mixer.rng
    one.how.pop("note", None)
    made: list[Any] = (mixer.buy_bracket if one.sign > 0 else mixer.sell_bracket)(
        price=one.close - one.sign * one.away * 0.3,
        limitprice=one.close + one.sign * 1.5 * (one.away + 0.2),
        stopprice=one.close - one.sign * (one.away + 0.3),
        exectype=rng.choice((Order.Limit, Order.Market, Order.Stop)),
        stopexec=rng.choice((Order.Stop, Order.StopTrail)),
        **one.how,
    )
    return made


def oco(mixer: Any, data: Any) -> list[Any]:
    one = draw(mixer, data)
    price = one.close - one.sign * one.away
    first = one.side(price=price, exectype=Order.Limit, **one.how)
    price, how = one.close + one.sign * one.away, {**one.how, "oco": first}
    made = [first, one.side(price=price, exectype=Order.Stop, valid=one.valid, **how)]
    if mixer.rng.random() < 0.5:
        made.append(one.side(exectype=Order.StopTrail, trailamount=0.7, **how))
    return made


def target(mixer: Any, data: Any) -> list[Any]:
    return [mixer.order_target_percent(data=data, target=mixer.rng.choice((0.2, -0.1, 0.0)))]


def flat(mixer: Any, data: Any) -> list[Any]:
    return [mixer.close(data=data)]


KINDS = {
    one.__name__: one
    for one in (
        market, limit, stop, stop_limit, close, trail, trail_limit, bracket, oco, target, flat
    )
}  # fmt: skip

"""What a strategy does besides ordering: what it reads, writes and changes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import backtrader as bt


def _note(s: Any, kind: str, *values: Any) -> None:
    s.p.log.note(s, kind, " ".join(map(s.p.log.show, values)))


# ---- on every bar -------------------------------------------------------------------------------


def reads_ahead(s: Any) -> None:
    """Read the bar that is not there yet; runonce has it."""
    try:
        _note(s, "ahead", s.data.close[1], s.data.datetime[1])
    except IndexError as error:
        _note(s, "ahead", str(error))


def reads_back(s: Any) -> None:
    """Read far back, before the first bar too, where the buffer wraps."""
    for ago in (-1, -3, -len(s.data) + 1, -len(s.data), -len(s.data) - 2):
        try:
            _note(s, f"back {ago}", s.data.close[ago])
        except IndexError as error:
            _note(s, f"back {ago}", str(error))


def reads_slices(s: Any) -> None:
    """Read several values at once, and what a line says of itself."""
    close = s.data.close
    try:
        _note(s, "slice", list(close.get(size=4)), list(close.get(ago=-1, size=2)))
    except ValueError as error:  # a short buffer has none before its first
        _note(s, "slice", str(error))
    _note(s, "line", len(close), close.idx, close.buflen(), len(close.array), len(s.data.lines))
    _note(s, "time", s.data.datetime.datetime(0), s.data.datetime.date(0), s.datetime.datetime(0))
    _note(s, "tick", s.data.tick_close, s.data.tick_open, s.data.tick_last)
    _note(s, "time", s.data.datetime.time(0), s.data.num2date(), len(s.data), s.data.buflen())


def reads_operators(s: Any) -> None:
    """Use lines as numbers, in the ways that work in next."""
    close, low = s.data.close, s.data.low
    _note(s, "operators", close > low, close + 1.0, -close, close == low, bool(close), abs(close))
    _note(s, "position", bool(s.position), s.position.size)
    if s.inds:
        _note(s, "indicator", s.inds[0] > 0.0, s.inds[0][0], s.inds[0].lines[0][0], len(s.inds[0]))


def reads_stats(s: Any) -> None:
    """Read the observers."""
    for observer in s.stats:
        for one in observer if isinstance(observer, list) else [observer]:
            name = type(one).__name__
            if len(one):
                _note(s, f"stats {name}", len(one), *[line[0] for line in one.lines])
                _note(s, f"stats {name} before", *[line[-1] for line in one.lines])


def reads_analyzers(s: Any) -> None:
    """Read what analyzers have so far."""
    if len(s) % 7 == 3:
        for analyzer in s.analyzers:
            _note(s, f"analysis {type(analyzer).__name__}", analyzer.get_analysis())


def reads_broker(s: Any) -> None:
    """Ask the broker for everything."""
    broker = s.broker
    _note(s, "account", broker.getcash(), broker.getvalue(), broker.get_value(lever=True))
    _note(s, "account", broker.get_value(mkt=True), broker.get_value(mkt=True, lever=True))
    _note(s, "fund", broker.get_fundvalue(), broker.fundshares, broker.get_leverage())
    _note(s, "value of", [broker.getvalue([data]) for data in s.datas if len(data)])
    _note(s, "open", broker.get_orders_open(), broker.get_orders_open(safe=True))
    _note(s, "sizing", s.getsizing(s.data), s.getsizing(s.data, isbuy=False))
    _note(s, "afford", broker.getcommissioninfo(s.data).getsize(s.data.close[0], broker.getcash()))
    if s.mine:
        try:  # stock answers only for orders that it does not know
            _note(s, "status", broker.orderstatus(s.mine[-1]))
        except AttributeError as error:
            _note(s, "status", str(error))


def reads_position(s: Any) -> None:
    """Read all of each position."""
    for data in s.datas:
        _note(s, "position", s.getposition(data), str(s.getposition(data)))
    _note(s, "positions", list(s.broker.positions), list(s.positions))


def reads_orders(s: Any) -> None:
    """Read the orders that it made."""
    for order in s.mine[-3:]:
        s.p.log.note(s, "mine", s.p.log.show.order(order))
        _note(s, "params", order.p.size, order.p.price, order.p.valid, order.params.oco)
        _note(s, "names", order.getstatusname(), order.getordername(), order.ordtypename())
        _note(s, "equal", order == s.mine[0], order != s.mine[0], order.isbuy())
        s.p.log.note(s, "text", str(order).replace(f"Ref: {order.ref}\n", ""))
        s.p.log.note(s, "copy", s.p.log.show.order(copy.copy(order)))
        s.p.log.note(s, "clone", s.p.log.show.order(order.clone()))


def reads_trades(s: Any) -> None:
    """Read the trades that Backtrader keeps."""
    for data, by_id in s._trades.items():
        for number, trades in by_id.items():
            s.p.log.note(s, f"trade {s.p.log.show(data)} {number}", s.p.log.show.trade(trades[-1]))


def writes_data(s: Any) -> None:
    """Change the present bar of a data."""
    if s.dice.chance(0.3):
        s.data.close[0] = round(s.data.close[0] * 1.001, 2)
    if s.dice.chance(0.1):
        s.datas[-1].open[0] = s.datas[-1].close[0]


def writes_indicator(s: Any) -> None:
    """Change the present value of an indicator."""
    if s.inds and s.dice.chance(0.3):
        s.inds[0].lines[0][0] = s.data.close[0]


def writes_orders(s: Any) -> None:
    """Change an order that waits."""
    waiting = [order for order in s.mine if order.alive()]
    if waiting and s.dice.chance(0.3):
        order = s.dice.pick(waiting)
        order.created.price *= 0.999
        order.addinfo(touched=len(s))
        order.valid = None


def writes_position(s: Any) -> None:
    """Change a position's price."""
    position = s.getposition(s.data)
    if position.size and s.dice.chance(0.2):
        position.price *= 1.001


def keeps_state(s: Any) -> None:
    """Remember values, and act on what it remembers."""
    s.kept = [*s.kept[-9:], s.data.close[0]]
    if len(s.kept) > 4 and s.kept[-1] > s.kept[-3] > s.kept[-5]:
        s.keep(s.buy(size=1))


# ---- once, on bar actor.at ----------------------------------------------------------------------


def adds_cash(s: Any) -> None:
    """Put money in, and take some out."""
    s.broker.add_cash(500.0)
    s.broker.add_cash(-123.5)


def sets_cash(s: Any) -> None:
    """Say how much cash there is."""
    s.broker.set_cash(7777.0)


def moves_cash(s: Any) -> None:
    """Add to the broker's cash by hand."""
    s.broker.cash += 250.0


def changes_params(s: Any) -> None:
    """Change the broker's parameters by hand."""
    s.broker.p.coc = True
    s.broker.p.slip_fixed = 0.03


def changes_broker(s: Any) -> None:
    """Change the broker's settings."""
    s.broker.set_slippage_perc(0.001)
    s.broker.setcommission(commission=0.003)
    s.broker.set_checksubmit(False)


def stops_the_run(s: Any) -> None:
    """Ask for the run's end."""
    s.env.runstop()


def raises_in_next(s: Any) -> None:
    """Fail."""
    raise ValueError(f"no more at {len(s)}")


EVERY_BAR: dict[str, Callable[[Any], None]] = {
    "reads ahead": reads_ahead,
    "reads back": reads_back,
    "reads slices": reads_slices,
    "reads operators": reads_operators,
    "reads stats": reads_stats,
    "reads analyzers": reads_analyzers,
    "reads broker": reads_broker,
    "reads position": reads_position,
    "reads orders": reads_orders,
    "reads trades": reads_trades,
    "writes data": writes_data,
    "writes indicator": writes_indicator,
    "writes orders": writes_orders,
    "writes position": writes_position,
    "keeps state": keeps_state,
}
ONCE: dict[str, Callable[[Any], None]] = {
    "adds cash": adds_cash,
    "sets cash": sets_cash,
    "changes broker": changes_broker,
    "changes params": changes_params,
    "moves cash": moves_cash,
    "stops the run": stops_the_run,
    "raises in next": raises_in_next,
}


def look(s: Any) -> None:
    """Note the last values of datas and indicators, positions and the account."""
    for index, data in enumerate(s.datas):
        if len(data):
            _note(s, f"look d{index}", len(data), *[line[0] for line in data.lines])
            _note(s, f"look d{index} position", s.getposition(data).size, s.getposition(data).price)
    for index, indicator in enumerate(s.inds):
        line = indicator.lines[0] if isinstance(indicator, bt.LineSeries) else indicator
        _note(s, f"look i{index}", len(indicator), line[0], line[-1])
    _note(s, "look account", s.broker.getcash(), s.broker.getvalue())

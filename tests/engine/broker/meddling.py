"""What user code can do to orders, positions and the broker by their attributes."""

from __future__ import annotations

import copy
from typing import Any

import backtrader as bt
import numpy

Order = bt.Order
MEDDLES = [
    "set_cash", "add_cash", "cash", "checksubmit", "slippage", "commission", "info", "interest",
    "future", "position", "price", "coc", "filler", "value of one", "fundmode", "open orders",
    "wild size", "numpy", "created price", "created limit", "remsize", "valid", "tag", "triggered",
    "addinfo", "info.attr", "p", "activate", "vars", "clone", "copy", "cancel told", "late child",
    "late oco", "status",
]  # fmt: skip


def meddle(mixer: Any) -> None:
    """Do to orders, positions and the broker what only their attributes allow."""
    rng, log, broker = mixer.rng, mixer.p.log, mixer.broker
    name = rng.choice(mixer.p.meddles or MEDDLES)
    order = rng.choice(mixer.mine[-6:]) if mixer.mine else None
    data = rng.choice([one for one in mixer.datas if len(one)])
    close = data.close[0]
    log.add("meddle", name)
    mixer.counts[name] = mixer.counts.get(name, 0) + 1
    if name == "set_cash":
        broker.set_cash(rng.choice((50000, 80000.0)))
    elif name == "add_cash":
        broker.add_cash(rng.choice((500, -300.0)))
    elif name == "cash":
        broker.cash = broker.cash + 10
    elif name == "checksubmit":
        broker.set_checksubmit(rng.random() < 0.5)
    elif name == "slippage":
        broker.set_slippage_fixed(rng.choice((0.0, 0.05)))
    elif name == "commission":
        broker.setcommission(commission=rng.choice((0.0, 0.002)), name=data._name)
    elif name == "info":
        broker.getcommissioninfo(data).p.commission = rng.choice((0.0, 0.001))
    elif name == "interest":
        broker.setcommission(commission=0.001, interest=rng.choice((0.0, 0.3)))
    elif name == "future":
        broker.setcommission(commission=1.0, margin=rng.choice((None, 50.0)), mult=2.0)
    elif name == "position":
        mixer.getposition(data).size += rng.choice((0, 1))
    elif name == "price":
        mixer.getposition(data).price = close
    elif name == "coc":
        broker.set_coc(rng.random() < 0.5)
    elif name == "filler":
        broker.set_filler(rng.choice((None, bt.fillers.FixedSize(size=2))))
    elif name == "value of one":
        log.add(broker.getvalue([data]), broker.get_value([data], lever=True))
    elif name == "fundmode":
        broker.set_fundmode(True, 50.0)
    elif name == "open orders":
        log.add([log.ref(one) for one in broker.get_orders_open(safe=True)])
    elif name == "wild size":
        mixer.mine.extend(o for o in [mixer.buy(data=data, size=float("nan"))] if o is not None)
    elif name == "numpy":
        kind = rng.choice((Order.Limit, Order.Stop, Order.Market, Order.StopLimit, Order.StopTrail))
        size, price = rng.choice((numpy.float64(2), numpy.int64(3), 1)), numpy.float64(close)
        amount = numpy.float64(0.5) if kind == Order.StopTrail else None
        side = rng.choice((mixer.buy, mixer.sell))
        how = dict(data=data, size=size, price=price, exectype=kind, trailamount=amount)
        mixer.mine.append(side(plimit=rng.choice((None, price)), **how))
    elif order is not None:
        _meddle_with(mixer, order, name, close)


def _meddle_with(mixer: Any, order: Any, name: str, close: float) -> None:
    rng, log = mixer.rng, mixer.p.log
    if name == "created price":
        order.created.price = close * rng.choice((0.99, 1.0, 1.01))
    elif name == "created limit":
        order.created.pricelimit = close
    elif name == "remsize":
        order.executed.remsize = order.executed.remsize
    elif name == "valid":
        order.valid = order.data.datetime[0] + 0.01
    elif name == "tag":
        order.tag = rng.random()
    elif name == "triggered":
        order.triggered = True
    elif name == "addinfo":
        order.addinfo(reason="x", number=rng.random())
    elif name == "info.attr":
        order.info.colour = "red"
    elif name == "p":
        order.p.trailamount = 0.4
    elif name == "activate":
        order.activate()
    elif name == "vars":
        log.add(
            sorted(one for one in vars(order) if one != "oco"),
            sorted(vars(order.executed)),
            sorted(vars(order.created)),
        )
    elif name == "clone":
        clone = order.clone()
        log.whole(clone, "clone")
        log.add(clone == order, clone != order)
        if rng.random() < 0.5:
            log.add("cancel clone", mixer.broker.cancel(clone))
    elif name == "copy":
        log.whole(copy.copy(order), "copy")
        log.whole(order, "copied")
        log.add(getattr(order, "tag", None), getattr(order, "comm", None))
    elif name == "cancel told":
        told = [one for one in mixer._orders if one.ref == order.ref]
        if told:
            log.add("cancel told", mixer.broker.cancel(told[0]))
    elif name == "late child":
        child = mixer.sell(
            data=order.data, size=1, exectype=Order.Limit, price=close * 1.002, parent=order
        )
        mixer.mine.append(child)
    elif name == "late oco":
        mixer.mine.append(
            mixer.sell(
                data=order.data, size=1, exectype=Order.Limit, price=close * 1.002, oco=order
            )
        )
    elif name == "status":
        log.add(order.brokerstatus(), order.getordername(), order.ordtypename())

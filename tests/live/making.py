"""What a live run is made of: a config, strategies, the environment of the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

STRATEGIES = '''\
import os

import backtrader as bt


class Live(bt.Strategy):
    """Does something on live bars alone."""

    def next(self):
        if self.data.live:
            self.act()

    def working(self):
        return [order for order in self.broker.orders if order.alive()]


class Wait(Live):
    """Does nothing."""

    def act(self):
        pass


class Flip(Live):
    """In and out of the market, each at the next bar."""

    def act(self):
        if self.position.size:
            self.close()
        else:
            self.buy(size=0.01)


class Both(bt.Strategy):
    """In and out of each market, each at its own next bar, and a limit order on the way in."""

    def next(self):
        for data in self.datas:
            if not data.live or len(data) == getattr(data, "seen", 0):
                continue
            data.seen = len(data)
            if self.getposition(data).size > 0.015:
                self.close(data)
            else:
                self.buy(data, size=0.01)
            if len(data) % 3 == 0:
                self.buy(data, size=0.002, exectype=bt.Order.Limit, price=data.close[0] * 0.999)


class Busy(Live):
    """Market, limit and stop orders, changed minds, several in one step."""

    def __init__(self):
        self.open = []

    def notify_order(self, order):
        if not order.alive() and order in self.open:
            self.open.remove(order)

    def act(self):
        step, close = len(self) % 5, self.data.close[0]
        if step == 0:
            for order in list(self.open):
                self.cancel(order)
        if step in (0, 2):
            self.buy(size=0.01)
        if step == 1:
            for number in range(1, 4):
                price = close * (1 - 0.001 * number)
                self.open.append(self.buy(size=0.002, exectype=bt.Order.Limit, price=price))
        if step == 3 and self.position.size > 0.005:
            self.open.append(self.sell(size=0.002, exectype=bt.Order.Limit, price=close * 1.001))
            self.open.append(self.sell(size=0.002, exectype=bt.Order.Stop, price=close * 0.99))
        if step == 4 and self.position.size > 0.02:
            self.sell(size=0.015)


class Turn(Live):
    """Long and short by turns, each with a stop; what is left of the old one is taken back."""

    def __init__(self):
        self.guard = None

    def notify_order(self, order):
        if order is self.guard and not order.alive():
            self.guard = None

    def act(self):
        step, close = len(self) % 4, self.data.close[0]
        if step == 0:
            if self.guard is not None:
                self.cancel(self.guard)
            size = 0.02 if self.position.size else 0.01
            (self.sell if self.position.size > 0 else self.buy)(size=size)
        if step == 1 and self.position.size and self.guard is None:
            long = self.position.size > 0
            price = round(close * (0.995 if long else 1.005), 2)
            protect = self.sell if long else self.buy
            self.guard = protect(size=abs(self.position.size), exectype=bt.Order.Stop, price=price)
        if step == 2:
            self.buy(size=0.002, exectype=bt.Order.Limit, price=round(close * 0.999, 2))


class Guarded(Live):
    """Buys once, and guards what it has with a stop far off."""

    def act(self):
        if not self.position.size and len(self.broker.orders) == 0:
            self.buy(size=0.01)
        elif self.position.size and len(self.broker.orders) == 1:
            price = round(self.data.close[0] * 0.9, 2)
            self.sell(size=self.position.size, exectype=bt.Order.Stop, price=price)


class Bracketed(Live):
    """In by a bracket whenever nothing is held; a stop and a limit order are its ways out."""

    def act(self):
        if not self.position.size and not self.working():
            close = self.data.close[0]
            self.buy_bracket(
                size=0.01, exectype=bt.Order.Market, stopprice=round(close * 0.998, 2),
                limitprice=round(close * 1.002, 2),
            )


class Moved(Live):
    """Guards what it holds with a stop that it moves: the old one is taken back, a new one made."""

    def notify_order(self, order):
        if order.status == order.Canceled and self.position.size:
            self.guard()

    def guard(self):
        price = round(self.data.close[0] * 0.97, 2)
        self.sell(size=self.position.size, exectype=bt.Order.Stop, price=price)

    def act(self):
        working = self.working()
        if not self.position.size and not working:
            self.buy(size=0.01)
        elif self.position.size and not working:
            self.guard()
        elif self.position.size and len(self) % 8 == 0:
            self.close()
        else:
            for order in working:
                self.cancel(order)


class Hold(Live):
    """One market order, one limit order far off; then nothing."""

    params = {"size": 0.01}

    def act(self):
        if not self.position.size and not getattr(self, "sent", False):
            self.sent = True
            self.buy(size=self.p.size)
            price = round(self.data.close[0] / 2, 2)
            self.buy(size=self.p.size, exectype=bt.Order.Limit, price=price)


class Hang(Hold):
    """Holds, and then hangs: in Python, or in one call that keeps the interpreter."""

    params = {"how": "python"}

    def act(self):
        super().act()
        if self.position.size and len(self.broker.orders) > 1:
            open("hangs", "w").close()
            while self.p.how == "python":
                pass
            str(7 ** 40000000)


class HangOnce(Live):
    """Opens a bracket and hangs in the same call, once: in Python, or in one call of C."""

    params = {"how": "python"}

    def act(self):
        if os.path.exists("hangs"):
            return
        close = self.data.close[0]
        self.buy_bracket(size=0.01, exectype=bt.Order.Market, stopprice=round(close * 0.8, 2),
                         limitprice=round(close * 1.2, 2))
        open("hangs", "w").close()
        while self.p.how == "python":
            pass
        str(7 ** 40000000)


class Raise(Hold):
    """Holds, and then raises."""

    def act(self):
        super().act()
        if self.position.size and len(self.broker.orders) > 1:
            raise ValueError("a mistake of mine")
'''


def write_run(kind: str, *, timeframe: str = "1h", **sections: Any) -> None:
    """Write ``live.yaml`` and ``mine.py`` into the present folder.

    Args:
        kind: the strategy, of those above.
        sections: laid over the config, section by section; None removes one.
    """
    Path("mine.py").write_text(STRATEGIES)
    config: dict[str, Any] = {
        "strategy": {"name": f"mine.py:{kind}"},
        "stores": {
            "venue": {
                "venue": "binance", "url": "${ATMS_SANDBOX_URL}", "key": "${ATMS_SANDBOX_KEY}",
                "secret": "${ATMS_SANDBOX_SECRET}", "market_clock": "stream",
            }
        },
        "data": {
            "warmup": 5,
            "feeds": [
                {"name": "btc", "store": "venue", "symbol": "BTC/USDT", "timeframe": timeframe,
                 "currency": "USDT"}
            ],
        },
        "risk": {"max_order_notional": 10_000, "max_position": 5, "max_orders_per_minute": 6_000},
        "execution": {"state_dir": "state"},
        "ledger": {"url": "sqlite:///ledger.db"},
    }  # fmt: skip
    for name, values in sections.items():
        config[name] = {**config.get(name, {}), **values} if values is not None else None
    Path("live.yaml").write_text(yaml.safe_dump(config))


def write_futures(kind: str, options: dict[str, object] | None = None, **sections: Any) -> None:
    """Write a run on futures; *options* are the store's."""
    store = {
        "venue": "binanceusdm", "url": "${ATMS_SANDBOX_URL}", "key": "${ATMS_SANDBOX_KEY}",
        "secret": "${ATMS_SANDBOX_SECRET}", "market_clock": "stream", "options": options or {},
    }  # fmt: skip
    feed = {
        "name": "btc", "store": "venue", "symbol": "BTC/USDT:USDT", "timeframe": "1h",
        "currency": "USDT",
    }  # fmt: skip
    write_run(kind, stores={"venue": store}, data={"feeds": [feed]}, **sections)

"""What accounts and feeds tell strategies beside orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import backtrader as bt

from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.manners import Delays
from tests.execution.live_bench import SPOT, Bench, Told, does, nothing, profile


class Accounts(Told):
    """Keeps what accounts say: (what, account, instrument, words)."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Any] = []

    def notify_store(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        if "account" in kwargs:
            self.said.append((msg, kwargs["account"], kwargs["instrument"], kwargs["text"]))


def test_strategies_hear_that_their_accounts_are_ready() -> None:
    strategy = Bench([100, 100], SPOT, ["oanda"]).run(does(nothing, base=Accounts)).strategy
    ready = [account for what, account, _, _ in strategy.said if what == "ready"]
    assert sorted(ready) == ["sim-binance", "sim-oanda"]


def test_strategies_hear_of_an_instrument_that_takes_no_entries() -> None:
    listed = {"balances": {"USD": Decimal(100_000), "AAA": Decimal(5)}}
    bench = Bench([100, 100, 100], profile(listed=listed))
    strategy = bench.run(does(lambda one: one.buy(size=1), base=Accounts)).strategy
    halted = [(name, text) for what, _, name, text in strategy.said if what == "halted"]
    assert halted[0][0] == "sim-binance:AAAUSD"
    assert strategy.made[0].info.code == "HALTED"


def test_strategies_hear_of_a_lost_and_found_stream() -> None:
    delays = Delays(silence=(5.0, 5.0))
    bench = Bench([100] * 4, SPOT, delays=delays)
    bench.happens(1, 1, lambda: setattr(bench.venue.chance, "faults", Faults(link_drops=1)))
    bench.happens(2, 1, lambda: setattr(bench.venue.chance, "faults", Faults()))
    steps = (nothing, lambda one: one.buy(size=1))
    strategy = bench.run(does(*steps, base=Accounts)).strategy
    links = [text.split()[0] for what, _, _, text in strategy.said if what == "link"]
    assert links[0] == "up"
    assert "down" in links
    assert links[-1] == "up"
    assert strategy.position.size == 1


def test_strategies_hear_how_their_datas_stand_before_and_after_bars() -> None:
    strategy = Bench([100, 100], SPOT).run(does(nothing)).strategy
    states = [word for word in strategy.heard if isinstance(word, str)]
    assert states == ["CONNECTED", "DELAYED", "LIVE"]


def test_news_of_accounts_come_before_the_first_bar() -> None:
    class First(Accounts):
        def notify_store(self, msg: Any, *args: Any, **kwargs: Any) -> None:
            super().notify_store(msg, *args, **kwargs)
            if msg == "ready":
                self.at = len(self)

    bench = Bench([100, 100], SPOT, warm=0)
    assert bench.run(does(nothing, base=First)).strategy.at == 0


def test_observers_of_several_datas_run_unharmed() -> None:
    def both(one: Any) -> Any:
        return one.buy(size=1), one.buy(data=one.data1, size=2)

    def neither(one: Any) -> Any:
        return one.close(), one.close(data=one.data1)

    bench = Bench([100, 110, 120, 120], SPOT, symbols=2)
    ran = bench.run(does(both, neither), stdstats=True)
    lines = ran.strategy.observers.datatrades.lines
    profits = [[value for value in line.array if value == value] for line in (lines[0], lines[1])]
    assert profits == [[10], [20]]
    assert isinstance(ran.strategy.observers.broker, bt.observers.Broker)

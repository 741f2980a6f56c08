"""What runs in one process of a trial: Cerebro with the house's strategies on live feeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import backtrader as bt

from atms.engine import make_cerebro
from atms.execution.broker.gating import LiveWatch
from atms.feeds.history import Zone
from atms.model import Timeframe
from atms.risk import Gate
from atms.running.trading import Trading
from atms.sandbox.simulation.places import Place
from atms.sandbox.simulation.plans import Plan
from atms.sandbox.simulation.run_truths import Ran
from atms.sandbox.simulation.watched import Surroundings

Crew = Callable[[Trading, Ran], bt.Cerebro]
WARM = 5  # bars of the past that a process asks for
PATIENCE = 300.0  # seconds that accounts may take to be ready


def house_crew(plan: Plan, places: Sequence[Place], given: Surroundings) -> Crew:
    """Return what builds a Cerebro of a plan's strategies, ready to run.

    Args:
        given: what strategies are given but for their means.
    """

    def build(trading: Trading, ran: Ran) -> bt.Cerebro:
        cerebro = make_cerebro(plan.engine, stdstats=False)
        if plan.zone != "UTC":
            cerebro.addtz(Zone(plan.zone))
        ran.zone = plan.zone
        ran.start = given.now() - WARM * plan.step
        for place in places:
            store, timeframe = place.connect(), Timeframe.parse(place.timeframe)
            for name in place.names:
                given.means[name] = place.means()
                symbol = name.partition(":")[2]
                feed = trading.feed(store, symbol, timeframe, ran.start, zone=plan.zone)
                cerebro.adddata(feed, name=name)
        watch = None
        if plan.limits is not None:
            watch = LiveWatch(Gate(plan.limits), given.now, {})
        cerebro.setbroker(trading.broker("USD", patience=PATIENCE, watch=watch))
        for number, kind in enumerate(plan.strategies):
            cerebro.addstrategy(kind, given=given, place=number)
        return cerebro

    return build

"""What a case is: plain data, printable, the same from the same seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Pairs = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Derived:
    """A data made from another one's bars.

    Args:
        how: resample or replay.
        timeframe: a name of bt.TimeFrame.
        compression: bars of that timeframe in one.
        options: Backtrader's: bar2edge, adjbartime, rightedge, boundoff.
    """

    how: str
    timeframe: str
    compression: int
    options: Pairs = ()


@dataclass(frozen=True)
class Feed:
    """One feed.

    Args:
        kind: a key of feeds.MAKERS.
        bars: how many.
        seed: of its prices and gaps.
        minutes: length of a bar; 1440 is a day, 0 five seconds.
        walk: a key of bars.WALKS.
        stamps: a key of bars.STAMPS.
        volume: plain, zero, negative or nan.
        start: bars after the first feed's first one.
        variant: of its kind, such as capitals or extra.
        session: whether start and end of the session are given.
        tz: name of a zone, or "".
        filters: keys of feeds.FILTERS.
        window: whether fromdate and todate cut it.
        derived: datas made from it.
        hidden: whether only its derived datas run.
    """

    kind: str = "pandas"
    bars: int = 80
    seed: int = 0
    minutes: int = 1
    walk: str = "random"
    stamps: str = "contiguous"
    volume: str = "plain"
    start: int = 0
    variant: str = ""
    session: bool = False
    tz: str = ""
    filters: tuple[str, ...] = ()
    window: bool = False
    derived: tuple[Derived, ...] = ()
    hidden: bool = False


@dataclass(frozen=True)
class Commission:
    """A commission scheme.

    Args:
        kind: a key of pieces.COMMISSIONS; "" is setcommission with *options*.
        options: its parameters.
        of: index of the data it is for; None: all.
    """

    kind: str = ""
    options: Pairs = ()
    of: int | None = None


@dataclass(frozen=True)
class Broker:
    """The broker and its settings.

    Args:
        kind: stock, simulated for ours, or user for a subclass of stock's.
        options: parameters.
        commissions: in the order in which they are given.
        filler: a key of pieces.FILLERS, or "".
        history: how an order history is added: "", told or silent.
        funds: whether a fund history is set.
    """

    kind: str = "stock"
    options: Pairs = ()
    commissions: tuple[Commission, ...] = ()
    filler: str = ""
    history: str = ""
    funds: bool = False


@dataclass(frozen=True)
class Node:
    """An indicator or an operation on lines.

    Args:
        name: of bt.indicators, or a key of indicators.OPERATIONS or of pieces.INDICATORS.
        options: parameters; a moving average's class is given by its name.
        inputs: nodes; a data is ``Node("data", (("of", 0),))``, a line of it has ``line`` too.
    """

    name: str
    options: Pairs = ()
    inputs: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Actor:
    """What a strategy does.

    Args:
        seed: of its decisions.
        rate: probability of an action on a bar.
        actions: keys of actions.ACTIONS.
        habits: keys of habits.HABITS and of strategies.EARS.
        indicators: declared in __init__.
        look: every how many bars it looks at lines, position and account; 0: never.
        sizing: units, broken, sizer.
        at: the bar at which what happens once does.
    """

    seed: int = 0
    rate: float = 0.1
    actions: tuple[str, ...] = ("buy", "sell", "close")
    habits: tuple[str, ...] = ()
    indicators: tuple[Node, ...] = ()
    look: int = 0
    sizing: str = "units"
    at: int = 40


@dataclass(frozen=True)
class Case:
    """A run.

    Args:
        seed: it was drawn from.
        feeds: see :class:`Feed`.
        settings: Cerebro's parameters.
        broker: see :class:`Broker`.
        actors: a strategy each.
        observers, analyzers: names and parameters.
        sizers: keys of pieces.SIZERS and parameters; by strategy.
        signals: kinds and periods of Cerebro's signals.
        optimise: how many values the strategies' number is tried with; 0: no optimisation.
        timers: keys of extras.TIMERS.
        extras: keys of extras.EXTRAS.
        writers: keys of extras.WRITERS.
        join: how the feeds are made into one: "", chain or roll.
        runs: how often it is run.
    """

    seed: int
    feeds: tuple[Feed, ...] = (Feed(),)
    settings: Pairs = ()
    broker: Broker = field(default_factory=Broker)
    actors: tuple[Actor, ...] = (Actor(),)
    observers: tuple[tuple[str, Pairs], ...] = ()
    analyzers: tuple[tuple[str, Pairs], ...] = ()
    sizers: tuple[tuple[str, Pairs], ...] = ()
    signals: tuple[tuple[str, int], ...] = ()
    optimise: int = 0
    timers: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    join: str = ""
    runs: int = 1

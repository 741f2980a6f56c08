"""Packaged configs on shortened data, and whether noise after a moment changes what came before.

::

    assert leaks(packaged("breakout", bars=600)).found == []
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

import atms
from atms import registry
from atms.config import Config, load_config
from atms.config.sections import Component
from atms.feeds.bars import micros
from atms.feeds.sources import find_source
from atms.feeds.stamps import to_days
from atms.runner import run

CONFIGS = Path(atms.__file__).parent / "configs"
# Strategies of the registry whose packaged config has another name.
CONFIG_OF = {"ma_cross": "quickstart", "buy_and_hold": "quickstart"}
NO_PARAMS = Component(name="given")


# ---- a packaged config, its data shortened -------------------------------------------------------
@dataclass(frozen=True)
class Case:
    """A config and the bars it is run on in the place of its sources.

    Attributes:
        config: without a time range.
        frames: feed -> bars, the source's own columns; the index are the source's stamps.
    """

    config: Config
    frames: dict[str, pd.DataFrame]

    def run(
        self, frames: Mapping[str, pd.DataFrame] | None = None, strategy: type | None = None
    ) -> atms.Result:
        """Run the config on its own bars, or on *frames*."""
        return run(self.config, given=dict(frames or self.frames), strategy=strategy)

    def ends(self, feed: str) -> pd.DatetimeIndex:
        """Return when each of a feed's bars is over, and may be known."""
        index = self.frames[feed].index
        assert isinstance(index, pd.DatetimeIndex)
        section = next(one for one in self.config.data.feeds if one.name == feed)
        length = pd.Series(index[1:] - index[:-1]).mode()[0]
        if section.timeframe:
            length = pd.Timedelta(section.timeframe.seconds, "s")
        over = index + length if section.stamp == "start" else index
        return over.as_unit("us")


def packaged(strategy: str, bars: int, **overrides: Any) -> Case:
    """Return the packaged config of a registered strategy, its data cut short.

    Args:
        strategy: its registry name; the config is ``configs/<strategy>.yaml``.
        bars: how many bars of the first feed, from the start of the config's time range on; the
            other feeds are cut to the same time.
        overrides: sections of the config, over the file's: ``strategy={"params": ...}``.
    """
    path = CONFIGS / f"{CONFIG_OF.get(strategy, strategy)}.yaml"
    base = load_config(path, environment={}, dotenv=None).config
    layer: dict[str, Any] = {"run": {"timerange": None}, **overrides}
    config = load_config(path, layer, environment={}, dotenv=None).config
    if config.strategy.name != strategy:
        config = config.model_copy(update={"strategy": Component(name=strategy)})
    frames = {feed.name: _source(feed.source) for feed in base.data.feeds if feed.source}
    chosen = base.run.timerange
    first = next(iter(frames.values()))
    index = first.index if chosen is None or chosen.start is None else first[chosen.start :].index
    start, end = index[0], index[min(bars, len(index)) - 1]
    return Case(config, {name: frame[start:end] for name, frame in frames.items()})


def _source(source: str) -> pd.DataFrame:
    path = find_source(source, source)
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    stamps = pd.DatetimeIndex(pd.to_datetime(frame.pop("datetime"), utc=True), name="datetime")
    return frame.set_index(stamps.as_unit("us")).astype(float)


# ---- noise after t -------------------------------------------------------------------------------
@dataclass
class Leaks:
    """What noise after a moment did.

    Attributes:
        found: what changed up to t though only data after t did, in words; empty is good.
        compared: orders up to t that were compared, over all moments.
        noticed: moments at which the noise changed what was done after t.
    """

    found: list[str] = field(default_factory=list)
    compared: int = 0
    noticed: int = 0


def leaks(
    case: Case, *, moments: int = 8, seed: int = 1, strategy: type[bt.Strategy] | None = None
) -> Leaks:
    """Run with the bars after t replaced by noise, at several t, and compare what was done up to t.

    Compared are every order and every cancel, with size, prices and the bar that it was decided
    on, and what the strategy explains (signals and gates), up to t and with what is decided at
    the close t itself. Half of the t are closes at which an order was decided. At every second t
    some of the bars after it are missing, too.

    Args:
        moments: how many t.
        strategy: a class without parameters in the place of the one that the config names.
    """
    rng = np.random.default_rng(seed)
    if strategy is not None:
        case = replace(case, config=case.config.model_copy(update={"strategy": NO_PARAMS}))
    kind = watched(strategy or registry.load("strategies", case.config.strategy.name))
    plain = done(case.run(strategy=kind))
    assert plain, "the strategy does nothing on these bars: there is nothing to compare"
    report = Leaks()
    for number, t in enumerate(_moments(case, plain, moments, rng)):
        frames = {name: noisy(case, name, t, rng, bool(number % 2)) for name in case.frames}
        other = done(case.run(frames, strategy=kind))
        limit = float(to_days(np.array([micros(t.to_pydatetime())]))[0])
        # As text: a NaN, which a leg that was left out has, is not itself.
        before, again = (
            [repr(entry) for entry in entries if entry[0] <= limit] for entries in (plain, other)
        )
        if before != again:
            report.found.append(f"up to {t}: {_difference(before, again)}")
        report.compared += sum(entry[1].endswith("order") and entry[0] <= limit for entry in plain)
        report.noticed += repr(plain) != repr(other)
    return report


def watched(kind: type[bt.Strategy]) -> type[bt.Strategy]:
    """Return the strategy with a list ``done`` of what it does; it does nothing else differently.

    An entry is (the strategy's time in Backtrader's float days, what, facts ...). What is order,
    cancel, signal or gate; what was done in ``notify_order`` has "told " before it. The facts of
    an order are the feed's name, exectype, ordtype, size, price and limit if it names any, trail.
    """

    class Watched(kind):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.done: list[tuple[Any, ...]] = []
            self.told = ""
            super().__init__(*args, **kwargs)

        def note(self, what: str, *facts: Any) -> None:
            self.done.append((float(self.lines.datetime[0]), self.told + what, *facts))

        def notify_order(self, order: Any) -> None:
            self.told = "told "
            super().notify_order(order)
            self.told = ""

        def buy(self, *args: Any, **kwargs: Any) -> Any:
            order = super().buy(*args, **kwargs)
            self.note("order", *_facts(order))
            return order

        def sell(self, *args: Any, **kwargs: Any) -> Any:
            order = super().sell(*args, **kwargs)
            self.note("order", *_facts(order))
            return order

        def cancel(self, order: Any) -> Any:
            self.note("cancel", *_facts(order))
            return super().cancel(order)

        def signal(self, *args: Any, **kwargs: Any) -> Any:
            self.note("signal", repr((_named(args), _named(kwargs))))
            return super().signal(*args, **kwargs)

        def gate(self, *args: Any, **kwargs: Any) -> Any:
            self.note("gate", repr((_named(args), _named(kwargs))))
            return super().gate(*args, **kwargs)

    # What a run is made of is looked up by these.
    Watched.__name__, Watched.__qualname__ = kind.__name__, kind.__qualname__
    Watched.__module__ = kind.__module__
    return Watched


def done(result: atms.Result) -> list[tuple[Any, ...]]:
    """Return what a watched strategy did, in its order."""
    return result.strategy.done  # type: ignore[no-any-return]


def noisy(case: Case, feed: str, t: pd.Timestamp, rng: Any, drop: bool) -> pd.DataFrame:
    """Return a feed's bars with noise in the place of those that end after *t*.

    The noise walks from the last known price, in steps six times as large as the bars' own; of
    feeds of one symbol it stays within a hundredth of it, as prices of one thing do.
    """
    frame, after = case.frames[feed].copy(), np.flatnonzero(case.ends(feed) > t)
    if not len(after):
        return frame
    size = 6 * float(np.diff(np.log(frame["close"].to_numpy())).std())
    base = float(frame["close"].iloc[max(after[0] - 1, 0)])
    symbols = [one.symbol for one in case.config.data.feeds if one.name in case.frames]
    most = 0.01 if len(set(symbols)) < len(symbols) else 0.7
    close = base * np.exp(np.clip(np.cumsum(rng.normal(0, size, len(after))), -most, most))
    opened = np.append(base * (1 + size), close[:-1])
    wide = base * size * rng.uniform(0, 0.5, len(after))
    prices = {"open": opened, "high": np.maximum(opened, close) + wide}
    prices |= {"low": np.minimum(opened, close) * (1 - 0.1 * size), "close": close}
    for name in frame.columns:
        part = name.rpartition("_")[2]  # ask_open
        if name == "adj_close":
            values = close * rng.uniform(0.5, 1, len(after))
        elif part in prices:
            values = prices[part] * (1.0 if part == name else 1.0001)
        else:
            values = frame[name].iloc[after].to_numpy() * rng.uniform(0.1, 5, len(after))
        frame.iloc[after, frame.columns.get_loc(name)] = values
    kept = np.ones(len(frame), dtype=bool)
    kept[after[1:]] = rng.random(len(after) - 1) < 0.8 if drop else True
    return frame[kept]


def _moments(case: Case, plain: list[tuple[Any, ...]], count: int, rng: Any) -> list[pd.Timestamp]:
    """Return moments, each the end of a bar: half of them where an order was decided."""
    ends = np.unique(np.concatenate([case.ends(name).asi8 for name in case.frames]))
    every, days = pd.DatetimeIndex(ends.astype("datetime64[us]"), tz="UTC"), to_days(ends)
    decided = np.unique([entry[0] for entry in plain if entry[1].endswith("order")])
    first = int(np.searchsorted(days, decided[0]))
    places = np.searchsorted(days, rng.choice(decided, count // 2))
    others = rng.integers(first, max(len(every) - 5, first + 1), count - len(places))
    chosen = np.minimum(np.concatenate([places, others]), len(every) - 2)
    return [every[int(place)] for place in chosen]


def _difference(before: list[str], again: list[str]) -> str:
    for one, other in zip(before, again, strict=False):
        if one != other:
            return f"{one} became {other}"
    return f"{len(before)} entries became {len(again)}"


def _facts(order: Any) -> tuple[Any, ...]:
    if order is None:
        return ("none",)
    made, kind = order.created, order.exectype
    # Where an order names no price, Backtrader notes the bar's close.
    named = () if kind in (bt.Order.Market, bt.Order.Close) else (made.price, made.pricelimit)
    facts = (order.data._name, kind, order.ordtype, made.size, *named)
    return (*facts, order.trailamount, order.trailpercent)


def _named(value: Any) -> Any:
    """Return *value* with datas by name, so that two runs compare."""
    if isinstance(value, bt.LineRoot):
        return getattr(value, "_name", "")
    if isinstance(value, Mapping):
        return {key: _named(one) for key, one in sorted(value.items())}
    return [_named(one) for one in value] if isinstance(value, tuple) else value

"""A case from a seed."""

from __future__ import annotations

from typing import Any

from tests.engine.corpus import actions, extras, indicators, pieces, running, strategies
from tests.engine.corpus.dice import Dice
from tests.engine.corpus.drawing_feeds import draw_feeds, draw_resampled
from tests.engine.corpus.indicators import stock_names
from tests.engine.corpus.shapes import Actor, Broker, Case, Commission, Feed, Pairs

ANALYZERS: tuple[tuple[str, Pairs], ...] = (
    ("TradeAnalyzer", ()),
    ("DrawDown", ()),
    ("Returns", ()),
    ("SharpeRatio", ()),
    ("AnnualReturn", ()),
    ("Calmar", ()),
    ("Calmar", (("timeframe", "Days"), ("period", 3))),
    ("DrawDown", (("fund", True),)),
    ("GrossLeverage", ()),
    ("LogReturnsRolling", ()),
    ("LogReturnsRolling", (("timeframe", "Minutes"), ("compression", 7))),
    ("PeriodStats", (("timeframe", "Days"),)),
    ("PeriodStats", ()),
    ("PositionsValue", ()),
    ("PositionsValue", (("headers", True), ("cash", True))),
    ("PyFolio", ()),
    ("PyFolio", (("timeframe", "Minutes"), ("compression", 10))),
    ("Returns", (("timeframe", "Days"), ("tann", 252))),
    ("Returns", (("timeframe", "NoTimeFrame"),)),
    ("Returns", (("fund", True),)),
    ("SQN", ()),
    ("SharpeRatio", (("timeframe", "Days"), ("annualize", True))),
    ("SharpeRatio", (("timeframe", "Minutes"), ("compression", 15), ("factor", 252))),
    ("SharpeRatio", (("legacyannual", True),)),
    ("SharpeRatio_A", ()),
    ("SharpeRatio_A", (("timeframe", "Days"), ("riskfreerate", 0.02), ("stddev_sample", True))),
    ("TimeDrawDown", ()),
    ("TimeDrawDown", (("timeframe", "Minutes"), ("compression", 5))),
    ("TimeReturn", ()),
    ("TimeReturn", (("timeframe", "Days"),)),
    ("TimeReturn", (("timeframe", "Months"), ("fund", True))),
    ("Transactions", ()),
    ("Transactions", (("headers", True),)),
    ("VWR", ()),
    ("VWR", (("timeframe", "Days"), ("tau", 2.0))),
    *((name, ()) for name in pieces.ANALYZERS),
)
OBSERVERS: tuple[tuple[str, Pairs], ...] = (
    ("Broker", ()),
    ("Broker", (("fund", True),)),
    ("BuySell", (("multi", True),)),
    ("BuySell", (("barplot", True), ("bardist", 0.02), ("multi", True))),
    ("Cash", ()),
    ("CashValue", ()),
    ("DataTrades", ()),
    ("DataTrades", (("usenames", False),)),
    ("DrawDown", ()),
    ("DrawDown", (("fund", True),)),
    ("DrawDownLength", ()),
    ("DrawDown_Old", ()),
    ("FundShareValue", ()),
    ("FundShares", ()),
    ("FundVal", ()),
    ("FundValue", ()),
    ("LogReturns", ()),
    ("LogReturns2", (("timeframe", "Days"),)),
    ("TimeReturn", ()),
    ("TimeReturn", (("timeframe", "Minutes"), ("compression", 30))),
    ("Benchmark", (("of first data", True),)),
    ("Benchmark", (("of first data", True), ("timeframe", "NoTimeFrame"))),
    ("Trades", ()),
    ("Trades", (("pnlcomm", False),)),
    ("Value", ()),
    *((name, ()) for name in pieces.OBSERVERS),
)
SIGNALS = (
    "LONGSHORT", "LONG", "SHORT", "LONGEXIT", "SHORTEXIT", "LONG_INV", "SHORT_INV", "LONG_ANY",
    "SHORT_ANY", "LONGEXIT_INV", "SHORTEXIT_ANY",
)  # fmt: skip
SIZERS: tuple[tuple[str, Pairs], ...] = (
    ("FixedSize", (("stake", 3),)),
    ("FixedSize", (("stake", 10), ("tranches", 3))),
    ("FixedReverser", (("stake", 2),)),
    ("FixedSizeTarget", (("stake", 4),)),
    ("PercentSizer", (("percents", 15),)),
    ("AllInSizer", ()),
    ("PercentSizerInt", (("percents", 30),)),
    ("AllInSizerInt", (("percents", 90),)),
    ("our percent", (("percent", 12.5),)),
    ("our fixed cash", (("cash", 900.0),)),
    ("user", ()),
)
RARE_SETTINGS: tuple[tuple[str, tuple[Any, ...], float], ...] = (
    ("runonce", (False,), 0.05),
    ("preload", (False,), 0.03),
    ("exactbars", (1, -1, -2, True), 0.035),
    ("oldbuysell", (True,), 0.05),
    ("oldtrades", (True,), 0.05),
    ("tradehistory", (True,), 0.06),
    ("quicknotify", (True,), 0.06),
    ("cheat_on_open", (True,), 0.07),
    ("broker_coo", (False,), 0.03),
    ("oldsync", (True,), 0.03),
    ("lookahead", (1, 4), 0.03),
    ("tz", ("America/New_York", 0), 0.04),
    ("objcache", (True,), 0.04),
    ("live", (True,), 0.015),
    ("writer", (True,), 0.04),
    ("optdatas", (False,), 0.03),
    ("optreturn", (False,), 0.03),
)
RARE_BROKER: tuple[tuple[str, tuple[Any, ...], float], ...] = (
    ("cash", (1_000.0, 100_000, 1_000_000.0, 250.5), 0.4),
    ("checksubmit", (False,), 0.08),
    ("eosbar", (True,), 0.04),
    ("coc", (True,), 0.06),
    ("coo", (True,), 0.04),
    ("int2pnl", (False,), 0.03),
    ("shortcash", (False,), 0.08),
    ("fundmode", (True,), 0.06),
    ("fundstartval", (10.0,), 0.03),
)
COMMISSIONS: tuple[Commission, ...] = (
    Commission(options=(("commission", 0.001),)),
    Commission(options=(("commission", 0.001),)),
    Commission(options=(("commission", 0.1), ("percabs", False), ("stocklike", True))),
    Commission(options=(("commission", 2.0), ("margin", 400.0), ("mult", 10.0))),
    Commission(options=(("commission", 1.5), ("margin", None), ("commtype", 1))),
    Commission(options=(("commission", 0.5), ("automargin", 0.2), ("margin", 50.0), ("mult", 5.0))),
    Commission(options=(("commission", 0.0005), ("interest", 0.1))),
    Commission(options=(("interest", 0.3), ("interest_long", True))),
    Commission(options=(("commission", 0.001), ("leverage", 5.0))),
    Commission(options=(("margin", 1), ("mult", 2))),
    Commission(kind="stepped"),
    Commission(kind="daily"),
    Commission(kind="our percent"),
    Commission(kind="our tiers"),
)


# Seeds of what most who resample do: one feed of minutes, and longer bars of it.
RESAMPLED = range(3000, 3140)


def draw(seed: int) -> Case:
    """Return the case of *seed*; most are what people run, some are what few do."""
    dice = Dice(f"case {seed}")
    plain = seed in RESAMPLED
    drawn = draw_resampled(dice) if plain else draw_feeds(dice)
    datas = sum((not feed.hidden) + len(feed.derived) for feed in drawn)
    join = ""
    alike = len({(feed.minutes, feed.start, feed.stamps, feed.bars) for feed in drawn}) == 1
    if len(drawn) > 1 and datas == len(drawn) and alike and dice.chance(0.1):
        join, datas = dice.pick(("chain", "roll")), 1  # stock's RollOver hangs on unequal ends
    settings = _settings(dice)
    if plain:
        settings = tuple(pair for pair in settings if pair[0] in ("maxcpus", "stdstats"))
    optimise = dice.whole(2, 3) if dice.chance(0.06) else 0
    signals = _signals(dice) if dice.chance(0.04) else ()
    timers = dice.some(tuple(extras.TIMERS), 1, 3) if dice.chance(0.07) else ()
    added = dice.some(tuple(extras.EXTRAS), 1, 3) if dice.chance(0.15) else ()
    needed = _ears_for(dice, drawn, settings, timers, added)
    count = 1 if dice.chance(0.92) else 2 if dice.chance(0.85) else 0
    actors = tuple(_actor(dice, seed, place, datas, needed) for place in range(count))
    return Case(
        seed=seed, feeds=drawn, settings=settings, broker=_broker(dice, datas),
        actors=actors, observers=_observers(dice, datas), analyzers=_analyzers(dice, settings),
        sizers=_sizers(dice, actors), signals=signals,
        optimise=0 if signals else optimise,
        timers=timers, extras=added,
        writers=dice.some(tuple(extras.WRITERS), 1, 2) if dice.chance(0.04) else (),
        join=join, runs=2 if dice.chance(0.03) else 1,
    )  # fmt: skip


def _settings(dice: Dice) -> Pairs:
    out: list[tuple[str, Any]] = [("maxcpus", 1)]
    if dice.chance(0.35):
        out.append(("stdstats", False))
    odd = dice.chance(0.5)
    out.extend(
        (key, dice.pick(values))
        for key, values, often in RARE_SETTINGS
        if odd and dice.chance(often * 2)
    )
    return tuple(out)


def _broker(dice: Dice, datas: int) -> Broker:
    options = [(key, dice.pick(values)) for key, values, often in RARE_BROKER if dice.chance(often)]
    kind = "simulated" if dice.chance(0.12) else "user" if dice.chance(0.05) else "stock"
    if kind == "simulated" and dice.chance(0.6):
        options.append(("costs", dice.some(tuple(running.COSTS), 1, 2)))
    elif dice.chance(0.15):
        options.extend(_slippage(dice))
    commissions = [dice.pick(COMMISSIONS)] if dice.chance(0.6) else []
    if datas > 1 and dice.chance(0.15):
        other = dice.pick(COMMISSIONS)
        commissions.append(Commission(other.kind, other.options, dice.whole(0, 1)))
    return Broker(
        kind=kind,
        options=tuple(options),
        commissions=tuple(commissions),
        filler=dice.pick(tuple(pieces.FILLERS)) if dice.chance(0.07) else "",
        history=dice.pick(("told", "silent")) if dice.chance(0.03) else "",
        funds=dice.chance(0.02),
    )


def _slippage(dice: Dice) -> list[tuple[str, Any]]:
    out: list[tuple[str, Any]] = [
        dice.pick((("slip_perc", 0.002), ("slip_perc", 0.01), ("slip_fixed", 0.05)))
    ]
    for key in ("slip_open", "slip_match", "slip_limit", "slip_out"):
        if dice.chance(0.5):
            out.append((key, dice.chance(0.5)))
    return out


CUT_SHORT = (
    "raises in next", "raises in stop", "raises in notify", "skips itself", "stops the run",
)  # fmt: skip
COMMON = ("buy", "sell", "close", "limit", "stop", "bracket", "target size", "trail", "cancel")


def _ears_for(
    dice: Dice, drawn: tuple[Feed, ...], settings: Pairs, timers: tuple[str, ...],
    added: tuple[str, ...],
) -> tuple[str, ...]:  # fmt: skip
    """Return the ears without which nobody would notice what else was drawn."""
    out = ["hears timers"] if timers else []
    live = any(feed.kind == "live" for feed in drawn)
    if (live or "store" in added or "callbacks" in added) and dice.chance(0.7):
        out.append("hears feeds")
    if ("cheat_on_open", True) in settings and dice.chance(0.8):
        out.append("uses open")
    return tuple(out)


def _actor(
    dice: Dice, seed: int, place: int, datas: int, needed: tuple[str, ...]
) -> Actor:  # fmt: skip
    kinds = dice.some(COMMON if dice.chance(0.5) else tuple(actions.ACTIONS), 1, 5)
    habits: tuple[str, ...] = ()
    if dice.chance(0.5):
        habits = dice.some(strategies.ALL_HABITS, 1, 3)
        if dice.chance(0.6):  # a run that is cut short shows little else
            habits = tuple(one for one in habits if one not in CUT_SHORT)
    elif dice.chance(0.5):
        habits = ("hears orders", "hears trades")
    if "own timers" in habits:
        needed = (*needed, "hears timers")
    habits = tuple(dict.fromkeys((*habits, *needed)))
    names: list[str | None] = []
    if dice.chance(0.85):
        names.append(stock_names()[(seed + place) % len(stock_names())])
        names.extend(None for _ in range(dice.whole(0, 2)))
    return Actor(
        seed=dice.whole(0, 10**6),
        rate=dice.pick((0.02, 0.08, 0.08, 0.2, 0.5)),
        actions=kinds,
        habits=habits,
        indicators=tuple(indicators.draw(dice, datas, name) for name in names),
        look=dice.pick((0, 0, 1, 5, 10)),
        sizing=dice.pick(("units", "units", "broken", "sizer")),
        at=dice.whole(20, 60),
    )


def _observers(dice: Dice, datas: int) -> tuple[tuple[str, Pairs], ...]:
    if not dice.chance(0.25):
        return ()
    chosen = dice.some(OBSERVERS, 1, 4)
    return tuple(one for one in chosen if datas > 1 or one[0] != "LogReturns2")


def _analyzers(dice: Dice, settings: Pairs) -> tuple[tuple[str, Pairs], ...]:
    if dice.chance(0.4):
        return ()
    if dice.chance(0.3):
        return ANALYZERS[:4]
    chosen = dice.some(ANALYZERS, 1, 4)
    if ("stdstats", False) in settings and dice.chance(0.8):  # these read the broker's observer
        old = ("AnnualReturn", ()), ("SharpeRatio", (("legacyannual", True),))
        return tuple(one for one in chosen if one not in old)
    return chosen


def _sizers(dice: Dice, actors: tuple[Actor, ...]) -> tuple[tuple[str, Pairs], ...]:
    if not dice.chance(0.3):
        return ()
    return dice.some(SIZERS, 1, 2 if len(actors) > 1 else 1)


def _signals(dice: Dice) -> tuple[tuple[str, int], ...]:
    return tuple((kind, dice.whole(2, 9)) for kind in dice.some(SIGNALS, 1, 3))

"""TradeAnalyzer's statistics, in the dictionaries that it keeps but without its way to them.

``rets.pnl.gross.total`` is found by Backtrader through three failed attribute searches, about a
hundred times a trade. Arithmetic and its order are the same; what it adds as 0 is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from backtrader.utils.py3 import MAXINT

Close = Callable[[float, float, int], None]


def taker(analyzer: Any) -> Callable[[Any], None]:
    """Return what stands for ``analyzer.notify_trade`` of a TradeAnalyzer.

    The first closed trade goes to the analyzer, which makes its dictionaries then; so does each
    trade whose figures are not plain floats.
    """
    rets = analyzer.rets
    own = analyzer.notify_trade
    closes: dict[tuple[bool, bool], Close] = {}

    def take(trade: Any) -> None:
        if "len" not in rets:
            own(trade)
        elif trade.justopened:
            total = rets["total"]
            total["total"] += 1
            total["open"] += 1
        elif trade.status == trade.Closed:
            gross, net, bars = trade.pnl, trade.pnlcomm, trade.barlen
            plain = type(net) is float and type(gross) is float and type(bars) is int
            if not (plain and type(trade.long) is bool and math.isfinite(net)):
                own(trade)
                return
            key = (net >= 0.0, trade.long)
            if key not in closes:
                closes[key] = _close(rets, *key)
            closes[key](gross, net, bars)

    return take


def _close(rets: Any, won: bool, is_long: bool) -> Close:
    """Return what books a trade of one outcome and side."""
    outcome, other = ("won", "lost") if won else ("lost", "won")
    side = "long" if is_long else "short"
    total, streak, lost_streak = rets["total"], rets["streak"][outcome], rets["streak"][other]
    gross_of, net_of = rets["pnl"]["gross"], rets["pnl"]["net"]
    ends_of, sides_of = rets[outcome], rets[side]
    net_of_outcome, net_of_side = ends_of["pnl"], sides_of["pnl"]
    net_of_both = net_of_side[outcome]
    extreme = max if won else min
    lengths = _lengths(rets["len"], outcome, side)

    def close(gross: float, net: float, bars: int) -> None:
        total["open"] -= 1
        total["closed"] = closed = total["closed"] + 1
        streak["current"] = now = streak["current"] + 1
        streak["longest"] = max(streak["longest"] or 0, now)
        lost_streak["current"] = 0
        ends_of["total"] = ends = ends_of["total"] + 1
        sides_of["total"] = sides = sides_of["total"] + 1
        sides_of[outcome] = both = sides_of[outcome] + 1
        _add(gross_of, gross, closed)
        _add(net_of, net, closed)
        _add(net_of_outcome, net, ends)
        _add(net_of_side, net, sides)
        _add(net_of_both, net, both)
        net_of_outcome["max"] = extreme(net_of_outcome["max"] or 0.0, net)
        net_of_both["max"] = extreme(net_of_both["max"] or 0.0, net)
        lengths(bars, closed, ends, sides, both)

    return close


def _lengths(lengths: Any, outcome: str, side: str) -> Callable[[int, int, int, int, int], None]:
    """Return what books how many bars a trade of one outcome and side took."""
    of_outcome, of_side = lengths[outcome], lengths[side]
    of_both = of_side[outcome]

    def note(bars: int, closed: int, ends: int, sides: int, both: int) -> None:
        _add(lengths, bars, closed)
        _add(of_outcome, bars, ends)
        _add(of_side, bars, sides)
        _add(of_both, bars, both)
        for figures in (lengths, of_outcome, of_side, of_both):
            figures["max"] = max(figures["max"] or 0, bars)
        lengths["min"] = min(lengths["min"] or MAXINT, bars)
        if bars:  # where Backtrader looks at the least it takes 0 for none yet
            of_outcome["min"] = min(of_outcome.get("min") or MAXINT, bars)
            of_side["min"] = min(of_side["min"] or MAXINT, bars)
            of_both["min"] = min(of_both["min"] or MAXINT, bars)

    return note


def _add(figures: Any, amount: float, count: int) -> None:
    figures["total"] = total = figures["total"] + amount
    figures["average"] = total / count

"""Which formulas a column may follow: the first that gives nearly all of its values is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from atms.report.page.packing import indicators
from atms.report.page.packing.formulas import Formula
from atms.report.page.packing.known import Known
from atms.report.page.series_values import Floats

Hints = dict[str, Any]  # the series' meta: start (cash), benchmark (place of its feed)
_MOST_FEEDS = 8  # whose positions are added up to the account's value


def candidates(
    series: str, column: str, values: Floats, known: Known, hints: Hints
) -> Iterator[Formula]:
    """Yield formulas that *column* of *series* may follow, the likeliest first."""
    kind, _, place = series.partition(":")
    if column == "time" and kind in ("lines", "equity"):
        yield from _times(series, len(values), known)
    if kind == "lines":
        yield from indicators.formulas(column, f"bars:{place}")
    elif (found := _BY_SERIES.get(kind)) is not None and not place:
        yield from found(column, values, known, hints)


def _of(series: str, column: str) -> Formula:
    return ["column", series, column]


def _times(series: str, count: int, known: Known) -> Iterator[Formula]:
    place = series.partition(":")[2] or "0"
    name = f"bars:{place}"
    if "time" in known.columns.get(name, {}):
        yield ["tail", _of(name, "time"), count]


# ---- fills --------------------------------------------------------------------------------------
def _fills(column: str, values: Floats, known: Known, hints: Hints) -> Iterator[Formula]:
    feed, bar = _of("fills", "feed"), _of("fills", "bar")
    if column == "time":
        yield ["bars", "time", feed, bar]
    elif column == "reference_price":
        yield ["bars", "open", feed, bar]
        yield ["bars", "close", feed, bar]
    elif column == "price":
        yield _of("fills", "reference_price")
        yield ["add", _of("fills", "reference_price"), ["mul", ["side"], _slip(values, known)]]
    elif column == "slippage_cost":
        price, reference = _of("fills", "price"), _of("fills", "reference_price")
        for slip in (_slip(known.numbers("fills", "price"), known), ["sub", price, reference]):
            yield ["mul", ["mul", ["abs", slip], _of("fills", "size")], _of("fills", "multiplier")]
    elif column == "trade_id":
        yield _of("fills", "order_id")
    elif column == "fee":
        yield from _fees(values, known)


def _slip(prices: Floats, known: Known) -> Formula:
    """Return what a unit's price is worse by, where that is a share of the price before costs."""
    before = known.numbers("fills", "reference_price")
    with np.errstate(all="ignore"):
        shares = np.abs(prices - before) / before
    shares = shares[np.isfinite(shares) & (shares != 0)]
    rate = float(f"{np.median(shares):.10g}") if len(shares) else 0.0
    return ["mul", rate, _of("fills", "reference_price")]


def _fees(values: Floats, known: Known) -> Iterator[Formula]:
    size, price, multiplier = (_of("fills", name) for name in ("size", "price", "multiplier"))
    sizes, prices, multipliers = (
        known.numbers("fills", name) for name in ("size", "price", "multiplier")
    )
    with np.errstate(all="ignore"):
        rates = values / (sizes * prices * multipliers)
    rates = rates[np.isfinite(rates) & (rates != 0)]
    if not len(rates):
        return
    rate = float(f"{np.median(rates):.10g}")
    yield ["mul", ["mul", ["mul", size, price], multiplier], rate]
    yield ["mul", ["mul", size, rate], price]
    parts = [["abs", ["fill", name]] for name in ("closed", "opened")]  # each is charged for itself
    closing, opening = (["mul", ["mul", ["mul", part, price], multiplier], rate] for part in parts)
    yield ["add", closing, opening]


# ---- trades -------------------------------------------------------------------------------------
_PLAIN = ("size", "entry_price", "exit_price", "pnl", "fee", "mae", "mfe")
_SHARES = {"net_pnl_pct": "net_pnl", "mae_pct": "mae", "mfe_pct": "mfe"}


def _trades(column: str, values: Floats, known: Known, hints: Hints) -> Iterator[Formula]:
    if column in _PLAIN:
        yield ["trade", column]
    elif column in _SHARES:
        yield ["div", _of("trades", _SHARES[column]), ["trade", "value"]]
    elif column == "net_pnl":
        yield ["sub", _of("trades", "pnl"), _of("trades", "fee")]
    elif column == "bars":
        yield ["sub", _of("trades", "exit_bar"), _of("trades", "entry_bar")]
    elif column in ("time", "feed", "entry_bar"):
        name = column.removeprefix("entry_")
        yield ["take", _of("fills", name), ["trade", "first"]]
    elif column in ("exit_time", "exit_bar"):
        yield ["take", _of("fills", column.removeprefix("exit_")), ["trade", "last"]]


def _signals(column: str, values: Floats, known: Known, hints: Hints) -> Iterator[Formula]:
    if column == "time":
        yield ["bars", "time", _of("signals", "feed"), _of("signals", "bar")]


# ---- equity -------------------------------------------------------------------------------------
def _equity(column: str, values: Floats, known: Known, hints: Hints) -> Iterator[Formula]:
    start = hints.get("start")
    if column == "value" and "fills" in known.columns:
        yield from _value(known, len(values))
    elif column == "drawdown" and start is not None:
        value = _of("equity", "value")
        yield ["sub", ["div", value, ["peak", value, float(start)]], 1.0]
    elif column == "exposure" and "fills" in known.columns:
        yield from _exposure(known, len(values))
    elif column == "hold" and start is not None:
        yield from _hold(known, hints, float(start))


def _close(feed: int) -> Formula:
    times, moments = _of(f"bars:{feed}", "time"), _of("equity", "time")
    return ["take", _of(f"bars:{feed}", "close"), ["rows", times, moments]]


def _traded(known: Known) -> list[tuple[int, float]]:
    """Return the feeds that were filled and their multipliers, by their first fills."""
    feeds, multipliers = (known.numbers("fills", name) for name in ("feed", "multiplier"))
    _, first = np.unique(feeds, return_index=True)
    found = [(feeds[row], float(multipliers[row])) for row in sorted(first.tolist())]
    return [(int(feed), multiplier) for feed, multiplier in found if feed == feed]


def _value(known: Known, count: int) -> Iterator[Formula]:
    """The arithmetic is that of ``atms.report.equity`` without leverage and margins."""
    traded = _traded(known)
    if len(traded) > _MOST_FEEDS:
        return
    for order in (traded, sorted(traded)):
        total: Formula = 0.0
        for feed, multiplier in order:
            held, price = ["path", "held", feed, count], ["path", "average", feed, count]
            paid = ["where", held, ["mul", held, _close(feed)], 0.0]
            gain = ["mul", ["mul", held, ["sub", _close(feed), price]], multiplier]
            profit = ["where", held, gain, 0.0]
            plain = ["add", total, paid]
            long = ["add", ["add", total, ["sub", paid, profit]], profit]
            total = ["where", ["over", paid, 0.0], long, plain]
        yield ["add", _of("equity", "cash"), total]


def _exposure(known: Known, count: int) -> Iterator[Formula]:
    traded = _traded(known)
    if len(traded) > _MOST_FEEDS:
        return
    gross: Formula = 0.0
    for feed, multiplier in traded:
        held = ["path", "held", feed, count]
        worth = ["where", held, ["mul", held, _close(feed)], 0.0]
        gross = ["add", gross, ["mul", ["abs", worth], multiplier]]
    value = _of("equity", "value")
    share = ["where", ["over", value, 0.0], ["div", gross, value], "nan"]
    yield ["where", ["over", gross, 0.0], share, 0.0]


def _hold(known: Known, hints: Hints, start: float) -> Iterator[Formula]:
    feed = hints.get("benchmark", 0)
    name = f"bars:{feed}"
    if not {"open", "close"} <= set(known.columns.get(name, {})):
        return
    times, moments = known.numbers(name, "time"), known.numbers("equity", "time")
    if not len(times) or not len(moments):
        return
    at = int(np.searchsorted(times, moments[0], side="right")) - 1
    price = float(known.numbers(name, "open")[max(at, 0)])
    if np.isfinite(price):
        yield ["mul", ["div", _close(int(feed)), price], start]


_BY_SERIES: dict[str, Callable[..., Iterator[Formula]]] = {
    "fills": _fills,
    "trades": _trades,
    "signals": _signals,
    "equity": _equity,
}

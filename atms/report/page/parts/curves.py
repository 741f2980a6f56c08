"""Equity, price and exposure: the charts that are drawn from packed series."""

from __future__ import annotations

import numpy as np

from atms.report.page.blocks import Block, Chart, Column, Section, Table, Text
from atms.report.page.parts.drawdowns import shades
from atms.report.page.parts.given import Given, floats, percent

_FALLEN = "No bar has told what the account is worth: there is no equity curve."


def equity(given: Given) -> Section:
    """Return the equity curve against buy and hold, with the drawdown beneath."""
    blocks: list[Block] = [*(Text(line, "bad") for line in given.missing)]
    if not len(given.result.equity):
        return Section("equity-section", "Equity", [*blocks, Text(_FALLEN, "warn")])
    money = given.currency
    table = Table(
        "equity",
        "Equity, bar by bar",
        (
            Column("time", "Time", "time"),
            Column("value", "Value", "money", money),
            Column("cash", "Cash", "money", money),
            Column("hold", "Buy and hold", "money", money),
            Column("drawdown", "Drawdown", "percent"),
            Column("exposure", "Exposure", "percent"),
        ),
        series="equity",
        tall=True,
    )
    chart = Chart(
        "equity-chart",
        "equity",
        f"Equity{_against(given)}, drawdown beneath",
        "equity",
        x="time",
        y=("value", "hold"),
        options={"log": False, "shade": shades(given), "unit": money},
    )
    return Section("equity-section", "Equity", [*blocks, chart, table])


def _against(given: Given) -> str:
    """Return what the curve is drawn against; nothing where the benchmark has no price."""
    if given.sampled is None or not given.sampled.hold[0] > 0:
        return ""
    return f" against buy and hold of {given.benchmark}"


def price(given: Given) -> Section:
    """Return the bars with indicators, signals, fills, trades and levels."""
    if not len(given.result.bars):
        return Section("price-section", "Price", [Text("No bars of this run are kept.", "warn")])
    feeds = ", ".join(dict.fromkeys(feed.symbol for feed in given.result.feeds[:8]))
    more = len(given.result.feeds) - 8
    title = f"Price of {feeds}{f' and {more} others' if more > 0 else ''}, with signals and fills"
    table = Table("fills", "Fills", fill_columns(given), series="fills", tall=True)
    return Section("price-section", "Price", [Chart("price-chart", "price", title, "fills"), table])


def fill_columns(given: Given) -> tuple[Column, ...]:
    """Return the columns of the series of fills."""
    money = given.currency
    return (
        Column("time", "Time", "time"),
        Column("symbol", "Symbol"),
        Column("side", "Side"),
        Column("size", "Size", "number"),
        Column("price", "Price", "price", money),
        Column("fee", "Fee", "money", money),
        Column("order_id", "Order"),
    )


def exposure(given: Given) -> Section:
    """Return how much was held, over time and in words."""
    frame = given.result.equity
    if not len(frame):
        return Section("exposure-section", "Exposure", [Text(_FALLEN, "warn")])
    chart = Chart(
        "exposure-chart", "exposure", "Exposure: held value over account value", "equity",
        x="time", y=("exposure",),
    )  # fmt: skip
    held = given.metrics.get("exposure")
    if not held:
        said = "Nothing was held on any bar."
        return Section("exposure-section", "Exposure", [Text(said)])
    if not frame["exposure"].notna().any():
        said = f"Something was held on {percent(held)} of the bars; on which, is not kept."
        return Section("exposure-section", "Exposure", [Text(said, "warn")])
    return Section("exposure-section", "Exposure", [chart, Text(_held(given))])


def _held(given: Given) -> str:
    frame = given.result.equity
    share = floats(frame["exposure"])
    known = share[np.isfinite(share)]
    position = floats(frame["position"])
    mean, most = (float(known.mean()), float(known.max())) if len(known) else (None, None)
    sides = [
        f"net {side} on {percent(float(mine.mean()))}"
        for side, mine in (("long", position > 0), ("short", position < 0))
        if mine.any()
    ]
    return (
        f"Something was held on {percent(given.metrics['exposure'])} of the bars"
        f"{': ' if sides else ''}{', '.join(sides)}. "
        f"Exposure was {percent(mean)} on the mean bar and {percent(most)} at the most."
    )

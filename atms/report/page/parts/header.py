"""The page's title and the lines beneath it: what ran, on what, when, and by which code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from atms.report.page.parts.given import Given, counted

_MOST = 8  # names that are listed
_SHORT = 12  # digits of a hash
_LONG = 30  # days from which dates need no time of day


def title(given: Given) -> str:
    """Return what the page is called: the run's name, its strategy and symbols."""
    result = given.result
    name = result.config.run.name
    symbols = _listed(feed.symbol for feed in result.feeds)
    return f"{name + ': ' if name else ''}{_strategy(given)} on {symbols}"


def about(given: Given) -> list[tuple[str, str]]:
    """Return the header's lines, label and value; a label that has nothing to say is left out."""
    result, metrics = given.result, given.metrics
    seconds = metrics.get("seconds")
    lines = [
        ("Strategy", result.provenance.strategy),
        ("Parameters", _parameters(result.config.strategy.params)),
        ("Run", _kind(given)),
        ("Venue", _listed(feed.venue for feed in result.feeds)),
        ("Symbols", _listed(feed.symbol for feed in result.feeds)),
        ("Timeframe", _listed(timeframes(given))),
        ("Period", period(given)),
        ("Bars", f"{metrics.get('bars', 0):,}"),
        ("Currency", given.currency),
        ("Run id", result.id),
        ("Status", result.status),
        ("Started", f"{result.started:%Y-%m-%d %H:%M:%S} UTC"),
        ("Took", f"{seconds:.2f} s" if isinstance(seconds, float) else ""),
        ("Engine", result.config.run.engine if result.mode == "backtest" else ""),
        ("Seed", str(result.config.run.seed)),
        *((f"{name.capitalize()} hash", digest[:_SHORT])
          for name, digest in result.provenance.hashes.items() if digest),
        ("atms", result.provenance.versions.get("atms", "")),
    ]  # fmt: skip
    return [(label, value) for label, value in lines if value]


def _kind(given: Given) -> str:
    mode = given.result.mode
    account = given.result.account
    return mode if mode == "backtest" or not account else f"{mode}, account {account}"


def period(given: Given) -> str:
    """Return the first and the last bar's date; with the time of day in a run of a few days."""
    start, end = given.metrics.get("start"), given.metrics.get("end")
    if not start or not end:
        return ""
    days = (pd.Timestamp(end) - pd.Timestamp(start)).total_seconds() / 86_400
    if days >= _LONG:
        return f"{start[:10]} to {end[:10]} ({days:,.0f} days)"
    return f"{start[:16].replace('T', ' ')} to {end[:16].replace('T', ' ')} UTC ({days:.3g} days)"


def timeframes(given: Given) -> list[str]:
    """Return the length of each feed's bars; of a run that does not say, nothing."""
    audited = {audit.feed: audit.timeframe for audit in given.result.audit}
    found = []
    for feed in given.result.config.data.feeds:
        longer = feed.resample or feed.replay
        length = longer or feed.timeframe or audited.get(feed.name)
        if length and str(length) != "unknown":
            found.append(str(length))
    return found


def _strategy(given: Given) -> str:
    return given.result.provenance.strategy.rpartition(":")[2]


def _parameters(params: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in params.items())


def _listed(names: Iterable[str]) -> str:
    each = [name for name in dict.fromkeys(names) if name]
    more = len(each) - _MOST
    return ", ".join(each[:_MOST]) + (f" and {counted(more, 'other')}" if more > 0 else "")

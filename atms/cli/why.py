"""``atms why``: why a run did, or did not, trade on a bar."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
import typer

from atms.api import load_run
from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.screen import out, print_json
from atms.cli.why_words import bar_lines, moment, summary
from atms.errors import ConfigError, did_you_mean
from atms.report.why import Bars, OnBar
from atms.result import Result

_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")
_AT_ONCE = 20  # bars of a day that are shown
Run = Annotated[
    str, typer.Argument(help="A run's id, the start of it, its name, `last`, or its folder.")
]
SymbolName = Annotated[str, typer.Argument(help="A symbol of the run, or the name of a feed.")]
Time = Annotated[
    str,
    typer.Argument(
        help="A bar's time, 2018-03-05T14:00; with +02:00 or a zone's name behind it, else UTC. "
        "Or a day, 2018-03-05: its bars on which something happened."
    ),
]


@dataclass(frozen=True)
class Asked:
    """A time as it was read: from *start*, a day's to before *end*; *words* say how."""

    start: pd.Timestamp
    end: pd.Timestamp | None
    words: str


@guarded
def why(
    run: Run,
    symbol: SymbolName,
    time: Time,
    config: options.ConfigFiles = None,
    json_: options.Json = False,
) -> None:
    """Say why a run did, or did not, trade: the signal, its gates, the orders and their ends."""
    asked = read_time(time)
    result = load_run(run, options.load(config).config.ledger.url)
    bars = bars_of(result, symbol)
    _check_span(bars, asked, symbol)
    shown = [bars.at(asked.start)] if asked.end is None else bars.between(asked.start, asked.end)
    edge = shown[0].at if shown else asked.start
    before, after = bars.before(edge), bars.after(shown[-1].at if shown else asked.start)
    if json_:
        print_json(_plain(result, symbol, asked, shown, before, after))
        return
    page = out()
    lines = _lines(result, symbol, asked, shown, before, after)
    for line in lines:
        page.print(line, markup=False, soft_wrap=True)


def read_time(text: str) -> Asked:
    """Read a time as people write it.

    Raises:
        ConfigError: it is none.
    """
    given, zone = text.strip(), None
    before, _, last = given.rpartition(" ")
    if before and re.fullmatch(r"[A-Za-z]+(/[\w+-]+)*", last):
        given, zone = before, _zone(last, text)
    if _DAY.fullmatch(given):
        start = pd.Timestamp(_parsed(given, text)).tz_localize(zone or "UTC")
        end = (start + pd.DateOffset(days=1)).tz_convert("UTC")
        words = f"the day {given}, {zone or 'UTC'}"
        return Asked(start.tz_convert("UTC"), end, words)
    at = pd.Timestamp(_parsed(given, text))
    how = "" if at.tzinfo or zone else "; no zone was given, and UTC is taken"
    if at.tzinfo is None:
        at = at.tz_localize(zone or "UTC", ambiguous=True, nonexistent="shift_forward")
    at = at.tz_convert("UTC")
    return Asked(at, None, f"{moment(at)}{how}")


def bars_of(result: Result, symbol: str) -> Bars:
    """Return a run's bars of a symbol, or of one feed by its name.

    Raises:
        ConfigError: the run has none of that name.
    """
    wanted = symbol.lower()
    named = [feed for feed in result.feeds if feed.name.lower() == wanted]
    feeds = named or [feed for feed in result.feeds if feed.symbol.lower() == wanted]
    if not feeds:
        known = dict.fromkeys(name for feed in result.feeds for name in (feed.symbol, feed.name))
        there = ", ".join(known)
        near = did_you_mean(symbol, known)
        raise ConfigError(f"{symbol}: run {result.id} has no such symbol{near}; it has: {there}")
    names = [feed.name for feed in feeds]
    said = result.decisions
    if not named:  # longer bars of a live run, which its feeds do not name
        names += said.loc[said["symbol"].str.lower() == wanted, "feed"].unique().tolist()
    return Bars(
        names, feeds[0].symbol, [feed.venue for feed in feeds], bars=result.bars,
        decisions=said, gates=result.gates, orders=result.orders, fills=result.fills,
    )  # fmt: skip


def _zone(name: str, text: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(
            f"{text}: {name!r} is no time zone; as in Europe/Berlin, or UTC"
        ) from None


def _parsed(given: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        raise ConfigError(
            f"{text}: is no time; write 2018-03-05, 2018-03-05T14:00 or 2018-03-05T14:00+02:00"
        ) from None


def _check_span(bars: Bars, asked: Asked, symbol: str) -> None:
    span = bars.span
    if span is None:
        raise ConfigError(f"{symbol}: the run has no bar of it")
    first, last = span
    early = asked.start < first if asked.end is None else asked.end <= first
    late = asked.start > last if asked.end is not None else asked.start >= last + bars.step
    if (early or late) and asked.start != last:
        raise ConfigError(
            f"{asked.words.partition(';')[0]}: the run has bars of {symbol} from "
            f"{moment(first)} to {moment(last)}"
        )


def _lines(
    result: Result,
    symbol: str,
    asked: Asked,
    shown: list[OnBar],
    before: OnBar | None,
    after: OnBar | None,
) -> list[str]:
    lines = [f"{result.provenance.strategy.rpartition(':')[2]} on {symbol}, run {result.id}"]
    lines.append(f"time: {asked.words}")
    if asked.end is None and shown[0].at != asked.start:
        lines.append("no bar has this stamp; the last one before it:")
    for bar in shown[:_AT_ONCE]:
        lines += bar_lines(bar)
    if len(shown) > _AT_ONCE:
        lines.append(f"and {len(shown) - _AT_ONCE} more bars of that day; give a time")
    if not shown:
        lines.append("nothing on that day: no signal, no refusal, no order")
    if not any(shown):
        lines.append(f"before: {summary(before) if before else 'nothing'}")
        lines.append(f"after: {summary(after) if after else 'nothing'}")
    if not len(result.decisions):
        lines.append("the strategy does not explain itself: only its orders are known")
    return lines


def _plain(
    result: Result,
    symbol: str,
    asked: Asked,
    shown: list[OnBar],
    before: OnBar | None,
    after: OnBar | None,
) -> dict[str, Any]:
    return {
        "run": result.id,
        "strategy": result.provenance.strategy,
        "symbol": symbol,
        "from": asked.start,
        "to": asked.end,
        "read_as": asked.words,
        "explains": bool(len(result.decisions)),
        "bars": [asdict(bar) for bar in shown],
        "before": before.at if before else None,
        "after": after.at if after else None,
    }

"""LEAN's zips of bars.

Where the facts come from: www.quantconnect.com/docs/v2/lean-engine/data-format ("Time
Representation", "Core Data Types" and a page for each kind of security; sources in
github.com/QuantConnect/Documentation) and the readme.md files below github.com/QuantConnect/Lean,
Data. One CSV without a header in a zip; of futures and options one CSV for each contract. The first
column is a bar's start: ``YYYYMMDD HH:mm`` in hour and daily files, milliseconds since midnight in
second and minute files, whose name begins with the date. Trade bars have open, high, low, close,
volume; quote bars open, high, low, close and size of the bid, then of the ask. Prices of equities
and their options are multiplied by 10,000, all others are as they are. The zone of the times
depends on the market: America/New_York for US equities and their options, UTC for crypto, oanda and
the futures of cme and comex, UTC-05 for fxcm; for any other it has to be stated. A day's bar has
its date at 00:00, which no zone moves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from atms.errors import ConfigError, DataError
from atms.feeds.bars import PRICES
from atms.feeds.importing.clock import Clock, Zone, needed_zone
from atms.feeds.importing.plan import Hints, Options, Plan
from atms.feeds.importing.sample import Sample
from atms.feeds.importing.text import NUMBER, WORDS, TextSource
from atms.model import Timeframe

_DIVISOR = {"equity": 10_000, "option": 10_000}
_KINDS = (*_DIVISOR, "forex", "cfd", "crypto", "cryptofuture", "future", "index")
_ZONES = {
    "equity/usa": "America/New_York",
    "option/usa": "America/New_York",
    "forex/oanda": "UTC",
    "cfd/oanda": "UTC",
    "forex/fxcm": "Etc/GMT+5",  # the name counts the other way round: this is UTC-05
    "future/cme": "UTC",
    "future/comex": "UTC",
}
_LENGTHS = {"second": "1s", "minute": "1m", "hour": "1h", "daily": "1d"}
_TRADE = ("time", *PRICES, "volume")
_QUOTE = ("time", *PRICES, "bid_size", *(f"ask_{name}" for name in PRICES), "ask_size")
_NUMBER = r"-?\d*\.?\d*(?:[eE][+-]?\d+)?"
_LONG, _SHORT = r"\d{8} \d{2}:\d{2}", r"\d{1,8}(?:\.\d+)?"
_DATED = re.compile(r"(\d{8})_([a-z0-9]+)_(second|minute)_(trade|quote)(?:_.*)?", re.IGNORECASE)
_WHOLE = re.compile(r"([^_]+)(?:_(?:trade|quote))?(?:_.*)?")


@dataclass(frozen=True)
class _Place:
    """Where a zip lies: security type, market and resolution, as far as its folders tell."""

    kind: str
    market: str
    resolution: str | None


def is_lean(sample: Sample) -> bool:
    """Return whether the file is a CSV in a zip, and its first row one of a bar."""
    rows = sample.fields(",", 1)
    if sample.file.packing != "zip" or not rows or len(rows[0]) not in (len(_TRADE), len(_QUOTE)):
        return False
    time, *numbers = rows[0]
    dated = bool(_DATED.fullmatch(Path(sample.file.name).stem)) and re.fullmatch(_SHORT, time)
    return bool(re.fullmatch(_LONG, time) or dated) and all(
        re.fullmatch(_NUMBER, text) for text in numbers
    )


def lean_plan(sample: Sample, options: Options) -> Plan:
    """Return the plan of a zip.

    Raises:
        ConfigError: the market that is stated is none of LEAN's.
        DataError: neither the folders nor the options tell the market, or its zone.
    """
    file = sample.file
    place = _place(file.path, options.market, file.where)
    columns = _TRADE if len(sample.fields(",", 1)[0]) == len(_TRADE) else _QUOTE
    dated = _DATED.fullmatch(Path(file.name).stem)
    days = place.resolution == "daily" or (place.resolution is None and _all_midnight(sample))
    zone = None if days and not dated else _zone(place, options.timezone, file.where)
    clock = Clock(("time",), "text", zone)
    if dated:
        clock = Clock(("time",), "midnight", zone, day=pd.Timestamp(dated[1]).value // 1000)
    types = dict.fromkeys(columns, NUMBER) | ({} if dated else {"time": WORDS})
    return Plan(
        TextSource(file, "", columns, types),
        clock,
        {name: name for name in columns[1:]},
        _hints(file.name, place, dated),
        divisor=_DIVISOR.get(place.kind, 1),
    )


def _place(path: Path, stated: str | None, where: str) -> _Place:
    """Return what the folders say (``equity/usa/minute/aapl``), or what is *stated*."""
    folders = [folder.lower() for folder in path.absolute().parts[:-1]]
    resolution = next((folder for folder in reversed(folders) if folder in _LENGTHS), None)
    if stated is not None:
        kind, _, market = stated.lower().partition("/")
        if kind not in _KINDS or not market:
            raise ConfigError(f"market: {stated!r}: write equity/usa, forex/oanda, crypto/coinbase")
        return _Place(kind, market, resolution)
    for kind, market, further in zip(folders, folders[1:], folders[2:], strict=False):
        if kind in _KINDS and further in _LENGTHS:
            return _Place(kind, market, resolution)
    raise DataError(
        f"{where}: what it holds is told by LEAN's folders (equity/usa/minute/aapl), and it lies "
        "in others; say so: market: equity/usa, or market: crypto/coinbase"
    )


def _zone(place: _Place, timezone: str | None, where: str) -> Zone:
    known = _ZONES.get(f"{place.kind}/{place.market}")
    if place.kind in ("crypto", "cryptofuture"):
        known = "UTC"
    why = f"the time zone of {place.kind}/{place.market} is not known"
    return needed_zone(timezone or known, where, why)


def _all_midnight(sample: Sample) -> bool:
    return all(row[0].endswith(" 00:00") for row in sample.fields(",") if row)


def _hints(name: str, place: _Place, dated: re.Match[str] | None) -> Hints:
    stem = Path(name).stem
    found = _WHOLE.fullmatch(stem)
    symbol = dated[2] if dated else found[1] if found else stem
    length = _LENGTHS[dated[3].lower()] if dated else _LENGTHS.get(place.resolution or "")
    return Hints(symbol.upper(), place.market, Timeframe.parse(length) if length else None)

"""Formats whose columns stand in a fixed order: Yahoo, Binance, Kraken, MetaTrader 5, NinjaTrader.

Where each fact comes from:

* Yahoo Finance, "Historical Data", Download: ``Date,Open,High,Low,Close,Adj Close,Volume``, dates
  of sessions, prices adjusted for splits alone, Adj Close for dividends too. On days of which Yahoo
  knows nothing every value is ``null`` (github.com/pandas-dev/pandas issue 16471,
  github.com/Humans-of-Julia/HoJBot.jl pull request 77).
* Binance, github.com/binance/binance-public-data, README: the columns of klines, trades and
  aggTrades on spot, USD-M and COIN-M; milliseconds, and for spot microseconds from 2025-01-01 on.
  A header line stands on newer files of futures alone. A kline's first column is its open time.
  Volume is in the base asset, for COIN-M in contracts.
* Kraken, support.kraken.com article 360047124832 (OHLCVT) and docs.kraken.com, "Historical data":
  no header; seconds since 1970, the beginning of the interval; open, high, low, close, volume,
  number of trades; the file's name ends in the minutes of a bar. Intervals without a trade have no
  line. The trading history has time, price, volume (so its files stand; no page describes them).
* MetaTrader 5, www.metatrader5.com/en/terminal/help/trading_advanced/custom_instruments (window
  Symbols, Bars, Export) and docs.mql4.com/constants/structures/mqlrates: separated by tabs, a
  header in angle brackets; the time is a bar's start on the trade server's clocks, whose zone the
  file does not say; ``<TIME>`` is missing from daily and longer bars. Volume is the number of
  ticks; ``<VOL>``, what was really traded, is zero for most currencies and kept as real_volume;
  ``<SPREAD>`` is in points.
* NinjaTrader, ninjatrader.com/support/helpGuides/nt8 "Importing" and the older
  ninjatrader-support.com/HelpGuideV6/Import.html: ``yyyyMMdd HHmmss;open;high;low;close;volume``,
  ``yyyyMMdd;...`` for days, no header; minutes are stamped at their END, and what the platform
  exports is in UTC. (histdata.com sells files of the same shape with New York's winter time at a
  bar's start: timezone="Etc/GMT+5", and another stamp.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from atms.errors import DataError
from atms.feeds.importing import names
from atms.feeds.importing.clock import Clock, needed_zone
from atms.feeds.importing.plan import Hints, Options, Plan
from atms.feeds.importing.sample import Sample
from atms.feeds.importing.text import NUMBER, WHOLE, WORDS, TextSource

_NUMBER = r"-?\d*\.?\d+(?:[eE][+-]?\d+)?"
_SECONDS, _PARTS = r"\d{9,10}", r"\d{9,10}(?:\.\d+)?"
_MILLIS = r"\d{13}|\d{16}"
_TRUTH = r"(?i:true|false)"
_PRICES = {name: name for name in ("open", "high", "low", "close")}
_OHLC = tuple((name, _NUMBER) for name in _PRICES)


@dataclass(frozen=True)
class Layout:
    """A format without names of columns, or with names that are always the same.

    Attributes:
        columns: name and pattern of each, in order.
        reads: our name -> the column's.
        time: the column of the time.
        hints: reads a file's name.
        header: how the header begins, in lower case; nothing: there never is one.
        always: whether there always is one, so that the rows need not be looked at.
        optional: how many of the last columns may be missing.
        ends: the column of a bar's last moment.
        trades: whether rows are trades.
        separator: what stands between columns.
    """

    columns: tuple[tuple[str, str], ...]
    reads: Mapping[str, str]
    time: str
    hints: Callable[[str], Hints]
    header: tuple[str, ...] = ()
    always: bool = False
    optional: int = 0
    ends: str | None = None
    trades: bool = False
    separator: str = ","
    kinds: Mapping[str, object] = field(default_factory=dict)

    def fits(self, sample: Sample) -> bool:
        """Return whether the sample's first row has this shape, its header too."""
        rows = sample.fields(self.separator, 2)
        if not rows:
            return False
        headed = self._headed(rows[0])
        if self.always or (headed and len(rows) == 1):
            return headed and len(rows[0]) == len(self.columns)
        return self._is_row(rows[1] if headed else rows[0])

    def _headed(self, row: list[str]) -> bool:
        found = tuple(text.strip().lower() for text in row[: len(self.header)])
        return bool(self.header) and found == self.header

    def _is_row(self, row: list[str]) -> bool:
        missing = len(self.columns) - len(row)
        return 0 <= missing <= self.optional and all(
            re.fullmatch(pattern, text.strip())
            for (_, pattern), text in zip(self.columns, row, strict=False)
        )

    def source(self, sample: Sample) -> TextSource:
        """Return the rows of the sample's file."""
        rows = sample.fields(self.separator, 2)
        header = sample.lines[0] if self._headed(rows[0]) else ""
        width = len(rows[1] if header and len(rows) > 1 else rows[0])
        columns = tuple(name for name, _ in self.columns[:width])
        read = {self.time, *self.reads.values(), *([self.ends] if self.ends else [])}
        types = {name: self.kinds.get(name, NUMBER) for name in columns if name in read}
        return TextSource(sample.file, header, columns, types, self.separator)


def epoch_plan(layout: Layout, sample: Sample, options: Options) -> Plan:
    """Return the plan of a layout whose times are numbers since 1970, UTC."""
    return Plan(
        layout.source(sample),
        Clock((layout.time,), "epoch"),
        layout.reads,
        layout.hints(sample.file.name),
        trades=layout.trades,
        ends=layout.ends,
    )


YAHOO = Layout(
    (("date", ""), *_OHLC, ("adj_close", ""), ("volume", "")),
    {**_PRICES, "volume": "volume", "adj_close": "adj_close"},
    "date",
    names.yahoo_name,
    header=("date", "open", "high", "low", "close", "adj close", "volume"),
    always=True,
    kinds={"date": WORDS},
)
BINANCE = Layout(
    (("open_time", _MILLIS), *_OHLC, ("volume", _NUMBER), ("close_time", _MILLIS),
     ("quote_volume", _NUMBER), ("trades", r"\d+"), ("taker_buy_volume", _NUMBER),
     ("taker_buy_quote_volume", _NUMBER), ("ignore", _NUMBER)),
    {**_PRICES, **{name: name for name in ("volume", "quote_volume", "trades",
     "taker_buy_volume", "taker_buy_quote_volume")}},
    "open_time",
    names.binance_name,
    header=("open_time", "open", "high", "low", "close", "volume", "close_time"),
    ends="close_time",
    kinds={"open_time": WHOLE, "close_time": WHOLE},
)  # fmt: skip
BINANCE_TRADES = Layout(
    (("id", r"\d+"), ("price", _NUMBER), ("quantity", _NUMBER), ("quote_quantity", _NUMBER),
     ("time", _MILLIS), ("is_buyer_maker", _TRUTH), ("is_best_match", _TRUTH)),
    {"price": "price", "volume": "quantity"},
    "time",
    names.binance_name,
    header=("id", "price", "qty"),
    optional=1,
    trades=True,
    kinds={"time": WHOLE},
)  # fmt: skip
BINANCE_AGGTRADES = Layout(
    (("id", r"\d+"), ("price", _NUMBER), ("quantity", _NUMBER), ("first_id", r"-?\d+"),
     ("last_id", r"-?\d+"), ("time", _MILLIS), ("is_buyer_maker", _TRUTH),
     ("is_best_match", _TRUTH)),
    {"price": "price", "volume": "quantity"},
    "time",
    names.binance_name,
    header=("agg_trade_id", "price", "quantity"),
    optional=1,
    trades=True,
    kinds={"time": WHOLE},
)  # fmt: skip
KRAKEN = Layout(
    (("time", _SECONDS), *_OHLC, ("volume", _NUMBER), ("trades", r"\d+")),
    {**_PRICES, "volume": "volume", "trades": "trades"},
    "time",
    names.kraken_name,
    kinds={"time": WHOLE},
)
KRAKEN_TRADES = Layout(
    (("time", _PARTS), ("price", _NUMBER), ("volume", _NUMBER)),
    {"price": "price", "volume": "volume"},
    "time",
    names.kraken_name,
    trades=True,
)
NINJATRADER = Layout(
    (("time", r"\d{8}(?: \d{6})?"), *_OHLC, ("volume", _NUMBER)),
    {**_PRICES, "volume": "volume"},
    "time",
    names.ninjatrader_name,
    separator=";",
    kinds={"time": WORDS},
)


def yahoo_plan(sample: Sample, options: Options) -> Plan:
    """Return the plan of a Yahoo file: dates of sessions, rows of ``null`` left out."""
    rows = YAHOO.source(sample)
    odd = next((row[0] for row in sample.fields(",")[1:] if row and len(row[0].strip()) != 10), "")
    if odd:
        raise DataError(
            f"{rows.where}: Date is {odd!r}; Yahoo's daily file has dates alone; "
            "read it as preset: plain"
        )
    return Plan(
        rows, Clock(("date",), "text"), YAHOO.reads, YAHOO.hints(sample.file.name), drop=True,
        named=False,
    )  # fmt: skip


def ninjatrader_plan(sample: Sample, options: Options) -> Plan:
    """Return the plan of a NinjaTrader file: minutes end in UTC, days are dates of sessions."""
    days = len(sample.fields(";")[0][0].strip()) == 8
    zone = None if days else needed_zone(options.timezone or "UTC", sample.file.where, "")
    return Plan(
        NINJATRADER.source(sample),
        Clock(("time",), "text", zone),
        NINJATRADER.reads,
        NINJATRADER.hints(sample.file.name),
        # A date at 00:00 stands at the beginning of its day, whatever minutes are stamped with.
        stamp="start" if days else "end",
    )

"""The formats that are known by name, and which of them a file is in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from atms.errors import ConfigError, DataError, UnknownName, did_you_mean
from atms.feeds.importing import freqtrade, layouts, lean, metatrader, named
from atms.feeds.importing.layouts import epoch_plan
from atms.feeds.importing.plan import Options, Plan
from atms.feeds.importing.sample import Sample


@dataclass(frozen=True)
class Preset:
    """One format.

    Attributes:
        summary: what it is, in a line.
        fits: whether a file is in it.
        plan: how such a file is read.
        named: whether its columns go by their names, so that ``columns`` can rename them; such a
            format is taken only where no other fits.
        kinds: the kinds of files in which it comes.
    """

    summary: str
    fits: Callable[[Sample], bool]
    plan: Callable[[Sample, Options], Plan]
    named: bool = False
    kinds: tuple[str, ...] = ("text",)


_TABLES = ("text", "parquet", "feather")
_FREQTRADE = ("json", "feather")
_PRESETS = {
    "plain": Preset(
        "CSV, Parquet or feather with named columns: a time, open, high, low, close, volume",
        named.is_bars, named.bars_plan, True, _TABLES,
    ),
    "yahoo": Preset("Yahoo Finance's daily CSV", layouts.YAHOO.fits, layouts.yahoo_plan),
    "binance": Preset(
        "Binance public data: klines, CSV or zip",
        layouts.BINANCE.fits, partial(epoch_plan, layouts.BINANCE),
    ),
    "binance_trades": Preset(
        "Binance public data: trades, made into bars",
        layouts.BINANCE_TRADES.fits, partial(epoch_plan, layouts.BINANCE_TRADES),
    ),
    "binance_aggtrades": Preset(
        "Binance public data: aggregate trades, made into bars",
        layouts.BINANCE_AGGTRADES.fits, partial(epoch_plan, layouts.BINANCE_AGGTRADES),
    ),
    "kraken": Preset(
        "Kraken's OHLCVT CSV", layouts.KRAKEN.fits, partial(epoch_plan, layouts.KRAKEN)
    ),
    "kraken_trades": Preset(
        "Kraken's trading history, made into bars",
        layouts.KRAKEN_TRADES.fits, partial(epoch_plan, layouts.KRAKEN_TRADES),
    ),
    "metatrader5": Preset(
        "MetaTrader 5's export of bars; needs the server's time zone",
        metatrader.is_metatrader, metatrader.metatrader_plan,
    ),
    "ninjatrader": Preset(
        "NinjaTrader's export of minutes or days", layouts.NINJATRADER.fits,
        layouts.ninjatrader_plan,
    ),
    "freqtrade": Preset(
        "freqtrade's candles: JSON or feather",
        freqtrade.is_candles, freqtrade.candles_plan, False, _FREQTRADE,
    ),
    "freqtrade_trades": Preset(
        "freqtrade's trades, JSON or feather, made into bars",
        freqtrade.is_trades, freqtrade.trades_plan, False, _FREQTRADE,
    ),
    "lean": Preset("a LEAN zip of trade or quote bars", lean.is_lean, lean.lean_plan),
    "trades": Preset(
        "CSV, Parquet or feather with named columns: a time, price and volume, made into bars",
        named.is_trades, named.trades_plan, True, _TABLES,
    ),
}  # fmt: skip
PRESETS: dict[str, str] = {name: preset.summary for name, preset in _PRESETS.items()}


def choose(sample: Sample, wanted: str, options: Options) -> str:
    """Return the name of the format that a file is in: the one that is *wanted*, if it is.

    Raises:
        UnknownName: there is no such format.
        ConfigError: columns are named for a format whose columns are fixed.
        DataError: the file is in another one, in none, or in more than one.
    """
    where = sample.file.where
    if wanted != "auto" and wanted not in _PRESETS:
        known = did_you_mean(wanted, PRESETS) or "; there are: auto, " + ", ".join(PRESETS)
        raise UnknownName(f"preset: there is no {wanted!r}{known}")
    found = [name for name, preset in _PRESETS.items() if preset.fits(sample)]
    if wanted == "auto":
        wanted = _only(found, options, sample)
    elif wanted not in found and not _goes_by_names(wanted, sample):
        like = f"; it looks like {' or '.join(found)}" if found else ""
        raise DataError(f"{where}: is not as {wanted} has it: {PRESETS[wanted]}{like}")
    if options.columns and not _PRESETS[wanted].named:
        raise ConfigError(f"columns: the columns of {wanted} are fixed; leave columns away")
    return wanted


def make_plan(sample: Sample, preset: str, options: Options) -> Plan:
    """Return how a file of that format is read.

    Raises:
        DataError: with file and row, for what is missing or wrong.
    """
    return _PRESETS[preset].plan(sample, options)


def _goes_by_names(wanted: str, sample: Sample) -> bool:
    """Return whether *wanted* goes by names: its reader then tells which one is missing."""
    preset = _PRESETS[wanted]
    return preset.named and sample.file.kind in preset.kinds


def _only(found: list[str], options: Options, sample: Sample) -> str:
    where = sample.file.where
    exact = [name for name in found if not _PRESETS[name].named]
    candidates = exact or found
    if not candidates and options.columns:
        return "trades" if "price" in options.columns else "plain"
    if not candidates:
        columns = f" (columns: {', '.join(sample.columns)})" if sample.columns else ""
        raise DataError(
            f"{where}: its format is not recognised{columns}; say which: preset: plain, or another "
            f"of: {', '.join(PRESETS)}"
        )
    if len(candidates) > 1:
        raise DataError(
            f"{where}: may be {' or '.join(candidates)}; say which: preset: {candidates[0]}"
        )
    return candidates[0]

"""MetaTrader 5: the window Symbols, Bars, Export. The format is described in :mod:`layouts`."""

from __future__ import annotations

from atms.feeds.bars import PRICES
from atms.feeds.importing import names
from atms.feeds.importing.clock import Clock, needed_zone
from atms.feeds.importing.plan import Options, Plan
from atms.feeds.importing.sample import Sample
from atms.feeds.importing.text import NUMBER, WORDS, TextSource

_READS = {
    **{f"<{name.upper()}>": name for name in PRICES},
    "<TICKVOL>": "volume",
    "<VOL>": "real_volume",
    "<SPREAD>": "spread_points",
}


def is_metatrader(sample: Sample) -> bool:
    """Return whether the header is that of an export of bars."""
    header = _header(sample)
    return header[:1] == ("<DATE>",) and {f"<{name.upper()}>" for name in PRICES} <= set(header)


def metatrader_plan(sample: Sample, options: Options) -> Plan:
    """Return the plan of an export: the trade server's times, and dates for days and longer.

    Raises:
        DataError: it has times, and no zone is stated.
    """
    header = _header(sample)
    times = tuple(name for name in ("<DATE>", "<TIME>") if name in header)
    zone = None
    if len(times) == 2:
        zone = needed_zone(
            options.timezone,
            sample.file.where,
            "its times are those of the broker's server, mostly New York's and 7 hours more "
            "(timezone: America/New_York+7h)",
        )
    reads = {_READS[name]: name for name in header if name in _READS}
    order = [*PRICES, "volume", "real_volume", "spread_points"]
    columns = {ours: reads[ours] for ours in order if ours in reads}
    types = dict.fromkeys(columns.values(), NUMBER) | dict.fromkeys(times, WORDS)
    return Plan(
        TextSource(sample.file, sample.lines[0], header, types, "\t"),
        Clock(times, "text", zone),
        columns,
        names.metatrader_name(sample.file.name),
    )


def _header(sample: Sample) -> tuple[str, ...]:
    return tuple(name.strip().upper() for name in sample.header("\t"))

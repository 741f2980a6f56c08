"""A file of another program's, opened: what it is, and its bars, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from atms.errors import ConfigError, DataError
from atms.feeds.importing.chunking import Chunk, chunks_of
from atms.feeds.importing.files import find_file, fingerprint
from atms.feeds.importing.lengths import bar_length
from atms.feeds.importing.names import stem
from atms.feeds.importing.plan import Options, Plan
from atms.feeds.importing.presets import choose, make_plan
from atms.feeds.importing.sample import take_sample
from atms.model import Timeframe

ORDERS = ("rising", "any")


@dataclass(frozen=True)
class Import:
    """A file whose format is known.

    Attributes:
        path: the file.
        preset: the format it is in.
        stamp: ``start`` or ``end``: what a bar's time is, if the format says so.
        timeframe: the length of a bar: as stated, or as the file's name or its first rows say.
        symbol_hint, venue_hint: what the file's name says.
        fingerprint: tells this content from another's; see :func:`files.fingerprint`.
        name: how errors and results call the bars.
        notes: what is left out of the whole file.
        order: ``rising`` or ``any``.
        plan: how its rows are read.
    """

    path: Path
    preset: str
    stamp: str | None
    timeframe: Timeframe
    symbol_hint: str | None
    venue_hint: str | None
    fingerprint: str
    name: str
    notes: tuple[str, ...]
    order: str = field(repr=False)
    plan: Plan = field(repr=False)

    def chunks(self, *, skip_rows: int = 0, rows: int = 200_000) -> Iterator[Chunk]:
        """Yield the bars in the file's order, about *rows* of its rows at a time.

        One chunk is in memory at a time, whatever the size of the file; JSON alone is read whole.
        Trades come as whole bars, the last one as far as the file goes. Rows in an hour that a
        zone's clocks show twice come in one chunk. A chunk may be without bars, where the format
        has rows without prices.

        Args:
            skip_rows: begin after that many rows: what ``Chunk.rows`` said of the last chunk that
                was kept. The chunks together are then the same bars as without a break.
            rows: how many rows of the file a chunk has, at most; more where they must stay
                together.

        Raises:
            DataError: with file and row: a row that cannot be read, or out of order.
        """
        if skip_rows < 0 or rows < 1:
            raise ValueError("skip_rows is 0 or more, rows 1 or more")
        yield from chunks_of(
            self.plan, self.name, self.timeframe, skip_rows, rows, rising=self.order == "rising"
        )


def open_import(
    path: str | Path,
    *,
    preset: str = "auto",
    timezone: str | None = None,
    timeframe: Timeframe | None = None,
    columns: Mapping[str, str] | None = None,
    symbol: str | None = None,
    market: str | None = None,
    member: str | None = None,
    extras: bool = True,
    order: str = "rising",
) -> Import:
    """Open a file; its first rows are read.

    Args:
        path: the file; .gz and .zip are unpacked on the way.
        preset: one of PRESETS; ``auto`` takes the one that the file is in.
        timezone: the zone of times that carry none; ``America/New_York+7h`` is a server whose
            clocks are 7 hours before New York's.
        timeframe: the length of a bar; for trades, of those that are made.
        columns: our name -> the file's, where columns go by names.
        symbol: how errors and results call the bars; default: as the file's name has it.
        market: of a LEAN zip that lies outside LEAN's folders: ``equity/usa``.
        member: which of a zip's files.
        extras: keep the columns of numbers that are no price and no volume, where columns go by
            names.
        order: ``rising``: a bar that is not later than the one before is an error; ``any``: bars
            come as they stand in the file, not for trades.

    Raises:
        ConfigError: an argument that is not as described.
        UnknownName: there is no such preset.
        DataError: no such file, one that cannot be read, whose format is another or is not
            recognised, or whose time zone or timeframe has to be stated.
    """
    if order not in ORDERS:
        raise ConfigError(f"order: {order!r}: write rising, or any")
    file = find_file(path, member)
    sample = take_sample(file)
    options = Options(timezone, columns or {}, market, extras)
    preset = choose(sample, preset, options)
    plan = make_plan(sample, preset, options)
    if plan.trades and timeframe is None:
        raise DataError(f"{file.where}: holds trades; say the bars to be made: timeframe: 1m")
    name = symbol or plan.hints.symbol or stem(file.name)
    return Import(
        path=file.path,
        preset=preset,
        stamp=plan.stamp,
        timeframe=bar_length(plan, timeframe),
        symbol_hint=plan.hints.symbol,
        venue_hint=plan.hints.venue,
        fingerprint=fingerprint(file),
        name=name,
        notes=tuple(f"{name}: {note}" for note in plan.notes),
        order=order,
        plan=plan,
    )

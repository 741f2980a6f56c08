"""Bars come back bit by bit, each once, in whatever pieces and order they were written."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import atms
from atms.feeds.raw import RawBars
from atms.ledger import blocks, read_bars, write_bars
from atms.ledger.bars import Series, Written
from atms.model import Timeframe
from tests.ledger.barrows import NAMES, Bars, bars_of, in_blocks, in_rows
from tests.ledger.making import HOUR, SERIES, bars
from tests.ledger.raw import EPOCH, count, stored
from tests.ledger.strategies import Busy

_numbers = itertools.count()
SMALL = 8  # bars of a full block where many blocks are wanted


def a_series() -> Series:
    """Return a series that no other test writes."""
    return Series("kraken", f"S{next(_numbers)}", Timeframe(1, "m"))


@contextmanager
def small_blocks() -> Iterator[None]:
    """Let a block be full soon; with the real size each of these tests would have one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_FULL", SMALL)
        yield


# ---- any pieces, in any order -------------------------------------------------------------------
@dataclass(frozen=True)
class Piece:
    """Bars that are written in one go."""

    raw: RawBars
    replace: bool


PRICE = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.1 + 0.2, -0.0, 5e-324])
)
VOLUME = st.one_of(st.just(float("nan")), st.floats(0, 1e300))
# Few stamps, so that pieces overlap: around 1970, and at its microsecond.
STAMPS = st.integers(-20, 20).map(lambda n: n * 60_000_000 + (n % 3))
EXTRAS = ("funding", "öpen int", "trades")


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    names = [*NAMES, *sorted(draw(st.sets(st.sampled_from(EXTRAS))))]
    # Most bars are as like as can be: all ones, or with one figure that is another.
    change = st.sampled_from(names).flatmap(
        lambda name: st.tuples(st.just(name), PRICE if name in NAMES[:4] else VOLUME)
    )
    made = draw(st.lists(st.tuples(STAMPS, st.lists(change, max_size=2)), min_size=1, max_size=25))
    rows = [dict.fromkeys(names, 1.0) | dict(changes) for _, changes in made]
    columns = {name: np.array([row[name] for row in rows]) for name in names}
    stamps = np.array([stamp for stamp, _ in made], dtype=np.int64)
    return Piece(RawBars("bars", "bars.csv", 1, stamps, columns), draw(st.booleans()))


def written(there: Bars, piece: Piece) -> Written:
    """Write a piece into *there*, as the ledger should; return what became of it."""
    added = known = different = 0
    for stamp, bar in bars_of(piece.raw).items():
        if stamp not in there:
            added += 1
            there[stamp] = bar
        # A column that the new bars do not have says nothing about them.
        elif all(there[stamp].get(name) == bar.get(name) for name in piece.raw.columns):
            known += 1
        else:
            different += 1
            if piece.replace:
                there[stamp] = bar
    return Written(added, known, different)


@settings(deadline=None, max_examples=25)
@given(made=st.lists(pieces(), min_size=1, max_size=5))
def test_bars_in_any_pieces_come_back_each_once(shared_url: str, made: list[Piece]) -> None:
    of, there = a_series(), Bars()
    with small_blocks():
        for piece in made:
            counted = write_bars(shared_url, of, piece.raw, replace=piece.replace)
            assert counted == written(there, piece)
    back = read_bars(shared_url, of)
    assert back.stamps.tolist() == sorted(there)
    assert bars_of(back) == there
    assert in_rows(shared_url, of) == there
    found = in_blocks(shared_url, of)
    assert {stamp: bar for block in found for stamp, bar in block.bars.items()} == there
    assert [stamp for block in found for stamp in block.bars] == sorted(there)
    for block in found:
        assert (block.first, block.last) == (min(block.bars), max(block.bars))
        assert block.count == len(block.bars) <= SMALL


def test_every_float_comes_back_bit_by_bit(shared_url: str) -> None:
    rng = np.random.default_rng(5)
    bits = rng.integers(0, 2**64, 40_000, dtype=np.uint64).view(np.float64)
    values = bits[np.isfinite(bits)][:30_000].reshape(5, -1)
    assert (np.abs(values) < 1e-307).any()
    assert (np.abs(values) > 1e300).any()
    made = bars(values.shape[1])
    raw = replace(made, columns=dict(zip(NAMES, values, strict=True)))
    of = a_series()
    write_bars(shared_url, of, raw)
    back = read_bars(shared_url, of)
    for name, column in raw.columns.items():
        assert back.columns[name].tobytes() == column.tobytes(), name
    assert in_rows(shared_url, of) == bars_of(raw)


# ---- ranges -------------------------------------------------------------------------------------
@settings(deadline=None, max_examples=25)
@given(bounds=st.lists(st.one_of(st.none(), st.integers(-3, 63)), min_size=2, max_size=2))
def test_a_range_is_from_its_start_to_before_its_end(
    shared_url: str, bounds: list[int | None]
) -> None:
    of = Series("kraken", "RANGE", Timeframe(1, "h"))
    whole = bars(30)
    write_bars(shared_url, of, whole)
    first = EPOCH + timedelta(microseconds=int(whole.stamps[0]))
    # Half an hour each: on a bar, or between two.
    start, end = (
        None if bound is None else first + bound * timedelta(minutes=30) for bound in bounds
    )
    back = read_bars(shared_url, of, start, end)
    inside = {stamp: bar for stamp, bar in bars_of(whole).items() if within(stamp, start, end)}
    assert bars_of(back) == inside
    assert back.stamps.tolist() == sorted(inside)


def within(stamp: int, start: datetime | None, end: datetime | None) -> bool:
    moment = EPOCH + timedelta(microseconds=stamp)
    return (start is None or moment >= start) and (end is None or moment < end)


# ---- columns ------------------------------------------------------------------------------------
@pytest.mark.parametrize("absent", ["all", "every third", "none"])
def test_a_volume_that_is_absent_is_null_and_comes_back_as_none(
    shared_url: str, absent: str
) -> None:
    raw, of = bars(30), a_series()
    gone = {"all": slice(None), "every third": slice(None, None, 3), "none": slice(0)}[absent]
    raw.columns["volume"][gone] = np.nan
    write_bars(shared_url, of, raw)
    back = read_bars(shared_url, of).columns["volume"]
    assert np.array_equal(back, raw.columns["volume"], equal_nan=True)
    found = stored(
        shared_url,
        "SELECT count(*) - count(volume) FROM bars JOIN series ON id = series_id "
        f"WHERE symbol = '{of.symbol}'",
    )
    assert found == [(np.isnan(raw.columns["volume"]).sum(),)]


def test_further_columns_are_kept_where_bars_have_them(shared_url: str) -> None:
    of = a_series()
    funding = np.where(np.arange(10) % 2, 0.1 + 0.2, np.nan)
    for raw in (bars(10), bars(10, start=10, funding=funding), bars(10, start=20, trades=[7] * 10)):
        write_bars(shared_url, of, raw)
    back = read_bars(shared_url, of)
    none = [np.nan] * 10
    expected = {"funding": [*none, *funding, *none], "trades": [*none, *none, *[7.0] * 10]}
    for name, values in expected.items():
        assert np.array_equal(back.columns[name], values, equal_nan=True)
    assert list(back.columns) == [*NAMES, "funding", "trades"]


def test_a_column_that_comes_later_makes_the_bars_different(shared_url: str) -> None:
    of, raw = a_series(), bars(10)
    write_bars(shared_url, of, raw)
    richer = bars(10, funding=[0.5] * 10)
    assert write_bars(shared_url, of, richer) == Written(different=10)
    assert write_bars(shared_url, of, richer, replace=True) == Written(different=10)
    assert (
        write_bars(shared_url, of, richer) == write_bars(shared_url, of, raw) == Written(known=10)
    )
    assert read_bars(shared_url, of).columns["funding"].tolist() == [0.5] * 10


# ---- blocks -------------------------------------------------------------------------------------
def test_bars_that_come_one_by_one_fill_their_block(shared_url: str) -> None:
    of, whole = a_series(), bars(3 * SMALL + 2)
    with small_blocks():
        for place in range(len(whole)):
            assert write_bars(shared_url, of, whole.take(np.array([place]))) == Written(added=1)
    assert [block.count for block in in_blocks(shared_url, of)] == [SMALL, SMALL, SMALL, 2]
    assert bars_of(read_bars(shared_url, of)) == bars_of(whole)


def test_a_hundred_thousand_bars_are_few_blocks_and_come_back(shared_url: str) -> None:
    of, whole = a_series(), bars(120_000)
    assert write_bars(shared_url, of, whole) == Written(added=120_000)
    back = read_bars(shared_url, of)
    assert np.array_equal(back.stamps, whole.stamps)
    assert all(np.array_equal(back.columns[name], whole.columns[name]) for name in NAMES)
    assert len(in_blocks(shared_url, of)) == 3
    series = f"SELECT id FROM series WHERE symbol = '{of.symbol}'"
    assert count(shared_url, f"bars WHERE series_id = ({series})") == 120_000


def test_a_hole_that_is_filled_later_is_no_seam(shared_url: str) -> None:
    of, whole = a_series(), bars(300)
    for part in (slice(200, 300), slice(0, 100), slice(95, 205)):
        write_bars(shared_url, of, whole.take(np.arange(300)[part]))
    back = read_bars(shared_url, of)
    assert np.array_equal(np.diff(back.stamps), [HOUR] * 299)
    assert bars_of(back) == bars_of(whole)


# ---- as a feed ----------------------------------------------------------------------------------
def test_a_run_on_bars_of_the_ledger_is_the_run_on_the_frame(
    url: str, frame: Callable[..., pd.DataFrame]
) -> None:
    made = frame(200)
    stamps = made.index.as_unit("us").asi8
    columns = {name: made[name].to_numpy() for name in NAMES}
    write_bars(url, SERIES, RawBars("f", "f", 0, stamps, columns, Timeframe(1, "h"), stamp="start"))
    same: dict[str, Any] = {"cash": 100_000, "commission": 0.001, "ledger__url": url}
    kept = {"source": str(SERIES), "name": "data"}
    there = atms.backtest(Busy, data=kept, **same)
    given = atms.backtest(Busy, data={"source": made, "stamp": "start"}, **same)
    assert len(there.fills) > 5
    pd.testing.assert_frame_equal(there.equity, given.equity)
    for name in ("size", "price", "ts"):
        assert there.fills[name].tolist() == given.fills[name].tolist()

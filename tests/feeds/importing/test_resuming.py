"""A file is the same bars however it is cut, and an import that was cut off goes on exactly."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atms.feeds.importing import Chunk, Import
from tests.feeds.importing.vendors import CASES, EVERY, Read, joined, opened, read

_FOLDER = tempfile.TemporaryDirectory()


@cache
def whole(name: str) -> tuple[Import, Read]:
    """Return a case's file and its bars in one chunk."""
    found = opened(EVERY[name][1], Path(_FOLDER.name) / name.replace(" ", "_"))
    return found, read(found)


def same(one: Read, other: Read) -> bool:
    """Compare bit by bit; a missing value is NaN in both."""
    return (
        one.stamps == other.stamps
        and list(one.columns) == list(other.columns)
        and all(
            np.array_equal(np.array(values).view(np.uint64), np.array(theirs).view(np.uint64))
            for values, theirs in zip(one.columns.values(), other.columns.values(), strict=True)
        )
    )


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
@settings(max_examples=8, deadline=None, derandomize=True)
def test_a_file_is_the_same_bars_however_it_is_cut(name: str, data: st.DataObject) -> None:
    found, expected = whole(name)
    assert same(read(found, rows=data.draw(st.integers(1, 70))), expected)


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
@settings(max_examples=8, deadline=None, derandomize=True)
def test_an_import_that_was_cut_off_goes_on_exactly(name: str, data: st.DataObject) -> None:
    found, expected = whole(name)
    before = list(found.chunks(rows=data.draw(st.integers(1, 70), label="rows before")))
    kept = before[: data.draw(st.integers(0, len(before)), label="chunks kept")]
    skip = kept[-1].rows if kept else 0
    after = list(found.chunks(skip_rows=skip, rows=data.draw(st.integers(1, 70), label="after")))
    assert same(joined([*kept, *after]), expected)


@pytest.mark.parametrize("name", EVERY)
def test_a_finished_import_has_nothing_more(name: str) -> None:
    found, expected = whole(name)
    assert list(found.chunks(skip_rows=expected.chunks[-1].rows)) == []


@pytest.mark.parametrize("name", EVERY)
def test_progress_rises_to_the_end(name: str) -> None:
    found, _ = whole(name)
    chunks = list(found.chunks(rows=9))
    rows, done = [c.rows for c in chunks], [c.done for c in chunks]
    assert rows == sorted(set(rows))
    assert done == sorted(done)
    assert done[-1] == 1
    assert 0 < done[0] <= 1


def test_progress_of_text_is_by_bytes() -> None:
    found, _ = whole("plain")
    size = found.path.stat().st_size
    first = next(found.chunks(rows=20))
    lines = found.path.read_bytes().splitlines(keepends=True)
    assert first.done == pytest.approx(sum(map(len, lines[:21])) / size)


def test_a_bars_ticks_all_count_or_none() -> None:
    """A kill in the middle of a bar: its trades are read again from the bar's first one."""
    found, expected = whole("trades")
    chunks = list(found.chunks(rows=5))
    assert len(chunks) == 7
    ticks = [9, 18, 26, 35, 43, 52, 60]  # one every 7 seconds: how many before each minute
    assert [c.rows for c in chunks] == ticks
    assert [c.raw.first_row for c in chunks] == [2 + row for row in [0, *ticks[:-1]]]
    again = [c.raw.columns["volume"][0] for c in found.chunks(skip_rows=18, rows=5)]
    assert again == expected.columns["volume"][2:]


def test_rows_of_a_chunk_are_lines_of_the_file() -> None:
    found, _ = whole("plain")
    chunks: list[Chunk] = list(found.chunks(rows=10))
    assert [c.raw.first_row for c in chunks] == [2, 12, 22, 32, 42, 52]
    found, _ = whole("plain, parquet")
    assert [c.raw.first_row for c in found.chunks(rows=25)] == [0, 25, 50]
    found, _ = whole("kraken")
    assert [c.raw.first_row for c in found.chunks(rows=30)] == [1, 31]


def test_numbers_that_make_no_sense_are_refused() -> None:
    found, _ = whole("plain")
    with pytest.raises(ValueError, match="rows 1 or more"):
        next(found.chunks(rows=0))


def test_an_import_is_what_its_name_says_for_every_preset(tmp_path: Path) -> None:
    for name, case in CASES.items():
        assert opened(case, tmp_path).preset == name

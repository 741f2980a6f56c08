"""Series of bars: what is refused, what an import remembers, what two programs do at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from atms.errors import DataError, LedgerError
from atms.feeds.raw import RawBars
from atms.ledger import import_mark, list_series, read_bars, write_bars
from atms.ledger.bars import Mark, Series, Written
from atms.model import Timeframe
from tests.ledger.barrows import bars_of, in_blocks, in_rows
from tests.ledger.making import HOUR, SERIES, bars
from tests.ledger.processes import at_once, processes
from tests.ledger.raw import EPOCH, count, counts, execute, is_sqlite, stored
from tests.ledger.work import keep_bars, keep_bars_and_stop

NO_STAMP = replace(SERIES, stamp=None)


# ---- what bars are stamped at -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("there", "new"), [("start", "end"), ("end", "start"), (None, "start"), (None, "end")]
)
def test_bars_of_another_stamp_are_refused_and_nothing_of_them_is_kept(
    url: str, there: str | None, new: str
) -> None:
    write_bars(url, replace(SERIES, stamp=there), bars(5))
    before = counts(url)
    mark = Mark("file", 9)
    with pytest.raises(DataError, match=rf"{SERIES}: .*stamped at their .*{new}; .*another"):
        write_bars(url, replace(SERIES, stamp=new), bars(9), mark=mark)
    assert counts(url) == before
    assert import_mark(url, SERIES, "file") is None


@pytest.mark.parametrize("there", ["start", "end", None])
def test_bars_that_do_not_say_their_stamp_are_taken_for_what_is_there(
    url: str, there: str | None
) -> None:
    whole = bars(9)
    write_bars(url, replace(SERIES, stamp=there), whole.take(np.arange(5)))
    assert write_bars(url, NO_STAMP, whole) == Written(added=4, known=5)
    assert read_bars(url, NO_STAMP).stamp == there


def test_timeframes_venues_and_symbols_are_series_of_their_own(url: str) -> None:
    others = [
        SERIES,
        replace(SERIES, timeframe=Timeframe(60, "m")),
        replace(SERIES, venue="sim"),
        replace(SERIES, symbol="BTC/USD:USDC", stamp="end"),
    ]
    for place, of in enumerate(others, start=1):
        assert write_bars(url, of, bars(place)) == Written(added=place)
    assert [len(read_bars(url, of)) for of in others] == [1, 2, 3, 4]
    assert [Series.parse(str(of)) for of in others] == [replace(of, stamp=None) for of in others]


def test_the_list_says_what_is_there_and_from_when_to_when(url: str) -> None:
    assert list_series(url) == []
    raw = bars(7)
    write_bars(url, SERIES, raw)
    (row,) = list_series(url)
    assert row.pop("id") > 0
    assert row == {
        "venue": "kraken",
        "symbol": "BTC/USD",
        "timeframe": "1h",
        "stamp": "start",
        "bars": 7,
        "first": EPOCH + timedelta(microseconds=int(raw.stamps[0])),
        "last": EPOCH + timedelta(microseconds=int(raw.stamps[-1])),
    }


# ---- what is refused ----------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["open", "high", "low", "close"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_bar_without_a_price_is_refused_with_its_row(url: str, name: str, value: float) -> None:
    raw = bars(5)
    raw.columns[name][3] = value
    with pytest.raises(DataError, match=rf"bars\.csv: row 4: {name} is missing or infinite"):
        write_bars(url, SERIES, raw)
    assert count(url, "series") == count(url, "bars") == 0


def test_a_series_that_is_not_there_is_named_with_one_that_is_like_it(url: str) -> None:
    write_bars(url, SERIES, bars(2))
    typo = replace(SERIES, symbol="BTC/UDS")
    with pytest.raises(DataError, match=r"ledger:kraken:BTC/UDS:1h: .*mean 'ledger:kraken:BTC/USD"):
        read_bars(url, typo)


def test_bars_are_looked_for_in_a_database_without_tables(bare_url: str) -> None:
    with pytest.raises(DataError, match="is not in the ledger"):
        read_bars(bare_url, SERIES)
    assert list_series(bare_url) == []
    assert import_mark(bare_url, SERIES, "file") is None
    assert not Path("atms.db").exists()


def test_the_first_bars_make_the_tables(bare_url: str) -> None:
    assert write_bars(bare_url, SERIES, bars(3)) == Written(added=3)
    assert count(bare_url, "bars") == 3


# ---- how far an import has come -----------------------------------------------------------------
def test_a_mark_is_kept_with_its_bars_and_moves_on(url: str) -> None:
    assert import_mark(url, SERIES, "file") is None
    write_bars(url, SERIES, bars(5), mark=Mark("file", 5))
    write_bars(url, SERIES, bars(3), mark=Mark("other", 3))
    assert import_mark(url, SERIES, "file") == Mark("file", 5)
    write_bars(url, SERIES, bars(5, start=5), mark=Mark("file", 10))
    nothing = bars(5).take(np.zeros(0, dtype=np.int64))
    assert write_bars(url, SERIES, nothing, mark=Mark("file", 10, finished=True)) == Written()
    assert import_mark(url, SERIES, "file") == Mark("file", 10, finished=True)
    assert import_mark(url, SERIES, "other") == Mark("other", 3)
    assert import_mark(url, replace(SERIES, venue="sim"), "file") is None


def test_bars_that_the_database_refuses_leave_no_mark(url: str) -> None:
    write_bars(url, SERIES, bars(5), mark=Mark("file", 5))
    # The next bar's row is there already, and the blocks do not know it.
    if is_sqlite(url):
        ts = str(bars(1, start=5).stamps[0])
    else:
        ts = f"to_timestamp({bars(1, start=5).stamps[0] // 10**6})"
    execute(
        url,
        "INSERT INTO bars (series_id, ts, open, high, low, close) "
        f"SELECT series_id, {ts}, 1, 1, 1, 1 FROM bars LIMIT 1",
    )
    before = counts(url)
    with pytest.raises(LedgerError, match=r"UNIQUE|duplicate key"):
        write_bars(url, SERIES, bars(5, start=5), mark=Mark("file", 10))
    assert counts(url) == before
    assert import_mark(url, SERIES, "file") == Mark("file", 5)
    assert len(read_bars(url, SERIES)) == 5


# ---- two programs at once -----------------------------------------------------------------------
def chunks(whole: RawBars, size: int, name: str) -> list[tuple[RawBars, Mark]]:
    parts = [np.arange(at, min(at + size, len(whole))) for at in range(0, len(whole), size)]
    return [(whole.take(part), Mark(name, int(part[-1]) + 1)) for part in parts]


def assert_whole(url: str, whole: RawBars) -> None:
    """See that rows and blocks hold the bars, each once."""
    there = bars_of(whole)
    assert count(url, "bars") == len(there)
    assert in_rows(url, SERIES) == there
    found = in_blocks(url, SERIES)
    assert [stamp for block in found for stamp in block.bars] == sorted(there)
    assert bars_of(read_bars(url, SERIES)) == there


@pytest.mark.parametrize("first_use", [False, True], ids=["a known series", "a new series"])
def test_two_programs_that_import_a_series_at_once_add_each_bar_once(
    url: str, first_use: bool
) -> None:
    if not first_use:
        write_bars(url, SERIES, bars(0))
    whole = bars(400)
    totals = at_once(
        (keep_bars, url, SERIES, chunks(whole, 30, "one")),
        (keep_bars, url, SERIES, chunks(whole, 50, "other")),
    )
    assert sum(totals, Written()) == Written(added=400, known=400)
    assert_whole(url, whole)
    assert import_mark(url, SERIES, "one") == Mark("one", 400)
    assert import_mark(url, SERIES, "other") == Mark("other", 400)


def test_two_programs_that_import_other_halves_at_once_lose_no_bar(url: str) -> None:
    whole = bars(400)
    odd, even = (whole.take(np.arange(start, 400, 2)) for start in (1, 0))
    totals = at_once(
        (keep_bars, url, SERIES, chunks(odd, 20, "odd")),
        (keep_bars, url, SERIES, chunks(even, 20, "even")),
    )
    assert totals == [Written(added=200), Written(added=200)]
    assert_whole(url, whole)


def test_an_import_that_is_killed_before_a_commit_goes_on_where_it_was(url: str) -> None:
    whole = bars(300)
    made = chunks(whole, 100, "file")
    with processes((keep_bars_and_stop, url, SERIES, made, 2)) as (importing,):
        importing.say()
        assert importing.hear() == "stopped"
        importing.kill()
    mark = import_mark(url, SERIES, "file")
    assert mark == Mark("file", 100)
    assert_whole(url, whole.take(np.arange(100)))
    assert keep_bars(None, url, SERIES, made[1:]) == Written(added=200)
    assert_whole(url, whole)
    assert np.diff(read_bars(url, SERIES).stamps).tolist() == [HOUR] * 299


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # SQLite has one writer
def test_bars_of_one_series_do_not_wait_for_those_of_another(url: str) -> None:
    other = replace(SERIES, symbol="ETH/USD")
    made = chunks(bars(300), 100, "file")
    with processes((keep_bars_and_stop, url, SERIES, made, 1)) as (importing,):
        importing.say()
        assert importing.hear() == "stopped"
        assert write_bars(url, other, bars(5)) == Written(added=5)
    assert stored(url, "SELECT symbol FROM series") == [("ETH/USD",)]

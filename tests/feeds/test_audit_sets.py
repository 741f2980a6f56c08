"""The audit on real bars: the flaws that are known of them, and none in sets that are clean.

What is known of the unbundled sets stands in the table of ../shared/data/README.md.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from atms.feeds.audit import Audit, compare, examine
from atms.feeds.raw import RawBars
from atms.feeds.reading import read_raw
from atms.feeds.sources import sample_names

# Tables without four prices: the column that is looked at instead.
ONE_COLUMN = {
    "dex/GMXV2_arbitrum_ETH_1m_2025-12.parquet": "indexPrice",
    "crypto_futures/XRPUSDT_8h_funding.parquet": "funding_rate",
}
AROUND_THE_CLOCK = [
    "crypto_spot/BTCUSD_1h_coinbase_2017-2019.parquet",
    "crypto_spot/UNITTESTBTC_1m_2017-11.parquet",
    "crypto_spot/ETHBTC_5m_2018-01.parquet",
    "crypto_spot/ADABTC_5m_2018-01.parquet",
    "crypto_spot/XRPETH_1m_2019-10.parquet",
    "crypto_spot/BTCUSD_1m_coinbase_2017-2018.parquet",
    "crypto_spot/BTCUSD_1d_coinbase_2014-2018.csv",
    "crypto_futures/BTCPERP_1m_2022-01.parquet",
    "crypto_futures/TOKENUSDT_1h_2023-2024_funding.parquet",
    "crypto_futures/XRPUSDT_5m_futures.parquet",
    "crypto_futures/XRPUSDT_1h_futures.parquet",
    "crypto_futures/XRPUSDT_1h_mark.parquet",
    "crypto_futures/XRPUSDT_8h_mark.parquet",
    "crypto_futures/XRPUSDT_8h_funding.parquet",
    "dex/UNIV3_polygon_WETHUSDC_1m_2023-08.parquet",
    "dex/GMXV2_arbitrum_ETH_1m_2025-12.parquet",
]


def read(path: Path, folder: Path | None = None) -> RawBars:
    column = ONE_COLUMN.get(str(path.relative_to(folder))) if folder else None
    named = dict.fromkeys(("open", "high", "low", "close"), column) if column else {}
    columns = {ours: theirs for ours, theirs in named.items() if theirs}
    return read_raw(path, name="x", columns=columns)


def problems(audit: Audit) -> dict[str, int]:
    return {one.check: one.count for one in audit.problems()}


def detail(audit: Audit, check: str) -> str:
    return next(one.detail for one in audit.findings if one.check == check)


def count(audit: Audit, check: str) -> int:
    return next(one.count for one in audit.findings if one.check == check)


@cache
def table(readme: Path) -> dict[str, str]:
    """Return file -> its row in the table of sets."""
    rows = [line for line in readme.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    return {row.split("|")[1].strip(): row for row in rows}


@pytest.mark.parametrize("name", AROUND_THE_CLOCK)
def test_gaps_of_a_market_around_the_clock_are_those_of_the_table(
    name: str, shared_data: Path
) -> None:
    row = table(shared_data / "README.md")[name]
    gaps = re.search(r"gaps (\d+)(?: \((\d+) steps missing)?", row)
    assert gaps
    audit = examine(read(shared_data / name, shared_data), calendar="24/7")
    assert count(audit, "gaps") == int(gaps[2] or 0)
    if int(gaps[1]):
        words = "one gap" if gaps[1] == "1" else f"in {gaps[1]} gaps"
        assert words in detail(audit, "gaps")


@pytest.mark.parametrize("name", [name for name in AROUND_THE_CLOCK if name not in ONE_COLUMN])
def test_zero_volumes_flat_bars_and_closes_out_of_range_are_those_of_the_table(
    name: str, shared_data: Path
) -> None:
    row = table(shared_data / "README.md")[name]
    audit = examine(read(shared_data / name))
    for words, checks in (
        (r"bad OHLC (\d+)", ("high_below_low", "open_outside", "close_outside")),
        (r"zero vol (\d+)", ("zero_volume",)),
        (r"flat bars \(h==l\) (\d+)", ("flat_bars",)),
    ):
        told = re.search(words, row)
        assert sum(count(audit, check) for check in checks) == (int(told[1]) if told else 0), words


# What each set comes to by itself: the calendar found from its rhythm, and all that is wrong.
# Counts around the clock, zero volumes and bars out of range are the table's; the others:
#
# EURUSD_1h_2007-2018, fx. Every bar missing between two stamps, New York time, without the
# sessions of 25 December and 1 January (17:00 the day before to 17:00), which may be closed:
#   2007-01-08 18:00 to 01-09 15:00                       22
#   2012-12-24 14:00-16:00, 12-25 17:00 to 12-26 07:00    18
#   2012-12-31 14:00-16:00, 2013-01-01 17:00-23:00        10
#   14:00-16:00 on 24 and 31 December 2013, 2014, 2015    18
#   2015-08-20 15:00-23:00                                 9
#   2016-12-11 17:00 to 12-15 23:00, the missing week    103
#   2016-12-25 17:00 to 12-26 17:00 (25 is a Sunday)      25
#   2016-12-30 14:00-16:00, 2017-01-01 17:00 to 01-02     28
#   Fridays 2017-03-31, 2017-10-06 and 2018-06-08         51   (17 each)
#   17:00-18:00 on 2017-12-25 and 2018-01-01               4
#   2018-10-28 17:00-19:00                                 3
#   2018-12-25 17:00 to 12-26 18:00                       26
#   together 317, in 20 gaps.
# EURUSD_1h_2017_ask, fx: of its 52 gaps 51 are weekends, and one is 25 December.
# GBPUSD_1m, fx: 11644 steps in 111 gaps by the table. Four weekends take 4 x 2880 = 11520, and
#   124 are left. One weekend lies exactly between Friday's last and Sunday's first minute.
# SPY_1m, XNYS: each of 20 sessions has its 390 minutes; those before and after do not count.
# 6EH4_1m, CMES: 13263 steps by the table. 18 daily rests of 60 minutes and 4 weekends of 2940
#   take 1080 + 11760 = 12840, and 423 are left. On 15 January (Martin Luther King's day) the
#   calendar closes at 13:00 New York, and after it 155 of 240 minutes have bars: 85 do not count.
# XAUUSD_30m, CMES. In the weeks in which New York has summer time and Europe has not, its clock
#   is an hour early (it was taken for New York's + 7 h and followed Europe's summer), and
#   gaps are counted with it set right, New York time:
#   New Year's Eves 2020 and 2021, 14:00-16:30             12
#   19 June, closed from 14:30, in 2022 to 2025            20
#   2021-06-14 .. 06-18, in four places                     7
#   2021-09-24 11:30-14:00                                  6
#   2025-01-06, 01-07, 05-26: 5 + 1 + 2                     8
#   2025-07-02 20:30 to 07-03 04:30, 07-03 21:30 on        28   (17 and 11)
#   2025-10-23, 12-23, 12-28, 2026-02-26: 3 + 1 + 1 + 8    13
#   2026-03-08 .. 03-10, when its clock was right           6   (2 + 2 + 2)
#   together 100, in 23 gaps. 9 January 2025 was a day of mourning: stocks were closed, and so is
#   the calendar; gold was traded.
# BTCUSD_1d: closes 260, 130 and 204.22 on 13 to 15 January 2015: -50 % and +57 %.
SETS: dict[str, tuple[str, dict[str, int]]] = {
    "equity_daily/SPY.csv": ("XNYS", {}),
    "equity_daily/SPY_yahoo_adj.csv": ("XNYS", {"open_outside": 2}),
    "equity_daily/GOOG.csv": ("XNYS", {}),
    "equity_daily/MSFT.csv": ("XNYS", {"zero_volume": 506}),
    "equity_daily/GLD.csv": ("XNYS", {}),
    "equity_daily/GDX.csv": ("XNYS", {}),
    "equity_minute/SPY_1m_2011-01.parquet": ("XNYS", {}),
    "fx_minute/GBPUSD_1m_2012-02_bidask.parquet": ("fx", {"gaps": 124}),
    "fx_hour/EURUSD_1h_2007-2018_oanda.parquet": ("fx", {"gaps": 317}),
    "fx_hour/EURUSD_1h_2017_ask.parquet": ("fx", {}),
    "metals/XAUUSD_30m_2020-2026.parquet": (
        "CMES",
        {"gaps": 100, "closed_days": 46, "time_zone": 4387},
    ),
    "futures/6EH4_1m_2024-01.parquet": ("CMES", {"gaps": 338}),
    "crypto_spot/BTCUSD_1h_coinbase_2017-2019.parquet": ("24/7", {"zero_volume": 28}),
    "crypto_spot/UNITTESTBTC_1m_2017-11.parquet": ("24/7", {"gaps": 717}),
    "crypto_spot/ETHBTC_5m_2018-01.parquet": ("24/7", {}),
    "crypto_spot/ADABTC_5m_2018-01.parquet": ("24/7", {"gaps": 40}),
    "crypto_spot/XRPETH_1m_2019-10.parquet": ("24/7", {"gaps": 1091}),
    "crypto_spot/BTCUSD_1m_coinbase_2017-2018.parquet": ("24/7", {"gaps": 775257}),
    "crypto_spot/BTCUSD_1d_coinbase_2014-2018.csv": ("24/7", {"gaps": 34, "jumps": 2}),
    "crypto_futures/BTCPERP_1m_2022-01.parquet": ("24/7", {}),
    "crypto_futures/TOKENUSDT_1h_2023-2024_funding.parquet": ("24/7", {"zero_volume": 1}),
    "crypto_futures/XRPUSDT_5m_futures.parquet": ("24/7", {}),
    "crypto_futures/XRPUSDT_1h_futures.parquet": ("24/7", {}),
    "crypto_futures/XRPUSDT_1h_mark.parquet": ("24/7", {}),
    "crypto_futures/XRPUSDT_8h_mark.parquet": ("24/7", {}),
    "dex/UNIV3_polygon_WETHUSDC_1m_2023-08.parquet": (
        "24/7",
        {"gaps": 1, "close_outside": 89, "zero_volume": 1887},
    ),
}


@pytest.mark.parametrize("name", SETS)
def test_the_audit_finds_what_is_known_of_a_set_and_nothing_else(
    name: str, shared_data: Path
) -> None:
    calendar, known = SETS[name]
    audit = examine(read(shared_data / name))
    assert audit.calendar.startswith(f"{calendar} (guessed: ")
    assert problems(audit) == known


def test_the_details_name_the_largest_gap_and_the_first(shared_data: Path) -> None:
    audit = examine(read(shared_data / "crypto_spot/ADABTC_5m_2018-01.parquet"))
    found = audit.problems()[0]
    assert found.first == "2018-01-15T10:05:00Z, row 1502"
    assert found.detail == (
        "40 bars missing in 5 gaps, the largest 33 bars (2.8 h) after 2018-01-15T11:55:00Z"
    )
    euro = examine(read(shared_data / "fx_hour/EURUSD_1h_2007-2018_oanda.parquet"))
    assert detail(euro, "gaps") == (
        "317 bars missing in 20 gaps, the largest 103 bars (6.3 days) after 2016-12-09T21:00:00Z"
    )
    pound = examine(read(shared_data / "fx_minute/GBPUSD_1m_2012-02_bidask.parquet"))
    assert "in 110 gaps" in detail(pound, "gaps")


def test_the_weeks_in_which_golds_clock_is_off_are_those_between_two_changes(
    shared_data: Path,
) -> None:
    raw = read(shared_data / "metals/XAUUSD_30m_2020-2026.parquet")
    audit = examine(raw)
    found = next(one for one in audit.findings if one.check == "time_zone")
    assert found.first == "2021-03-14T21:00:00Z, row 3914"  # New York's clocks changed that day
    assert "fit CMES only when moved by +1 h" in found.detail


def test_the_end_of_the_bar_that_stamps_are_is_seen_where_a_session_ends(
    shared_data: Path,
) -> None:
    for name, end in (
        ("equity_minute/SPY_1m_2011-01.parquet", "end"),
        ("futures/6EH4_1m_2024-01.parquet", "end"),
        ("fx_hour/EURUSD_1h_2007-2018_oanda.parquet", "start"),
        ("fx_minute/GBPUSD_1m_2012-02_bidask.parquet", "start"),
    ):
        raw = read(shared_data / name)
        other = {"end": "start", "start": "end"}[end]
        assert "bar_stamp" not in problems(examine(raw, stamp=end)), name
        assert problems(examine(raw, stamp=other))["bar_stamp"] == len(raw), name


def test_two_sources_of_spy_disagree_as_the_table_says(shared_data: Path) -> None:
    one = read(shared_data / "equity_daily/SPY.csv")
    other = read(shared_data / "equity_daily/SPY_yahoo_adj.csv")
    found = compare(one, other)
    assert (found.verdict, found.count) == ("warn", 76)
    assert found.detail == (
        "76 of 2519 common bars close more than 1 bp apart, the largest 36.2 bp at "
        "2008-10-10T00:00:00Z"
    )


@pytest.mark.parametrize("name", sample_names())
def test_no_bundled_bars_fail(name: str) -> None:
    audit = examine(read_raw(f"sample:{name}", name=name))
    assert audit.verdict != "fail"
    allowed = {"gaps", "zero_volume", "open_outside", "close_outside"}
    assert set(problems(audit)) <= allowed

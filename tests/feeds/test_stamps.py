"""Our microseconds and Backtrader's float days are the same moments, to the last bit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import backtrader as bt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from atms.feeds.stamps import to_days, to_micros

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = -62_135_596_800_000_000  # 0001-01-01 00:00
LAST = 253_402_300_799_999_999  # 9999-12-31 23:59:59.999999
DAY = 86_400_000_000


def backtraders(stamps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what Backtrader itself makes of each stamp."""
    return np.array(
        [bt.date2num((EPOCH + timedelta(microseconds=int(s))).replace(tzinfo=None)) for s in stamps]
    )


def assert_same_bits(stamps: NDArray[np.int64]) -> None:
    ours, theirs = to_days(stamps), backtraders(stamps)
    different = np.flatnonzero(ours.view(np.int64) != theirs.view(np.int64))
    assert stamps[different].tolist() == []


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(FIRST, LAST), min_size=1, max_size=20))
def test_any_stamp_is_backtraders_number(stamps: list[int]) -> None:
    assert_same_bits(np.array(stamps, dtype=np.int64))


def test_many_stamps_of_our_time_are_backtraders_numbers() -> None:
    rng = np.random.default_rng(20_181_231)
    assert_same_bits(rng.integers(0, 80 * 365 * DAY, 100_000))


@pytest.mark.parametrize("unit", [1000, 1_000_000, 60_000_000, 3_600_000_000, DAY])
def test_round_stamps_are_backtraders_numbers(unit: int) -> None:
    # Bars stand on whole units, where the quotients of hour, minute and second round the most.
    rng = np.random.default_rng(unit)
    assert_same_bits(rng.integers(-40 * 365 * DAY, 80 * 365 * DAY, 10_000) // unit * unit)


def test_every_minute_of_a_day_is_backtraders_number() -> None:
    assert_same_bits(np.arange(1440) * 60_000_000 + 17_532 * DAY)


@pytest.mark.parametrize(
    "stamp", [FIRST, FIRST + 1, -DAY, -DAY + 1, -1, 0, 1, DAY - 1, DAY, LAST - 1, LAST]
)
def test_an_edge_is_backtraders_number(stamp: int) -> None:
    assert_same_bits(np.array([stamp], dtype=np.int64))


def near_the_middle() -> NDArray[np.int64]:
    """Return stamps of our time that lie all but in the middle between two float days.

    Float days are 2**-33 apart there, so what a float cannot hold of a stamp is stamp * 2**33
    modulo DAY, in units of 2**-33 / DAY of a day; the middle is DAY / 2. DAY is 2**13 * 10546875,
    so that is 2**13 times (stamp * 2**20 modulo 10546875), which can be solved for the stamp.
    """
    odd = DAY // 2**13
    inverse = pow(2**20, -1, odd)
    rng = np.random.default_rng(5)
    found = [
        (odd // 2 + off) * inverse % odd + odd * rng.integers(0, 2**13, 500)
        for off in range(-12, 13)
    ]
    return np.concatenate(found) + rng.integers(0, 60 * 365, 25 * 500) * DAY


def test_stamps_near_the_middle_between_two_floats_are_backtraders_numbers() -> None:
    # A fast sum rounds some of these the other way, so it must not be trusted there.
    assert_same_bits(near_the_middle())


def test_a_plain_sum_would_not_do_there() -> None:
    # Else the test above would prove nothing.
    stamps = near_the_middle()
    plain = stamps / DAY + 719_163  # date(1970, 1, 1).toordinal()
    assert (plain != backtraders(stamps)).sum() > 100


def test_no_stamps_are_no_days() -> None:
    assert to_days(np.array([], dtype=np.int64)).tolist() == []
    assert to_micros(np.array([], dtype=np.float64)).tolist() == []


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 80 * 365 * DAY // 1000), min_size=1, max_size=20))
def test_whole_milliseconds_come_back_equal(milliseconds: list[int]) -> None:
    stamps = np.array(milliseconds, dtype=np.int64) * 1000
    assert to_micros(to_days(stamps)).tolist() == stamps.tolist()


@pytest.mark.parametrize("step", [1_000_000, 60_000_000, 3_600_000_000, DAY])
def test_bars_come_back_equal(step: int) -> None:
    stamps = 1_514_764_800_000_000 + np.arange(20_000, dtype=np.int64) * step
    assert (to_micros(to_days(stamps)) == stamps).all()


def test_any_stamp_comes_back_within_what_a_float_day_resolves() -> None:
    rng = np.random.default_rng(9)
    stamps = rng.integers(0, 80 * 365 * DAY, 100_000)
    # Half a float's step, 2**-34 of a day, is 5 us; near a whole millisecond up to 20 are added.
    assert np.abs(to_micros(to_days(stamps)) - stamps).max() <= 26

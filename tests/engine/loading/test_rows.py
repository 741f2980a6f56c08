"""A feed that reads its own rows is asked for each, and sees its lines as Backtrader moves them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import backtrader as bt
import pytest

from atms.engine.loading import fast_class
from tests.engine.loading.same import compare

START = datetime(2024, 1, 1)


class Counting(bt.feed.DataBase):
    """Rows of its own, until *n*; what it sees of its lines while it reads is noted."""

    params = (("n", 20), ("end", False))

    def start(self) -> None:
        super().start()
        self.read = 0
        self.seen: list[Any] = []

    def _load(self) -> Any:
        self.seen.append((len(self), self.lines.close.idx, len(self.lines.close.array),
                          repr(self.lines.close[-1] if len(self) > 1 else None)))  # fmt: skip
        self.read += 1
        if self.read > self.p.n:
            return self.p.end
        self.lines.datetime[0] = bt.date2num(START + timedelta(hours=self.read))
        self.lines.close[0] = self.read / 7
        self.l.volume[0] = self.read
        return True


class Stacking(Counting):
    """Puts a bar aside now and then, on either of the two stacks."""

    def _load(self) -> Any:
        if not super()._load():
            return False
        if self.read % 5 == 0:
            self._save2stack(stash=self.read % 2 == 0)
        return True


class Filtering(Counting):
    """Learns in the middle that it has a filter."""

    def _load(self) -> Any:
        if self.read == 7:
            self.addfilter(thinned)
        return super()._load()


class Telling(Counting):
    def _load(self) -> Any:
        self.put_notification(self.LIVE if self.read % 3 else self.DELAYED, self.read)
        return super()._load()


class Failing(Counting):
    params = (("error", RuntimeError),)

    def _load(self) -> Any:
        if self.read == 9:
            raise self.p.error("the line is dead")
        return super()._load()


class Empty(bt.feed.DataBase):
    pass


def thinned(data: Any) -> bool:
    if int(data.volume[0]) % 2:
        data.backwards()
        return True
    return False


def made(kind: Any, lookahead: int = 0, **params: Any) -> Any:
    both: list[Any] = []

    def make() -> Any:
        both.append(kind(name="mine", **params))
        return both[-1]

    # A filter stays for the next time, which is Backtrader's then.
    part = compare(make, lookahead=lookahead, again=kind is not Filtering)
    theirs, ours = both
    assert getattr(ours, "seen", None) == getattr(theirs, "seen", None)
    return part


@pytest.mark.parametrize("lookahead", [0, 2])
@pytest.mark.parametrize("kind", [Counting, Stacking, Filtering, Telling, Failing, Empty])
def test_rows_are_read_as_backtrader_reads_them(kind: Any, lookahead: int) -> None:
    part = made(kind, lookahead=lookahead)
    assert part.fast
    assert part.why == "row by row, by its own _load"


@pytest.mark.parametrize("lookahead", [0, 1])
@pytest.mark.parametrize("kind", [Counting, Stacking, Filtering])
@pytest.mark.parametrize(
    "window",
    [
        {"fromdate": datetime(2024, 1, 1, 7), "todate": datetime(2024, 1, 1, 12)},
        {"fromdate": datetime(2025, 1, 1)},
        {"todate": datetime(2024, 1, 1, 9)},
        {"tzinput": "Asia/Tokyo", "tz": "US/Eastern"},
    ],
)
def test_dates_and_zones_hold_for_rows(kind: Any, window: dict[str, Any], lookahead: int) -> None:
    assert made(kind, lookahead=lookahead, **window).fast


@pytest.mark.parametrize("end", [False, None, 0])
def test_a_feed_that_has_nothing_yet_ends_the_loading(end: Any) -> None:
    assert made(Counting, end=end).fast
    assert made(Counting, n=0, end=end).fast


@pytest.mark.parametrize("error", [ValueError, TypeError, StopIteration, KeyError])
def test_an_error_of_the_feeds_own_ends_the_loading_at_its_row(error: Any) -> None:
    assert made(Failing, error=error).fast


def test_a_feed_that_may_be_live_keeps_its_class() -> None:
    class Live(Counting):
        def islive(self) -> bool:
            return True

    kind, part = fast_class(Live(name="mine"))
    assert kind is None
    assert str(part) == "stock load mine: it has its own islive"


def test_a_filter_in_the_params_is_left_to_backtrader() -> None:
    assert not made(Counting, filters=[thinned]).fast


def test_a_method_set_on_the_instance_is_seen() -> None:
    def make() -> Any:
        data = Counting(name="mine")
        data._load = iter([False]).__next__
        return data

    assert compare(make).fast

    def moved() -> Any:
        data = Counting(name="mine")
        data.forward = data.forward
        return data

    assert not compare(moved).fast

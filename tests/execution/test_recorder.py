"""What strategies received and decided is on disk, in its order, and read back as it was."""

from __future__ import annotations

import json
import math
import resource
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

from atms.errors import DataError
from atms.execution.disk.recorder import Recorder, order_fields
from atms.execution.disk.recording import (
    BarGiven,
    Begun,
    Decided,
    Lost,
    Told,
    micros,
    read_recording,
)

START = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
PATH = Path("inputs.jsonl")


class Clock:
    """A clock that goes on by a second each time that it is read."""

    def __init__(self) -> None:
        self.at = START - timedelta(seconds=1)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture
def make() -> Iterator[Callable[..., Recorder]]:
    """Make recorders that write only when they are told to; they are closed afterwards."""
    made: list[Recorder] = []

    def new(**others: Any) -> Recorder:
        settings = {"now": Clock(), "every": 3600.0, **others}
        made.append(Recorder(PATH, **settings))
        return made[-1]

    yield new
    for recorder in made:
        recorder.close()


def test_everything_is_read_back_in_its_order(make: Callable[..., Recorder]) -> None:
    recorder = make()
    recorder.began({"run": "r", "datas": [{"name": "BTC", "instrument": "sim:BTC"}]})
    bar = {"datetime": micros(START), "open": 0.1 + 0.2, "volume": math.nan}
    recorder.bar("BTC", bar, live=True)
    recorder.told("data", {"data": "BTC", "status": "LIVE"})
    recorder.decided("cancel", {"order": 1})
    recorder.flush()
    begun, given, told, decided = read_recording(PATH)
    assert isinstance(begun, Begun)
    assert begun.about["datas"] == [{"name": "BTC", "instrument": "sim:BTC"}]
    assert isinstance(given, BarGiven)
    assert (given.data, given.live, given.at) == ("BTC", True, START + timedelta(seconds=1))
    assert given.values["open"] == 0.1 + 0.2
    assert math.isnan(given.values["volume"])
    assert told == Told(
        at=START + timedelta(seconds=2), what="data", about={"data": "BTC", "status": "LIVE"}
    )
    assert isinstance(decided, Decided)


def test_values_are_those_of_the_moment_and_plain(make: Callable[..., Recorder]) -> None:
    recorder, about = make(), {"list": [1], "money": Decimal("1.50"), "at": START, "nan": math.nan}
    recorder.told("store", about)
    about["list"].append(2)  # type: ignore[attr-defined]
    recorder.flush()
    (entry,) = read_recording(PATH)
    assert isinstance(entry, Told)
    assert entry.about == {"list": [1], "money": "1.50", "at": START.isoformat(), "nan": None}


def test_a_strategys_run_is_recorded_as_it_went(
    make: Callable[..., Recorder], frame: Callable[..., pd.DataFrame]
) -> None:
    recorder = make()

    class Trader(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            if len(self) == 2:
                parent = self.buy(size=2, transmit=False)
                recorder.order_made(parent, "Trader#0")
                child = self.sell(size=2, exectype=bt.Order.Stop, price=1.0, parent=parent)
                recorder.order_made(child, "Trader#0")
            if len(self) == 4:
                self.close()

        def notify_order(self, order: bt.Order) -> None:
            recorder.order_told(order, "Trader#0")

    run(Trader, frame(8))
    recorder.flush()
    entries = list(read_recording(PATH))
    wanted = [e.about for e in entries if isinstance(e, Decided)]
    assert [(w["order"], w["parent"], w["exectype"]) for w in wanted] == [
        (1, None, "Market"), (2, 1, "Stop"),
    ]  # fmt: skip
    news = [e.about for e in entries if isinstance(e, Told)]
    first = [(n["status"], len(n["executions"])) for n in news if n["order"] == 1]
    assert first == [("Submitted", 0), ("Accepted", 0), ("Completed", 1)]
    assert news[-1]["order"] == 3  # made by close(), which nobody recorded
    json.dumps([e.about for e in entries])  # type: ignore[union-attr]


def run(strategy: type[bt.Strategy], bars: pd.DataFrame) -> None:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=bars.tz_localize(None)))
    cerebro.addstrategy(strategy)
    cerebro.run()


def test_an_execution_is_told_once_though_the_order_keeps_it(
    make: Callable[..., Recorder], frame: Callable[..., pd.DataFrame]
) -> None:
    recorder = make()

    class Slow(bt.Strategy):  # type: ignore[misc]
        def __init__(self) -> None:
            self.broker.set_filler(bt.broker.fillers.FixedSize(size=1))

        def next(self) -> None:
            if len(self) == 1:
                self.buy(size=3)

        def notify_order(self, order: bt.Order) -> None:
            recorder.order_told(order, "Slow#0")

    run(Slow, frame(8))
    recorder.flush()
    news = [e.about for e in read_recording(PATH) if isinstance(e, Told)]
    told = [(n["status"], [x["size"] for x in n["executions"]]) for n in news]
    assert told[2:] == [("Partial", [1]), ("Partial", [1]), ("Completed", [1])]


def test_all_that_an_order_asks_for_is_recorded(frame: Callable[..., pd.DataFrame]) -> None:
    found: list[dict[str, Any]] = []

    class Once(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            if len(self) == 1:
                order = self.sell(
                    size=1.5, exectype=bt.Order.StopTrailLimit, price=9.0, plimit=8.0,
                    trailpercent=0.02, valid=timedelta(days=1), tradeid=4, why="a word",
                )  # fmt: skip
                found.append(order_fields(order))

    run(Once, frame(3))
    told = {
        "side": "sell", "size": 1.5, "exectype": "StopTrailLimit", "plimit": 8.0, "tradeid": 4,
        "trailpercent": 0.02, "info": {"why": "a word"}, "transmit": True, "parent": None,
    }  # fmt: skip
    assert {name: found[0][name] for name in told} == told


# ---- disks ---------------------------------------------------------------------------------------
def test_what_is_recorded_is_on_disk_within_a_second_by_itself() -> None:
    recorder = Recorder(PATH, now=Clock(), every=0.01)
    recorder.told("store", {"what": "link"})
    deadline = time.monotonic() + 10
    while not (PATH.exists() and PATH.stat().st_size):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    recorder.close()
    recorder.close()
    assert len(list(read_recording(PATH))) == 1


def test_a_restart_goes_on_behind_the_last_whole_line(make: Callable[..., Recorder]) -> None:
    recorder = make()
    recorder.told("store", {"what": "one"})
    recorder.close()
    PATH.write_bytes(PATH.read_bytes() + b'{"at": 1, "is": "to' + b"x" * 500)
    assert len(list(read_recording(PATH))) == 1  # the torn line says nothing
    again = make()
    again.told("store", {"what": "two"})
    again.close()
    assert [e.about["what"] for e in read_recording(PATH)] == ["one", "two"]  # type: ignore[union-attr]


def test_a_full_disk_stops_nothing_is_told_once_and_leaves_a_gap_that_is_seen(
    make: Callable[..., Recorder],
) -> None:
    words: list[str] = []
    recorder = make(trouble=words.append)
    recorder.told("store", {"what": "one"})
    recorder.flush()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = PATH.stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size * 8 + 20, hard))  # some lines and a half fit
    try:
        for count in (18, 18, 18):
            for _ in range(count):
                recorder.told("store", {"what": "lost"})
            recorder.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert recorder.lost == 54
    assert len(words) == 1
    assert "not recorded" in recorder.last_error
    recorder.told("store", {"what": "two"})
    recorder.flush()
    one, gap, two = read_recording(PATH)
    assert isinstance(gap, Lost)
    assert gap.count == 54
    assert (one.about["what"], two.about["what"]) == ("one", "two")  # type: ignore[union-attr]
    assert recorder.last_error == ""


def test_a_disk_that_does_not_answer_costs_entries_and_no_memory(
    make: Callable[..., Recorder],
) -> None:
    recorder = make(limit=10)
    for number in range(25):
        recorder.told("store", {"what": number})
    assert recorder.lost == 15
    recorder.flush()
    recorder.told("store", {"what": "again"})
    recorder.flush()
    entries = list(read_recording(PATH))
    assert len(entries) == 12
    assert isinstance(entries[10], Lost)
    assert entries[10].count == 15


def test_a_line_in_the_middle_that_is_no_entry_is_told_with_its_number() -> None:
    PATH.write_text('{"at": 1, "is": "told", "what": "x", "about": {}}\n{"at": 1}\n')
    with pytest.raises(DataError, match=r"inputs\.jsonl: line 2 is no entry"):
        list(read_recording(PATH))


def test_a_recording_that_is_not_there_is_told() -> None:
    with pytest.raises(DataError, match="cannot be read"):
        list(read_recording(PATH))


def test_a_recording_is_its_owners_alone(make: Callable[..., Recorder]) -> None:
    recorder = make()
    recorder.told("store", {})
    recorder.flush()
    assert PATH.stat().st_mode & 0o777 == 0o600

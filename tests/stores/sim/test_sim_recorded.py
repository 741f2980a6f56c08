"""Recorded bars are played at a speed on the loop's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from atms.errors import ConfigError, DataError
from atms.sandbox.simulation.loop import VirtualLoop
from atms.stores.base import Unreachable
from atms.stores.market import Bar, FeedLink
from atms.stores.sim import Recorded
from tests.stores.sim.paper import in_virtual_time

Frame = Callable[..., pd.DataFrame]


def end(frame: pd.DataFrame, place: int) -> datetime:
    return frame.index[place].to_pydatetime()  # type: ignore[no-any-return]


def test_bars_come_when_they_end_as_fast_as_was_asked(frame: Frame) -> None:
    made = frame(5, start="2017-01-01", step="1h")

    async def body(loop: VirtualLoop) -> None:
        source = Recorded({"X": made}, "1h", speed=3600.0)
        await source.connect()
        times, facts = [], []
        async for fact in source.bars("recorded:X", "1h"):
            times.append(loop.time())
            facts.append(fact)
            if len(facts) == 6:
                break
        assert times == pytest.approx([0, 1, 2, 3, 4, 4])
        assert isinstance(facts[0], FeedLink)
        assert [one.close_at for one in facts if isinstance(one, Bar)] == [
            end(made, place) for place in range(1, 5)
        ]
        assert facts[-1] == FeedLink(at=end(made, 4), up=False)
        assert source.over

    in_virtual_time(body)


def test_history_is_what_ended_before_now(frame: Frame) -> None:
    made = frame(10, step="1h")

    async def body(loop: VirtualLoop) -> None:
        source = Recorded({"X": made}, "1h", start=end(made, 4) + timedelta(minutes=1))
        await source.connect()
        found = source.history("recorded:X", "1h", end(made, 1), end(made, 9))
        assert [bar.close_at async for bar in found] == [end(made, place) for place in (2, 3, 4)]
        assert not source.over

    in_virtual_time(body)


def test_a_bar_has_the_prices_to_the_last_bit_and_no_volume_that_is_not_known(
    frame: Frame,
) -> None:
    made = frame(3, step="1h").drop(columns="volume")

    async def body(loop: VirtualLoop) -> None:
        source = Recorded({"X": made}, "1h")
        await source.connect()
        stream = source.bars("recorded:X", "1h")
        await anext(stream)
        bar = await anext(stream)
        assert isinstance(bar, Bar)
        assert [float(bar.open), float(bar.close)] == [made["open"].iloc[1], made["close"].iloc[1]]
        assert bar.volume is None
        assert bar.close_at - bar.open_at == timedelta(hours=1)

    in_virtual_time(body)


def test_closing_ends_the_streams(frame: Frame) -> None:
    made = frame(3, step="1h")

    async def body(loop: VirtualLoop) -> None:
        source = Recorded({"X": made}, "1h")
        await source.connect()
        loop.call_later(60, loop.create_task, source.close())
        assert len([fact async for fact in source.bars("recorded:X", "1h")]) == 1
        assert loop.time() == pytest.approx(60)

    in_virtual_time(body)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_files_are_read(frame: Frame, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"bars{suffix}"
    made = frame(4, step="1h").reset_index()
    if suffix == ".csv":
        made.to_csv(path, index=False)
    else:
        made.to_parquet(path)

    async def body(loop: VirtualLoop) -> None:
        source = Recorded.read({"X": path}, "1h", speed=2.0)
        await source.connect()
        (instrument,) = await source.instruments(["X", "Y"])
        assert (instrument.id, instrument.quote) == ("recorded:X", "USD")
        quotes = [quote async for quote in _first(source, 3)]
        assert [float(one) for one in quotes] == list(made["close"][1:])

    in_virtual_time(body)


async def _first(source: Recorded, count: int):  # type: ignore[no-untyped-def]
    async for quote in source.quotes("recorded:X"):
        yield quote.bid
        count -= 1
        if not count:
            return


def test_what_was_not_recorded_cannot_be_had(frame: Frame) -> None:
    source = Recorded({"X": frame(3, step="1h")}, "1h")
    for name, timeframe in (("recorded:Y", "1h"), ("recorded:X", "1m")):
        with pytest.raises(Unreachable, match="was not recorded; there are X in 1h"):
            source.bars(name, timeframe)


def test_what_cannot_be_played_is_refused(frame: Frame, tmp_path: Path) -> None:
    made = frame(3, step="1h")
    with pytest.raises(ConfigError, match="speed"):
        Recorded({"X": made}, "1h", speed=0)
    with pytest.raises(DataError, match="there are none"):
        Recorded({}, "1h")
    with pytest.raises(DataError, match="time zone"):
        Recorded({"X": made.tz_localize(None)}, "1h")
    with pytest.raises(DataError, match="order of time"):
        Recorded({"X": made[::-1]}, "1h")
    with pytest.raises(DataError, match="no column low"):
        Recorded({"X": made.drop(columns="low")}, "1h")
    with pytest.raises(DataError, match="a price is missing"):
        Recorded({"X": made.assign(high=float("nan"))}, "1h")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"bad.csv: cannot be read as bars"):
        Recorded.read({"X": tmp_path / "bad.csv"}, "1h")

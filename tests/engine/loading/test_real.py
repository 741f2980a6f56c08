"""Real files, with their gaps, zones and flaws, are loaded as Backtrader loads them."""

from __future__ import annotations

from pathlib import Path

import backtrader as bt
import pandas as pd
import pytest

from tests.engine.loading.same import compare

SETS = ["equity_daily", "equity_minute", "fx_minute", "fx_hour", "metals", "crypto_spot", "futures"]


def frames(folder: Path) -> list[pd.DataFrame]:
    read = [pd.read_parquet(file).tail(1500) for file in sorted(folder.glob("*.parquet"))]
    for file in sorted(folder.glob("*.csv")):
        text = pd.read_csv(file).tail(1500)
        read.append(text.assign(datetime=pd.to_datetime(text["datetime"])))
    return read


@pytest.mark.parametrize("name", SETS)
def test_a_real_frame_is_loaded_to_the_same_bits(name: str, shared_data: Path) -> None:
    read = frames(shared_data / name)
    assert read
    for frame in read:
        assert compare(lambda frame=frame: bt.feeds.PandasData(dataname=frame, datetime=0)).fast
        indexed = frame.set_index("datetime").tz_convert("America/New_York")
        assert compare(lambda frame=indexed: bt.feeds.PandasData(dataname=frame)).fast


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("timeframe", [bt.TimeFrame.Minutes, bt.TimeFrame.Days])
def test_a_real_text_is_loaded_to_the_same_bits(
    name: str, timeframe: int, shared_data: Path, workdir: Path
) -> None:
    for frame in frames(shared_data / name):
        columns = [c for c in ("open", "high", "low", "close", "volume") if c in frame]
        text = frame[["datetime", *columns]].to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
        (workdir / "real.csv").write_text(text)
        at = {line: columns.index(line) + 1 if line in columns else -1 for line in
              ("open", "high", "low", "close", "volume", "openinterest")}  # fmt: skip
        part = compare(
            lambda at=at: bt.feeds.GenericCSVData(
                dataname="real.csv", dtformat="%Y-%m-%dT%H:%M:%SZ", timeframe=timeframe, **at
            )
        )
        assert part.fast

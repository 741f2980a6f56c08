"""The benchmark: the same work on both sides, measured by itself; a difference is an error."""

from __future__ import annotations

import json
import multiprocessing
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atms.bench.bars import in_sessions, walk, without_some
from atms.bench.child import measure
from atms.bench.compare import compare, jobs_of
from atms.bench.figures import Figures, Side
from atms.bench.growth import Growth, between
from atms.bench.jobs import Job, Sample
from atms.bench.meter import Meter
from atms.bench.rows import BY_NAME, ROWS
from atms.bench.running import run_job
from atms.bench.shares import Shares
from atms.errors import RunError

FEW = 2_000


# ---- the command ---------------------------------------------------------------------------------
def test_a_row_shows_both_engines_and_the_file_has_every_figure(cli, workdir: Path) -> None:
    options = ("--bars", str(FEW), "--repeats", "1", "--json", "figures.json")
    code, out, err = cli("bench", "cross", *options)
    assert code == 0, err
    assert [line.split()[0] for line in out.splitlines()][:2] == ["row", "cross"]
    (row,) = json.loads(Path("figures.json").read_text())["rows"]
    assert row["stock"]["bars"] == row["ours"]["bars"] == FEW
    assert row["ratios"] == [row["ratio"]]
    outcomes = {sample["outcome"] for side in ("stock", "ours") for sample in row[side]["samples"]}
    assert len(outcomes) == 1


def test_the_growth_of_a_run_is_a_table_of_its_own(cli) -> None:
    code, out, err = cli("bench", "growth", "--bars", str(FEW), "--repeats", "1")
    assert code == 0, err
    assert "2,000 to 6,000" in out
    assert "6,000 to 20,000" in out


def test_the_parts_of_our_run_are_told_if_asked_for_and_the_versions_always(cli) -> None:
    code, out, err = cli("bench", "cross", "--bars", str(FEW), "--repeats", "1", "--explain")
    assert code == 0, err
    (versions,) = [line for line in out.splitlines() if line.startswith("Python 3.")]
    assert "backtrader 1.9.78.123" in versions
    assert "compiled" in versions
    assert "cross: cross, ours, 2,000 bars" in out
    assert "bars on the fast path" in out


def test_a_profile_says_which_part_took_the_time(cli) -> None:
    code, out, err = cli("bench", "cross", "optimise", "--profile", "--bars", "300000")
    assert code == 0, err
    cross, optimise, _ = out.splitlines()
    shares = [int(share) for share in re.findall(r"(\d+)%", cross)]
    assert shares == sorted(shares, reverse=True)
    assert 90 <= sum(shares) <= 105
    assert "strategy" in cross  # its next() takes a tenth and more
    assert optimise == "optimise: runs in other processes, which are not looked into"


def test_a_profile_goes_with_no_table(cli) -> None:
    code, _, err = cli("bench", "cross", "--profile", "--json", "figures.json")
    assert code == 2
    assert "--profile goes with rows and --bars alone" in err


def test_time_in_a_library_is_that_of_who_called_it() -> None:
    shares = Shares()
    with shares:
        walk(1_000_000)
    assert shares.found() == {"making bars": 1.0}


def test_an_unknown_row_is_a_usage_error_that_names_the_nearest(cli) -> None:
    code, _, err = cli("bench", "crosss")
    assert code == 2
    assert "there is no row 'crosss'; did you mean 'cross'?" in err


# ---- the comparison ------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [row.name for row in ROWS if row.kind != "trials"])
def test_the_same_comes_out_of_both_engines(name: str) -> None:
    row = BY_NAME[name]
    bars = FEW // 4 if "feeds" in name else FEW
    stock = measure(Job(row.stock or name, False, bars))
    ours = measure(Job(name, True, bars))
    assert ours.outcome == stock.outcome
    assert ours.fills == stock.fills


def test_the_same_comes_out_of_both_engines_when_pairs_are_tried() -> None:
    stock, ours = (run_job(Job("optimise", ours, FEW, trials=4)) for ours in (False, True))
    assert ours.outcome == stock.outcome
    assert stock.fills > 0


def test_a_row_whose_outcome_differs_is_an_error() -> None:
    other = replace(BY_NAME["cross"], stock="trailing")  # stock does other work
    (found,) = compare([other], repeats=1, bars=FEW)
    assert "what came out is not what stock gave" in found.error
    assert found.ours is None


def test_a_run_that_fails_is_an_error_with_its_last_words() -> None:
    with pytest.raises(RunError, match="nothing, stock, 2,000 bars: KeyError: 'nothing'"):
        run_job(Job("nothing", False, FEW))


def test_rows_that_share_stocks_run_measure_it_once_a_round() -> None:
    told: list[str] = []
    rows = [BY_NAME["cross"], replace(BY_NAME["cross"], name="slow", stock="cross")]
    compare(rows, repeats=1, bars=FEW, tell=told.append)
    assert sum("cross, stock" in text for text in told) == 1


def test_stock_runs_fewer_bars_unless_all_are_asked_for() -> None:
    cross = BY_NAME["cross"]
    assert (jobs_of(cross).stock.bars, jobs_of(cross).ours.bars) == (100_000, 1_000_000)
    assert jobs_of(cross).check.bars == 100_000
    assert jobs_of(cross, full=True).stock.bars == 1_000_000
    assert jobs_of(cross, bars=5_000).ours.bars == 5_000


def test_the_ratio_is_that_of_the_cost_of_a_bar() -> None:
    def side(bars: int, *seconds: float) -> Side:
        samples = (Sample(cpu - 1, 1.0, 8 * bars, 1, "", "") for cpu in seconds)
        return Side(Job("cross", False, bars), tuple(samples))

    found = Figures(BY_NAME["cross"], side(1_000, 4.0, 8.0, 6.0), side(10_000, 2.0, 2.0, 3.0))
    assert found.stock.cost == 6_000.0  # the median of 4, 8, 6 s over 1,000 bars, in microseconds
    assert found.ours.cost == 200.0
    assert found.ratio == 30.0
    assert found.ratios == [20.0, 20.0, 40.0]
    assert found.stock.memory == 8.0


def test_what_a_bar_more_costs_leaves_out_what_a_run_costs_once() -> None:
    # 2,000 bars more: 0.5 s in user mode, 1 s in all, 16,000 bytes.
    runs = [(1_000, 2.0, 2.5, 90_000.0), (3_000, 2.5, 3.5, 106_000.0)]
    assert between(runs) == [Growth(1_000, 3_000, user=250.0, total=500.0, memory=8.0)]


# ---- the meter -----------------------------------------------------------------------------------
def test_the_meter_counts_memory_that_was_given_back() -> None:
    meter = Meter()
    with meter:
        bytearray(b"x" * 50_000_000)
    assert 50_000_000 <= meter.memory < 200_000_000


def test_the_meter_counts_processes_that_ended() -> None:
    meter = Meter()
    with meter:
        subprocess.run([sys.executable, "-c", "sum(i * i for i in range(3_000_000))"], check=True)
    assert meter.user > 0.05


def burn() -> None:
    sum(i * i for i in range(3_000_000))


def test_the_meter_waits_for_processes_that_are_ending() -> None:
    meter = Meter()
    with meter:
        multiprocessing.get_context("spawn").Process(target=burn).start()
    assert not multiprocessing.active_children()
    assert meter.user > 0.05


# ---- the bars ------------------------------------------------------------------------------------
def test_the_bars_are_the_same_each_time_and_fit_together() -> None:
    frame = walk(FEW)
    assert frame.equals(walk(FEW))
    assert (frame["high"] >= frame[["open", "close"]].max(axis=1)).all()
    assert (frame["low"] <= frame[["open", "close"]].min(axis=1)).all()
    assert (frame["open"].to_numpy()[1:] == frame["close"].to_numpy()[:-1]).all()


def test_a_share_of_the_bars_is_left_out_and_the_ends_stay() -> None:
    frame = walk(FEW)
    thinned = without_some(frame, 0.05)
    assert 0.93 < len(thinned) / len(frame) < 0.97
    assert thinned.index[[0, -1]].equals(frame.index[[0, -1]])


def test_bars_of_sessions_lie_in_new_yorks_days_whatever_its_clock_does() -> None:
    frame = in_sessions(50_000)
    assert len(frame) == 50_000
    local = frame.index.tz_localize("UTC").tz_convert("America/New_York")
    minutes = local.hour * 60 + local.minute
    assert (minutes.min(), minutes.max()) == (9 * 60 + 31, 16 * 60)
    assert set(local.day_of_week) == {0, 1, 2, 3, 4}
    assert set(np.unique(frame.index.hour)) == set(range(13, 22))  # 13:31 in summer to 21:00
    assert frame.index.is_monotonic_increasing

"""The audit before a run: what stops it, what is only told, and where what was found is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine, text

import atms
from atms.feeds.checks import CHECKS
from atms.feeds.sources import sample_names

Cli = Callable[..., tuple[int, str, str]]
FAST = {"fast": 3, "slow": 8}
FRAMES = ("equity", "trades", "orders", "fills", "fill_trades", "cash_flows", "positions", "bars")


# ---- bars with flaws -----------------------------------------------------------------------------
@pytest.fixture
def clean(frame: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Two hundred good hours from 2024-01-01 00:00."""
    return frame(200).reset_index()


def unsorted(bars: pd.DataFrame) -> pd.DataFrame:
    rows = np.arange(len(bars))
    rows[[50, 51]] = [51, 50]
    return bars.iloc[rows].reset_index(drop=True)


def duplicated(bars: pd.DataFrame) -> pd.DataFrame:
    again = bars.loc[[59]].assign(close=bars.loc[59, "low"])
    return pd.concat([bars[:60], again, bars[60:]], ignore_index=True)


def unpriced(bars: pd.DataFrame) -> pd.DataFrame:
    bars = bars.copy()
    bars.loc[70, "close"] = np.nan
    bars.loc[71, "open"] = np.inf
    return bars


def free(bars: pd.DataFrame) -> pd.DataFrame:
    bars = bars.copy()
    bars.loc[80, "low"] = 0.0
    return bars


def upside_down(bars: pd.DataFrame) -> pd.DataFrame:
    bars = bars.copy()
    bars.loc[90, ["high", "low"]] = [90.0, 110.0]
    return bars


FLAWS: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str, str]] = {
    "unsorted": (unsorted, "1 of 200", "2024-01-03T02:00:00Z, row 53"),
    "duplicates": (duplicated, "1 of 201", "2024-01-03T11:00:00Z, row 62"),
    "missing_values": (unpriced, "2 of 200", "2024-01-03T22:00:00Z, row 72"),
    "zero_price": (free, "1 of 200", "2024-01-04T08:00:00Z, row 82"),
    "high_below_low": (upside_down, "1 of 200", "2024-01-04T18:00:00Z, row 92"),
}


def write(bars: pd.DataFrame, name: str = "x.csv") -> str:
    bars.to_csv(name, index=False)
    return name


def configured(*feeds: dict[str, Any], **sections: Any) -> dict[str, Any]:
    data = {"feeds": list(feeds), **sections.pop("data", {})}
    strategy = {"name": "ma_cross", "params": FAST}
    return {"data": data, "strategy": strategy, "report": {"picture": False}, **sections}


def written(*feeds: dict[str, Any], **sections: Any) -> str:
    """Write a config (JSON is YAML) and return its path."""
    Path("c.yaml").write_text(json.dumps(configured(*feeds, **sections)))
    return "c.yaml"


def ran(bars: pd.DataFrame, audit: str = "fail", **options: Any) -> atms.Result:
    source = write(bars)
    return atms.backtest(configured({"name": "x", "source": source}), data__audit=audit, **options)


def assert_same(one: atms.Result, other: atms.Result) -> None:
    """Compare all that was traded, to the last bit."""
    for name in FRAMES:
        left, right = (
            getattr(result, name).drop(columns=["run_id", "account"], errors="ignore")
            for result in (one, other)
        )
        pd.testing.assert_frame_equal(left, right, check_exact=True, obj=name)
    assert {**one.metrics, "seconds": 0} == {**other.metrics, "seconds": 0}


def told(result: atms.Result) -> list[str]:
    return [line for line in result.warnings if line.startswith("data audit of")]


# ---- what fails ----------------------------------------------------------------------------------
def test_these_are_all_the_checks_that_fail() -> None:
    assert {name for name, (verdict, _) in CHECKS.items() if verdict == "fail"} == set(FLAWS)


@pytest.mark.parametrize("check", FLAWS)
def test_a_failing_check_stops_the_run_before_anything_is_written(
    check: str, clean: pd.DataFrame, cli: Cli
) -> None:
    flaw, count, first = FLAWS[check]
    config = written({"name": "x", "source": write(flaw(clean))})
    before = sorted(Path().iterdir())
    code, out, err = cli("backtest", "-c", config)
    assert (code, out) == (3, "")
    said = " ".join(err.split())
    assert "x (x.csv): the data audit fails" in said
    assert f"{check}: {count} {CHECKS[check][1]}" in said
    assert f"first at {first}" in said
    assert "mend the source" in said
    assert "python -m atms data check" in said
    assert "data.audit: warn" in said
    assert sorted(Path().iterdir()) == before


def test_every_failing_check_is_named_at_once(clean: pd.DataFrame) -> None:
    with pytest.raises(atms.DataError) as caught:
        ran(duplicated(upside_down(free(unpriced(unsorted(clean))))))
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines[1:-1]] == list(FLAWS)


def test_a_failing_audit_can_be_caught_as_a_data_error(clean: pd.DataFrame) -> None:
    with pytest.raises(atms.DataError, match=r"missing_values: 2 of 200"):
        atms.backtest(bt.Strategy, data=unpriced(clean))


def test_a_frame_is_audited_like_a_file(clean: pd.DataFrame) -> None:
    with pytest.raises(atms.DataError, match="first at 2024-01-03T11:00:00Z, row 60"):
        atms.backtest(bt.Strategy, data=duplicated(clean))


# ---- warn: bars are mended -----------------------------------------------------------------------
def test_bars_out_of_order_run_sorted_with_a_warning(clean: pd.DataFrame) -> None:
    result = ran(unsorted(clean), "warn")
    assert_same(result, ran(clean))
    assert told(result) == ["data audit of x: 1 of 200 bars stamped before the bar above them"]
    assert "x: the bars are sorted by time" in result.warnings


def test_of_bars_with_one_stamp_the_last_is_taken(clean: pd.DataFrame) -> None:
    result = ran(duplicated(clean), "warn")
    by_hand = clean.copy()
    by_hand.loc[59, "close"] = by_hand.loc[59, "low"]
    assert_same(result, ran(by_hand))
    assert told(result)[0].startswith(
        "data audit of x: 1 of 201 bars whose stamp stood there before"
    )


def test_bars_without_a_price_are_left_out(clean: pd.DataFrame) -> None:
    result = ran(unpriced(clean), "warn")
    assert_same(result, ran(clean.drop(index=[70, 71])))
    assert "x: bars without a price are left out: 2" in result.warnings


def test_of_bars_with_one_stamp_one_without_a_price_is_not_the_last(clean: pd.DataFrame) -> None:
    bars = duplicated(clean)
    bars.loc[60, "close"] = np.nan
    assert_same(ran(bars, "warn"), ran(clean))


def test_a_newest_first_file_runs_sorted(clean: pd.DataFrame) -> None:
    assert_same(ran(clean[::-1], "warn"), ran(clean))


def test_all_flaws_at_once_are_mended(clean: pd.DataFrame) -> None:
    by_hand = clean.drop(index=[70, 71])
    by_hand.loc[59, "close"] = by_hand.loc[59, "low"]
    assert_same(ran(unsorted(duplicated(unpriced(clean))), "warn"), ran(by_hand))


@pytest.mark.parametrize(("flaw", "row"), [(upside_down, 90), (free, 80)])
def test_a_price_of_zero_and_a_high_below_the_low_stay_as_they_are(
    flaw: Callable[[pd.DataFrame], pd.DataFrame], row: int, clean: pd.DataFrame
) -> None:
    bars = flaw(clean)
    result = ran(bars, "warn")
    kept = result.bars.loc[row, ["open", "high", "low", "close"]].tolist()
    assert kept == bars.loc[row, ["open", "high", "low", "close"]].tolist()
    assert len(result.bars) == len(clean)
    assert len(told(result)) == 1


def test_clean_bars_run_alike_whatever_the_audit_does(clean: pd.DataFrame) -> None:
    result = ran(clean, "warn")
    assert_same(result, ran(clean, "fail"))
    assert result.warnings == ()


def test_with_warn_nothing_that_is_only_told_changes_the_bars(clean: pd.DataFrame) -> None:
    bars = clean.drop(index=[100, 101])
    bars.loc[120, "volume"] = 0.0
    assert_same(ran(bars, "warn"), ran(bars, "fail"))


# ---- what is only told ---------------------------------------------------------------------------
def test_what_does_not_fail_is_one_line_a_feed(clean: pd.DataFrame) -> None:
    bars = clean.drop(index=[100, 101])
    bars.loc[[120, 130], "volume"] = 0.0
    bars.loc[140, "open"] = bars.loc[140, "high"] + 1
    result = ran(bars)
    (line,) = told(result)
    assert "1 of 198 bars that open above their high or below their low" in line
    assert "2 of 198 bars with a volume of zero" in line
    assert "2 bars missing in one gap" in line
    assert len(result.warnings) == 1


def test_each_feed_is_told_of_by_its_name(clean: pd.DataFrame) -> None:
    flawed = clean.copy()
    flawed.loc[120, "volume"] = 0.0
    feeds = [
        {"name": "a", "source": write(flawed, "a.csv")},
        {"name": "b", "source": write(clean, "b.csv")},
        {"name": "c", "source": write(flawed, "a.csv")},
    ]
    result = atms.backtest(configured(*feeds))
    assert [line.split(":")[0] for line in told(result)] == ["data audit of a", "data audit of c"]
    assert [audit.feed for audit in result.audit] == ["a", "b", "c"]
    assert [audit.verdict for audit in result.audit] == ["warn", "info", "warn"]


def test_a_warning_reaches_the_terminal_and_the_manifest(clean: pd.DataFrame, cli: Cli) -> None:
    config = written({"name": "x", "source": write(unsorted(clean))}, data={"audit": "warn"})
    code, _, err = cli("backtest", "-c", config, "--out", "r")
    assert code == 0
    assert err.count("data audit of x: 1 of 200 bars stamped before the bar above them") == 1
    said = json.loads(Path("r/manifest.json").read_text())["warnings"]
    assert said[0].startswith("data audit of x: 1 of 200")


# ---- the time range ------------------------------------------------------------------------------
RANGE = "2024-01-05..2024-01-07"  # rows 96 to 167


@pytest.mark.parametrize("row", [20, 180])
def test_a_flaw_outside_the_time_range_does_not_warn(row: int, clean: pd.DataFrame) -> None:
    clean.loc[row, "volume"] = 0.0
    assert ran(clean, timerange=RANGE).warnings == ()
    clean.loc[120, "volume"] = 0.0
    (line,) = told(ran(clean, timerange=RANGE))
    assert "1 of 72 bars with a volume of zero" in line


@pytest.mark.parametrize("row", [20, 180])
def test_a_high_below_its_low_outside_the_time_range_does_not_stop_the_run(
    row: int, clean: pd.DataFrame
) -> None:
    expected = ran(clean, timerange=RANGE, warmup=8)
    clean.loc[row, ["high", "low"]] = [90.0, 110.0]
    assert_same(ran(clean, timerange=RANGE, warmup=8), expected)


def test_the_audit_counts_and_spans_the_bars_of_the_time_range(clean: pd.DataFrame) -> None:
    (audit,) = ran(clean, timerange=RANGE).audit
    assert audit.bars == 72
    assert audit.span == ("2024-01-05T00:00:00Z", "2024-01-07T23:00:00Z")


def test_a_missing_price_before_the_range_stops_a_run_that_may_need_it_to_warm_up(
    clean: pd.DataFrame,
) -> None:
    with pytest.raises(atms.DataError, match=r"x \(x.csv\): row 73: open is missing or infinite"):
        ran(unpriced(clean), timerange=RANGE)


@pytest.mark.parametrize("flaw", [unsorted, duplicated, unpriced])
@pytest.mark.parametrize("timerange", [RANGE, "..2024-01-02"], ids=["before", "after"])
def test_with_warn_a_flaw_outside_the_time_range_is_mended_too(
    flaw: Callable[[pd.DataFrame], pd.DataFrame], timerange: str, clean: pd.DataFrame
) -> None:
    mended = ran(flaw(clean), "warn").bars
    by_hand = mended.drop(columns="feed")
    expected = ran(by_hand, timerange=timerange)
    assert_same(ran(flaw(clean), "warn", timerange=timerange), expected)


# ---- where it is kept ----------------------------------------------------------------------------
@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return "sqlite:///atms.db"
    return str(request.getfixturevalue("postgres_url"))


def test_the_folder_the_ledger_and_a_result_read_back_have_the_same_audit(
    clean: pd.DataFrame, url: str
) -> None:
    flawed, good = write(unsorted(duplicated(clean))), write(clean, "y.csv")
    feeds = [{"name": "x", "source": flawed}, {"name": "y", "source": good}]
    config = configured(*feeds, data={"audit": "warn"}, ledger={"url": url})
    result = atms.backtest(config)
    folder = result.save()
    expected = [audit.as_dict() for audit in result.audit]
    assert [audit["verdict"] for audit in expected] == ["fail", "info"]
    assert json.loads((folder / "audit.json").read_text()) == expected
    assert atms.load_run(str(folder)).audit == result.audit
    engine = create_engine(url)
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT audit FROM runs")).scalar_one()
    engine.dispose()
    assert (json.loads(stored) if isinstance(stored, str) else stored) == expected


def test_every_check_is_in_the_audit_whatever_it_found(clean: pd.DataFrame) -> None:
    (audit,) = ran(clean).audit
    assert {finding.check for finding in audit.findings} == set(CHECKS) - {"sources"}


def test_a_resampled_feed_has_no_audit_of_its_own(clean: pd.DataFrame) -> None:
    feeds = [
        {"name": "h", "source": write(clean), "stamp": "start"},
        {"name": "day", "of": "h", "resample": "1d"},
        {"name": "four", "source": write(clean), "stamp": "start", "symbol": "z", "replay": "4h"},
    ]
    result = atms.backtest(bt.Strategy, data=feeds)
    assert [audit.feed for audit in result.audit] == ["h", "four"]
    assert [audit.timeframe for audit in result.audit] == ["1h", "1h"]


def test_a_feed_class_of_the_users_own_is_not_audited() -> None:
    class Empty(bt.Strategy):
        pass

    feed = {
        "name": "gld",
        "feed": "backtrader.feeds:GenericCSVData",
        "source": str(Path(atms.__file__).parent / "samples" / "GLD_1d.csv"),
        "params": {"dtformat": "%Y-%m-%dT%H:%M:%SZ", "openinterest": -1},
    }
    assert atms.backtest(Empty, data=[feed]).audit == ()


# ---- two feeds of one symbol ---------------------------------------------------------------------
def two(clean: pd.DataFrame, close: float, **other: Any) -> tuple[str, ...]:
    moved = clean.copy()
    moved.loc[33, "close"] = close * moved.loc[33, "close"]
    feeds = [
        {"name": "a", "source": write(clean, "a.csv"), "symbol": "BTC/USD"},
        {"name": "b", "source": write(moved, "b.csv"), "symbol": "BTC/USD", **other},
    ]
    lines = atms.backtest(configured(*feeds)).warnings
    return tuple(line for line in lines if "disagree" in line)


def test_two_feeds_of_one_symbol_that_disagree_warn(clean: pd.DataFrame) -> None:
    (line,) = two(clean, 1.0003)
    assert line.startswith("a and b disagree: 1 of 200 common bars close more than 1 bp apart")
    assert "the largest 3 bp at 2024-01-02T09:00:00Z" in line


def test_two_feeds_of_one_symbol_that_agree_do_not_warn(clean: pd.DataFrame) -> None:
    assert two(clean, 1.00005) == ()


def test_two_feeds_of_two_symbols_may_disagree(clean: pd.DataFrame) -> None:
    assert two(clean, 1.1, symbol="ETH/USD") == ()


# ---- calendar ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("calendar", "shown", "missing", "outside"),
    [("24/7", "24/7", 48, 0), ("fx", "fx", 0, 0), ("XNYS", "XNYS", 0, 61), ("xnys", "XNYS", 0, 61)],
)
def test_a_stated_calendar_is_the_audits(
    calendar: str, shown: str, missing: int, outside: int, clean: pd.DataFrame
) -> None:
    # From Friday 17:00 to Sunday 17:00 New York, rows 118 to 165, there is nothing. Of the days
    # that are no holiday in New York there, 17 hours a day are outside, on Friday 10.
    week = clean[:168].drop(index=range(118, 166))
    (audit,) = ran(week, data__feeds__x__calendar=calendar).audit
    assert audit.calendar == shown
    counts = {finding.check: finding.count for finding in audit.findings}
    assert (counts["gaps"], counts["outside_hours"]) == (missing, outside)


def test_an_unknown_calendar_is_a_mistake_in_the_config(clean: pd.DataFrame, cli: Cli) -> None:
    feed = {"name": "x", "source": write(clean), "calendar": "XNYX"}
    code, _, err = cli("backtest", "-c", written(feed))
    assert code == 2
    assert "'XNYX' is no calendar; did you mean 'XNYS'?" in " ".join(err.split())
    assert not Path("runs").exists()


def test_the_calendar_of_each_feed_is_its_own(clean: pd.DataFrame) -> None:
    feeds = [
        {"name": "a", "source": write(clean), "calendar": "24/7"},
        {"name": "b", "source": write(clean), "calendar": "fx", "symbol": "z"},
    ]
    result = atms.backtest(configured(*feeds))
    assert [audit.calendar for audit in result.audit] == ["24/7", "fx"]


# ---- samples and config --------------------------------------------------------------------------
@pytest.mark.parametrize("name", sample_names())
def test_every_bundled_sample_runs_by_default(name: str) -> None:
    class FewBars(bt.Strategy):
        def next(self) -> None:
            if len(self) > 50:
                self.env.runstop()

    (audit,) = atms.backtest(FewBars, data=f"sample:{name}").audit
    assert audit.verdict in ("info", "warn")


def test_the_key_is_explained_and_in_the_schema(cli: Cli) -> None:
    code, out, _ = cli("config", "explain", "--set", "data.audit=warn")
    assert code == 0
    (line,) = [line for line in out.splitlines() if line.startswith("data.audit ")]
    assert line.split() == ["data.audit", "warn", "--set", "data.audit"]
    code, out, _ = cli("config", "schema")
    assert code == 0
    key = json.loads(out)["$defs"]["DataSection"]["properties"]["audit"]
    assert key["enum"] == ["fail", "warn"]
    assert key["default"] == "fail"


def test_another_word_for_it_is_a_mistake_in_the_config(clean: pd.DataFrame, cli: Cli) -> None:
    config = written({"name": "x", "source": write(clean)}, data={"audit": "ignore"})
    code, _, err = cli("backtest", "-c", config)
    assert code == 2
    assert "data.audit" in err
    assert "fail" in err
    assert "warn" in err

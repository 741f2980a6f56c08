"""The library's face: what atms.backtest takes, what it refuses, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd
import pytest
from matplotlib.figure import Figure

import atms
from atms.errors import ConfigError, DataError, OutputError, StrategyError, UnknownName
from atms.result import Result

Frames = Callable[..., pd.DataFrame]


class Once(bt.Strategy):
    """Buys once, at the open after the bar that the parameter names."""

    params = dict(at=2, size=1)

    def next(self) -> None:
        if len(self) == self.p.at:
            self.buy(size=self.p.size)


class Pair(bt.Strategy):
    """Buys every data on the second bar and says what each is called."""

    def __init__(self) -> None:
        self.names = [data._name for data in self.datas]

    def next(self) -> None:
        if len(self) == 2:
            for data in self.datas:
                self.buy(data=data)


YAML = """
data:
  feeds:
    - {name: mine, source: bars.csv, symbol: X/Y, venue: paper}
strategy: {name: ma_cross, params: {fast: 3, slow: 8}}
broker: {cash: 5000}
ledger: {enabled: false}
"""


@pytest.fixture
def files(frame: Frames, workdir: Path) -> Path:
    """A folder with bars.csv, bars.parquet and a config of them."""
    frame().to_csv("bars.csv")
    frame().to_parquet("bars.parquet")
    Path("config.yaml").write_text(YAML)
    return workdir


@pytest.fixture
def config() -> dict[str, Any]:
    return {
        "data": {"feeds": [{"source": "sample:GLD_1d", "name": "gld"}]},
        "strategy": {"name": "ma_cross", "params": {"fast": 20, "slow": 60}},
        "run": {"timerange": "2010-01-01..2010-12-31"},
    }


def bought_at(result: Result) -> list[float]:
    return list(result.fills["price"])


# ---- a class and data ---------------------------------------------------------------------------
def test_a_class_and_a_frame_are_enough(frame: Frames) -> None:
    bars = frame()
    result = atms.backtest(Once, data=bars, cash=1000)
    assert bought_at(result) == [bars["open"].iloc[2]]
    assert result.status == "finished"
    assert result.metrics["start_value"] == 1000
    assert len(result.equity) == len(result.bars) == len(bars)
    assert [feed.name for feed in result.feeds] == ["data"]


@pytest.mark.parametrize("source", ["bars.csv", "bars.parquet", Path("bars.csv")], ids=str)
def test_data_may_be_a_file(files: Path, frame: Frames, source: str | Path) -> None:
    assert bought_at(atms.backtest(Once, data=source)) == [frame()["open"].iloc[2]]


def test_data_may_be_a_bundled_sample() -> None:
    spring = "2010-01-01..2010-03-31"
    result = atms.backtest(Once, data="sample:GLD_1d", timerange=spring, warmup=0)
    # The third session of 2010 is that of 6 January.
    assert list(result.fills["ts"]) == [pd.Timestamp("2010-01-06", tz="UTC")]


@pytest.mark.parametrize("kind", [list, tuple])
def test_data_may_be_several_frames(frame: Frames, kind: type) -> None:
    bars = [frame(seed=1), frame(seed=2)]
    result = atms.backtest(Pair, data=kind(bars))
    assert result.strategy.names == ["data0", "data1"]
    assert bought_at(result) == [one["open"].iloc[2] for one in bars]


def test_data_may_be_several_by_name(files: Path, frame: Frames) -> None:
    result = atms.backtest(Pair, data={"first": frame(seed=1), "second": "bars.csv"})
    assert result.strategy.names == ["first", "second"]
    assert list(result.fills["symbol"]) == ["first", "second"]


def test_data_may_say_more_about_each_feed(frame: Frames) -> None:
    bars = frame()
    naive = bars.tz_localize(None).rename(columns={"close": "last"})
    said = {
        "source": naive,
        "symbol": "TOY",
        "venue": "shop",
        "currency": "EUR",
        "timezone": "UTC",
        "columns": {"close": "last"},
    }
    fill = atms.backtest(Once, data=said).fills.iloc[0]
    assert (fill["symbol"], fill["venue"], fill["fee_currency"]) == ("TOY", "shop", "EUR")
    assert fill["price"] == bars["open"].iloc[2]


def test_a_feed_may_be_made_of_another(frame: Frames) -> None:
    result = atms.backtest(
        Pair,
        data=[
            {"source": frame(), "name": "hours", "timeframe": "1h", "stamp": "start"},
            {"of": "hours", "name": "days", "resample": "1d"},
        ],
    )
    assert result.strategy.names == ["hours", "days"]
    assert set(result.bars["feed"]) == {"hours", "days"}


def test_the_callers_frame_is_left_as_it_was(frame: Frames) -> None:
    bars = frame()
    atms.backtest(Once, data=bars)
    pd.testing.assert_frame_equal(bars, frame())


def test_nothing_is_written_until_it_is_saved(frame: Frames, workdir: Path) -> None:
    atms.backtest(Once, data=frame())
    assert list(workdir.iterdir()) == []


# ---- a config -----------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [str, Path])
def test_a_config_may_be_a_file(files: Path, kind: type) -> None:
    result = atms.backtest(kind("config.yaml"))
    assert result.metrics["start_value"] == 5000
    assert set(result.fills["symbol"]) == {"X/Y"}


def test_a_config_may_be_a_dict_a_config_or_a_loaded_one(config: dict[str, Any]) -> None:
    loaded = atms.load_config(config)
    given = [config, loaded, loaded.config]
    fills = [atms.backtest(what).fills.drop(columns=["run_id", "account"]) for what in given]
    assert len(fills[0]) > 2
    pd.testing.assert_frame_equal(fills[0], fills[1])
    pd.testing.assert_frame_equal(fills[0], fills[2])


def test_a_dict_is_left_as_it_was(config: dict[str, Any]) -> None:
    before = repr(config)
    atms.backtest(config, cash=1, params={"fast": 2})
    assert repr(config) == before


@pytest.mark.parametrize("what", ["dict", "loaded", "config"])
def test_overrides_lie_above_any_config(config: dict[str, Any], what: str) -> None:
    loaded = atms.load_config(config)
    given = {"dict": config, "loaded": loaded, "config": loaded.config}[what]
    result = atms.backtest(given, cash=777, commission="0.2%", params={"fast": 5}, name="label")
    assert result.config.broker.cash == 777
    assert result.config.broker.commission == 0.002
    assert result.config.strategy.params == {"fast": 5, "slow": 60}  # key by key
    assert result.config.run.name == "label"
    assert "-label-" in result.id
    assert str(result.config.run.timerange) == "2010-01-01..2010-12-31"


@pytest.mark.parametrize("what", ["dict", "loaded", "config"])
def test_an_override_brings_no_warning_of_its_own(config: dict[str, Any], what: str) -> None:
    loaded = atms.load_config(config)
    given = {"dict": config, "loaded": loaded, "config": loaded.config}[what]
    assert atms.backtest(given, cash=777).warnings == atms.backtest(given).warnings


def test_a_configs_warnings_go_with_the_result(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RISK_PER_TRADE", "3")
    loaded = atms.load_config(config)
    for given in (config, loaded):
        assert any("RISK_PER_TRADE" in line for line in atms.backtest(given).warnings)
    assert any("RISK_PER_TRADE" in line for line in atms.backtest(loaded, cash=1).warnings)


def test_data_takes_the_place_of_a_configs_feeds(files: Path, frame: Frames) -> None:
    other = frame(closes=[100.0, 101.0] * 20)
    result = atms.backtest("config.yaml", data=other)
    assert [feed.name for feed in result.feeds] == ["data"]
    assert result.bars["close"].tolist() == other["close"].tolist()


def test_without_anything_the_quick_start_runs() -> None:
    result = atms.backtest()
    assert result.provenance.strategy == "atms.strategies.ma_cross:MovingAverageCross"
    assert result.feeds[0].symbol == "BTC/USD"


def test_a_strategy_may_be_given_by_name(frame: Frames) -> None:
    result = atms.backtest(strategy="buy_and_hold", data=frame())
    assert len(result.fills) == 1


# ---- overrides ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("override", "path", "expected"),
    [
        ({"cash": 5}, "broker.cash", 5.0),
        ({"commission": 0.01}, "broker.commission", 0.01),
        ({"commission": "1%"}, "broker.commission", 0.01),
        ({"timezone": "Europe/Berlin"}, "run.timezone", "Europe/Berlin"),
        ({"seed": 3}, "run.seed", 3),
        ({"name": "x"}, "run.name", "x"),
        ({"close_at_end": True}, "run.close_at_end", True),
        ({"cheat_on_open": True}, "run.cheat_on_open", True),
        ({"warmup": 5}, "data.warmup", 5),
        ({"benchmark": "data"}, "report.benchmark", "data"),
        ({"sizer": "backtrader.sizers:AllInSizer"}, "sizer.name", "backtrader.sizers:AllInSizer"),
        ({"params": {"at": 4}}, "strategy.params", {"at": 4}),
        ({"strategy__params__at": 4}, "strategy.params", {"at": 4}),
        ({"broker__cash": 5}, "broker.cash", 5.0),
        ({"report__risk_free": "2%"}, "report.risk_free", 0.02),
        ({"data__feeds__0__symbol": "X"}, "data.feeds.0.symbol", "X"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_override_sets_its_key(
    frame: Frames, override: dict[str, Any], path: str, expected: Any
) -> None:
    found: Any = atms.backtest(Once, data=frame(40), **override).config
    for part in path.split("."):
        found = found[int(part)] if part.isdigit() else getattr(found, part)
    assert found == expected


def test_parameters_reach_the_strategy_and_the_sizer(frame: Frames) -> None:
    bars = frame()
    result = atms.backtest(Once, data=bars, cash=1e6, params={"at": 7, "size": 5})
    assert (bought_at(result), list(result.fills["size"])) == ([bars["open"].iloc[7]], [5])
    sizer = {"name": "backtrader.sizers:FixedSize", "params": {"stake": 9}}
    sized = atms.backtest(strategy="buy_and_hold", data=bars, cash=1e6, sizer=sizer)
    assert list(sized.fills["size"]) == [9]


def test_a_position_is_closed_at_the_end_if_asked(frame: Frames) -> None:
    bars = frame()
    result = atms.backtest(Once, data=bars, close_at_end=True)
    assert list(result.trades["status"]) == ["closed"]
    assert bought_at(result) == [bars["open"].iloc[2], bars["close"].iloc[-1]]


def test_analyzers_of_the_config_give_their_results(frame: Frames) -> None:
    name = "backtrader.analyzers:TradeAnalyzer"
    result = atms.backtest(Once, data=frame(), analyzers=[name])
    assert result.analyzers[name].total.open == 1


# ---- what is refused ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"chash": 1}, r"chash=.*did you mean 'cash'"),
        ({"commision": 0}, r"commision=.*did you mean 'commission'"),
        ({"xyzzy": 1}, r"xyzzy=.*section__key"),
        ({"broker__chash": 1}, r"broker\.chash.*did you mean '?cash"),
        ({"brokr__cash": 1}, r"brokr.*did you mean '?broker"),
        ({"cash": -5}, r"cash"),
        ({"cash": 0}, r"cash"),
        ({"cash": float("nan")}, r"cash"),
        ({"timezone": "Mars/Olympus"}, r"Mars/Olympus"),
        ({"timerange": "yesterday"}, r"yesterday"),
        ({"params": {"att": 1}}, r"'att'.*did you mean 'at'"),
        ({"benchmark": "nothing"}, r"nothing"),
    ],
    ids=lambda value: "-".join(map(str, value.items())) if isinstance(value, dict) else "",
)
def test_a_wrong_override_is_refused_with_the_way_out(
    frame: Frames, override: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        atms.backtest(Once, data=frame(40), **override)


def test_a_parameter_that_a_class_does_not_have_is_refused_by_the_classs_name(
    frame: Frames,
) -> None:
    with pytest.raises(ConfigError, match="Once: has no parameter 'wrong'; it has: at, size"):
        atms.backtest(Once, data=frame(40), params={"wrong": 1})


def test_several_wrong_overrides_are_named_at_once(frame: Frames) -> None:
    with pytest.raises(ConfigError) as caught:
        atms.backtest(Once, data=frame(40), broker__chash=1, run__sead=2)
    assert "chash" in str(caught.value)
    assert "sead" in str(caught.value)


@pytest.mark.parametrize("kind", [dict, bt.Indicator, int])
def test_a_class_that_is_no_strategy_is_refused(frame: Frames, kind: type) -> None:
    with pytest.raises(ConfigError, match=rf"{kind.__name__} is no backtrader\.Strategy"):
        atms.backtest(kind, data=frame(40))


def test_a_class_without_data_is_refused_with_the_way_out() -> None:
    with pytest.raises(ConfigError, match="Once: needs data="):
        atms.backtest(Once)


@pytest.mark.parametrize("data", [[], {}], ids=repr)
def test_no_feed_at_all_is_refused(data: Any) -> None:
    with pytest.raises(ConfigError, match="feed"):
        atms.backtest(Once, data=data)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ("absent.csv", DataError, "absent.csv: no such file"),
        ("sample:BTCUSD_1hh", DataError, "did you mean 'BTCUSD_1h'"),
        (pd.DataFrame(), DataError, "holds no bars"),
        (pd.DataFrame({"close": [1.0]}), DataError, "no column open"),
    ],
    ids=["a file", "a sample", "an empty frame", "a frame without prices"],
)
def test_data_that_cannot_be_read_are_refused(
    data: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        atms.backtest(Once, data=data)


def test_a_config_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml: no such config file"):
        atms.backtest("absent.yaml")


def test_an_unknown_strategy_is_refused_with_what_is_near(frame: Frames) -> None:
    with pytest.raises(UnknownName, match="did you mean 'ma_cross'"):
        atms.backtest(strategy="ma_cros", data=frame(40))


# ---- what raises --------------------------------------------------------------------------------
class Breaks(Once):
    """Raises on the fiftieth bar."""

    def next(self) -> None:
        super().next()
        if len(self) == 50:
            raise ZeroDivisionError("by design")


def test_a_strategy_that_raises_gives_its_place_and_the_run_up_to_then(frame: Frames) -> None:
    bars = frame()
    with pytest.raises(StrategyError) as caught:
        atms.backtest(Breaks, data=bars)
    text = str(caught.value)
    assert "ZeroDivisionError: by design" in text
    assert 'raise ZeroDivisionError("by design")' in text  # the user's own line
    assert f"{bars.index[49]:%Y-%m-%d %H:%M:%S}" in text
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    result = caught.value.result
    assert result.status == "failed"
    assert len(result.equity) == len(result.bars) == 50
    assert bought_at(result) == [bars["open"].iloc[2]]
    assert list(result.trades["status"]) == ["open"]
    assert result.metrics["final_value"] == pytest.approx(
        10_000 + bars["close"].iloc[49] - bars["open"].iloc[2]
    )


def test_a_strategy_that_raises_before_the_first_bar_has_no_result(frame: Frames) -> None:
    class NoStart(Once):
        def __init__(self) -> None:
            raise ValueError("not today")

    with pytest.raises(StrategyError, match="not today") as caught:
        atms.backtest(NoStart, data=frame(40))
    assert caught.value.result is None


def test_an_interrupted_run_hands_over_what_was_done(frame: Frames) -> None:
    class Stopped(Once):
        def next(self) -> None:
            super().next()
            if len(self) == 50:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        atms.backtest(Stopped, data=frame())
    partial = caught.value.result  # type: ignore[attr-defined]
    assert partial.status == "interrupted"
    assert len(partial.fills) == 1


# ---- results ------------------------------------------------------------------------------------
def test_a_strategy_that_never_trades_gives_a_result_that_explains_itself(frame: Frames) -> None:
    result = atms.backtest(Once, data=frame(), params={"at": 10_000})
    assert (len(result.trades), len(result.fills), len(result.orders)) == (0, 0, 0)
    assert result.metrics["final_value"] == result.metrics["start_value"] == 10_000
    assert "placed no order on 200 bars" in result.explanation


def test_orders_that_never_fill_give_a_result_that_explains_itself(frame: Frames) -> None:
    result = atms.backtest(Once, data=frame(), params={"size": 1e9})
    assert list(result.orders["status"]) == ["margin"]
    assert "cash" in result.explanation


def test_two_feeds_of_which_one_is_traded_give_a_result(frame: Frames) -> None:
    result = atms.backtest(Once, data=[frame(seed=1), frame(seed=2)])
    assert len(result.fills) == 1


def test_a_result_is_saved_where_it_is_told(frame: Frames) -> None:
    result = atms.backtest(Once, data=frame(), ledger__enabled=False)
    assert result.save("here/it/is") == Path("here/it/is")
    assert result.save() == Path("runs") / result.id
    assert (
        Path("here/it/is/metrics.json").read_bytes()
        == Path("runs", result.id, "metrics.json").read_bytes()
    )


def test_a_folder_that_cannot_be_written_to_is_an_output_error(frame: Frames) -> None:
    Path("taken").write_text("")
    with pytest.raises(OutputError, match="taken"):
        atms.backtest(Once, data=frame()).save("taken/out")
    assert not Path("atms.db").exists()


def test_a_result_draws_itself_for_a_notebook(frame: Frames) -> None:
    figure = atms.backtest(Once, data=frame()).plot()
    assert isinstance(figure, Figure)
    assert len(figure.axes) == 2
    labels = {line.get_label() for line in figure.axes[0].lines}
    assert labels == {"equity", "buy and hold"}


def test_a_result_says_what_it_is(frame: Frames) -> None:
    result = atms.backtest(Once, data=frame(closes=[100.0, 100.0, 100.0, 120.0]), cash=200)
    assert repr(result) == f"<Result {result.id}: finished, return +10.00%, 1 trades>"


def test_runs_one_after_the_other_know_nothing_of_each_other(frame: Frames) -> None:
    results = [atms.backtest(Once, data=frame(seed=seed)) for seed in (1, 2, 1)]
    assert len({result.id for result in results}) == 3
    own = ["run_id", "account"]
    pd.testing.assert_frame_equal(
        results[0].fills.drop(columns=own), results[2].fills.drop(columns=own)
    )
    assert [list(result.fills["order_id"]) for result in results] == [[1], [1], [1]]


def test_every_name_of_the_face_is_there() -> None:
    assert [name for name in atms.__all__ if not hasattr(atms, name)] == []
    wanted = {"backtest", "load_config", "metrics", "runs", "load_run", "Result", "AtmsError"}
    assert wanted <= set(atms.__all__)

"""The figures of a return series: truths on real prices, definitions by hand, and hard input."""

from __future__ import annotations

import json
import math
from pathlib import Path

import empyrical
import numpy as np
import pandas as pd
import pytest
import quantstats.stats as qs
from hypothesis import given, settings
from hypothesis import strategies as st

import atms

SAMPLES = Path(atms.__file__).parent / "samples"
NAMES = [
    "total_return", "cagr", "volatility", "sharpe", "sortino", "calmar", "max_drawdown", "omega",
    "skew", "kurtosis", "var_95", "cvar_95", "win_rate", "profit_factor", "information_ratio",
    "alpha", "beta",
]  # fmt: skip


def returns_of(path: Path, column: str) -> pd.Series:
    prices = pd.read_csv(path, parse_dates=["datetime"], index_col="datetime")[column]
    return prices.pct_change().dropna()


@pytest.fixture(scope="module")
def spy() -> pd.Series:
    return returns_of(SAMPLES / "SPY_1d_adjusted.csv", "adj_close")


@pytest.fixture(scope="module")
def noise() -> pd.Series:
    """500 seeded returns with fat tails, some of them zero, none of them tied otherwise."""
    rng = np.random.default_rng(11)
    returns = np.round(rng.standard_t(4, 500) * 0.01, 12)
    returns[::50] = 0.0
    return pd.Series(returns, index=pd.date_range("2020-01-01", periods=500))


# ---- truths on real prices ----------------------------------------------------------------------
def test_spy_has_its_known_figures(spy: pd.Series) -> None:
    found = atms.metrics(spy, periods_per_year=252)
    known = {
        "sharpe": 0.500500,
        "sortino": 0.710153,
        "max_drawdown": -0.522951,
        "cagr": 0.084523,
        "calmar": 0.161627,
        "var_95": -0.018907,
        "cvar_95": -0.031474,
        "win_rate": 0.551394,
        "skew": 0.231405,
    }
    assert {name: found[name] for name in known} == pytest.approx(known, abs=1e-6)
    assert found["kurtosis"] == pytest.approx(15.737, abs=5e-4)


@pytest.mark.parametrize(
    ("file", "periods", "known"),
    [
        (
            "equity_daily/GOOG.csv",
            252,
            {
                "sharpe": 0.881519,
                "sortino": 1.354167,
                "max_drawdown": -0.652948,
                "cagr": 0.277081,
                "calmar": 0.424354,
            },
        ),
        (
            "crypto_spot/BTCUSD_1d_coinbase_2014-2018.csv",
            365,
            {
                "sharpe": 1.351557,
                "sortino": 2.054246,
                "max_drawdown": -0.702206,
                "cagr": 1.189352,
                "calmar": 1.693737,
            },
        ),
    ],
)
def test_closes_of_other_markets_have_their_known_figures(
    shared_data: Path, file: str, periods: int, known: dict[str, float]
) -> None:
    found = atms.metrics(returns_of(shared_data / file, "close"), periods_per_year=periods)
    assert {name: found[name] for name in known} == pytest.approx(known, abs=1e-6)


# ---- every definition, by hand ------------------------------------------------------------------
# n = 5, k = 10: half a year. Wealth: 1.1, 1.045, 1.045, 1.254, 1.1286.
# Mean 0.03; deviations 0.07 -0.08 -0.03 0.17 -0.13; their squares add up to 0.058.
HAND = [0.10, -0.05, 0.0, 0.20, -0.10]
_M2 = 0.058 / 5
_M3 = (0.000343 - 0.000512 - 0.000027 + 0.004913 - 0.002197) / 5
_M4 = (0.00002401 + 0.00004096 + 0.00000081 + 0.00083521 + 0.00028561) / 5


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("total_return", 0.1286),
        ("cagr", 1.1286**2 - 1),  # to the power of k/n = 2
        ("volatility", math.sqrt(0.058 / 4 * 10)),  # ddof 1
        ("sharpe", 0.03 / math.sqrt(0.058 / 4) * math.sqrt(10)),
        # Downside: (0.05^2 + 0.10^2) / 5 = 0.05^2, over all five.
        ("sortino", 0.03 / 0.05 * math.sqrt(10)),
        ("max_drawdown", -0.10),  # 1.254 -> 1.1286
        ("calmar", (1.1286**2 - 1) / 0.10),
        ("omega", 0.30 / 0.15),
        ("profit_factor", 0.30 / 0.15),
        ("win_rate", 2 / 4),  # the zero is neither won nor lost
        # Sorted: -0.10 -0.05 0 0.10 0.20; 5 % lies at 0.05 * 4 = a fifth of the first step.
        ("var_95", -0.09),
        ("cvar_95", -0.10),  # only the worst lies at or below -0.09
        ("skew", _M3 / _M2**1.5 * math.sqrt(5 * 4) / 3),
        ("kurtosis", 4 / (3 * 2) * (6 * (_M4 / _M2**2 - 3) + 6)),
    ],
)
def test_a_figure_is_what_its_definition_says(name: str, expected: float) -> None:
    assert atms.metrics(HAND, periods_per_year=10)[name] == pytest.approx(expected, rel=1e-12)


def test_a_drawdown_counts_from_the_starting_capital() -> None:
    # 1 -> 0.8 -> 0.88: without the starting 1 there would be no drawdown at all.
    assert atms.metrics([-0.2, 0.1], periods_per_year=252)["max_drawdown"] == pytest.approx(-0.2)


def test_the_risk_free_rate_is_annual_and_compounds() -> None:
    # k = 2: 1.0201^(1/2) - 1 = 0.01 a period. Excess 0.02 -0.02 0.01, mean 0.01/3;
    # deviations 0.05/3 -0.07/3 0.02/3, squares (25 + 49 + 4)/9e4.
    found = atms.metrics([0.03, -0.01, 0.02], periods_per_year=2, risk_free=0.0201)
    mean, variance = 0.01 / 3, (25 + 49 + 4) / 9e4 / 2
    assert found["sharpe"] == pytest.approx(mean / math.sqrt(variance) * math.sqrt(2), rel=1e-9)
    downside = math.sqrt(0.0004 / 3)
    assert found["sortino"] == pytest.approx(mean / downside * math.sqrt(2), rel=1e-9)


def test_the_risk_free_rate_leaves_all_but_the_excess_figures_alone() -> None:
    plain = atms.metrics(HAND, periods_per_year=10)
    free = atms.metrics(HAND, periods_per_year=10, risk_free=0.05)
    changed = {name for name in NAMES if plain[name] != free[name]}
    assert changed == {"sharpe", "sortino"}


@pytest.mark.parametrize(
    ("periods", "risk_free", "name", "expected"),
    [
        # Means 0.04/3 and 0.01. Deviations r: 0.02/3 -0.07/3 0.05/3, b: 0 -0.03 0.03.
        # cov = (0.0007 + 0.0005) / 2 = 0.0006; var b = 0.0018 / 2 = 0.0009.
        (12, 0.0, "beta", 2 / 3),
        (12, 0.0, "alpha", (0.04 / 3 - 2 / 3 * 0.01) * 12),  # Jensen's, times k
        # f = 0.01 a period as above: 0.01/3 - 2/3 * 0 = 0.01/3, times 2.
        (2, 0.0201, "alpha", 0.02 / 3),
        # r - b: 0.01 0.01 -0.01; mean 0.01/3; deviations 0.02/3 0.02/3 -0.04/3.
        (12, 0.0, "information_ratio", (0.01 / 3) / math.sqrt((4 + 4 + 16) / 9e4 / 2)),
    ],
)
def test_a_figure_against_the_benchmark_is_what_its_definition_says(
    periods: int, risk_free: float, name: str, expected: float
) -> None:
    found = atms.metrics(
        [0.02, -0.01, 0.03],
        periods_per_year=periods,
        benchmark=[0.01, -0.02, 0.04],
        risk_free=risk_free,
    )
    assert found[name] == pytest.approx(expected, rel=1e-9)


def test_the_information_ratio_does_not_depend_on_the_periods_a_year() -> None:
    daily, monthly = (
        atms.metrics([0.02, -0.01, 0.03], periods_per_year=k, benchmark=[0.01, -0.02, 0.04])
        for k in (252, 12)
    )
    assert daily["information_ratio"] == monthly["information_ratio"]


# ---- cross-checks -------------------------------------------------------------------------------
# Where others define differently: quantstats' value_at_risk is a normal distribution's, its alpha
# knows no risk-free rate; empyrical's alpha compounds, and its cvar takes a count of returns (the
# same ones where none are tied). Neither annualises the information ratio.
QUANTSTATS = {
    "total_return": qs.comp,
    "cagr": lambda r: qs.cagr(r, periods=252),
    "volatility": lambda r: qs.volatility(r, periods=252),
    "sharpe": lambda r: qs.sharpe(r, rf=0.02, periods=252),
    "sortino": lambda r: qs.sortino(r, rf=0.02, periods=252),
    "calmar": lambda r: qs.calmar(r, periods=252),
    "max_drawdown": qs.max_drawdown,
    "omega": lambda r: qs.omega(r, periods=252),
    "skew": qs.skew,
    "kurtosis": qs.kurtosis,
    "win_rate": qs.win_rate,
    "profit_factor": qs.profit_factor,
}
EMPYRICAL = {
    "total_return": empyrical.cum_returns_final,
    "cagr": lambda r: empyrical.cagr(r, annualization=252),
    "volatility": lambda r: empyrical.annual_volatility(r, annualization=252),
    "sharpe": lambda r: empyrical.sharpe_ratio(r, risk_free=1.02 ** (1 / 252) - 1),
    "sortino": lambda r: empyrical.sortino_ratio(r, required_return=1.02 ** (1 / 252) - 1),
    "calmar": lambda r: empyrical.calmar_ratio(r, annualization=252),
    "max_drawdown": empyrical.max_drawdown,
    "omega": empyrical.omega_ratio,
    "var_95": empyrical.value_at_risk,
    "cvar_95": empyrical.conditional_value_at_risk,
}


@pytest.mark.parametrize("series", ["spy", "noise"])
@pytest.mark.parametrize("library", [QUANTSTATS, EMPYRICAL], ids=["quantstats", "empyrical"])
def test_other_libraries_agree_where_they_define_alike(
    library: dict, series: str, request: pytest.FixtureRequest
) -> None:
    returns = request.getfixturevalue(series)
    found = atms.metrics(returns, periods_per_year=252, risk_free=0.02)
    theirs = {name: float(figure(returns)) for name, figure in library.items()}
    assert {name: found[name] for name in theirs} == pytest.approx(theirs, rel=1e-9)


def test_other_libraries_agree_on_figures_against_a_benchmark(
    spy: pd.Series, noise: pd.Series
) -> None:
    benchmark = spy.iloc[: len(noise)].set_axis(noise.index)
    found = atms.metrics(noise, periods_per_year=252, benchmark=benchmark)
    greeks = qs.greeks(noise, benchmark, periods=252)
    assert found["beta"] == pytest.approx(greeks["beta"], rel=1e-9)
    assert found["beta"] == pytest.approx(empyrical.beta(noise, benchmark), rel=1e-9)
    assert found["alpha"] == pytest.approx(greeks["alpha"], rel=1e-9)
    ratio = qs.information_ratio(noise, benchmark)
    assert found["information_ratio"] == pytest.approx(ratio, rel=1e-9)
    ratio = empyrical.excess_sharpe(noise, benchmark)
    assert found["information_ratio"] == pytest.approx(ratio, rel=1e-9)


# ---- what is undefined --------------------------------------------------------------------------
NO_LOSS = {"sortino", "calmar", "omega", "profit_factor"}
SHAPE = {"skew", "kurtosis"}
AGAINST = {"information_ratio", "alpha", "beta"}


@pytest.mark.parametrize(
    ("returns", "undefined", "defined"),
    [
        pytest.param([], set(NAMES), {}, id="none at all"),
        pytest.param(
            [0.1],
            NO_LOSS | SHAPE | {"volatility", "sharpe"},
            {"total_return": 0.1, "cagr": 1.1**4 - 1, "max_drawdown": 0.0, "var_95": 0.1,
             "cvar_95": 0.1, "win_rate": 1.0},
            id="one gain",
        ),
        pytest.param(
            [-0.1],
            SHAPE | {"volatility", "sharpe"},
            {"sortino": -2.0, "omega": 0.0, "profit_factor": 0.0, "win_rate": 0.0,
             "max_drawdown": -0.1, "calmar": (0.9**4 - 1) / 0.1},
            id="one loss",
        ),
        pytest.param([0.1, -0.1], SHAPE, {"win_rate": 0.5}, id="two"),
        pytest.param([0.1, -0.1, 0.3], {"kurtosis"}, {"total_return": 0.287}, id="three"),
        pytest.param(
            [0.01] * 10,
            NO_LOSS | SHAPE | {"sharpe"},
            {"volatility": 0.0, "max_drawdown": 0.0, "win_rate": 1.0},
            id="constant gains",
        ),
        pytest.param(
            [-0.5] * 4,
            SHAPE | {"sharpe"},
            {"volatility": 0.0, "sortino": -2.0, "max_drawdown": -0.9375, "win_rate": 0.0},
            id="constant losses",
        ),
        pytest.param(
            [0.0] * 10,
            NO_LOSS | SHAPE | {"sharpe", "win_rate"},
            {"total_return": 0.0, "cagr": 0.0, "volatility": 0.0, "max_drawdown": 0.0,
             "var_95": 0.0, "cvar_95": 0.0},
            id="all zero",
        ),
        pytest.param([0.01, 0.02, 0.03, 0.01], NO_LOSS, {"win_rate": 1.0}, id="no loss"),
        pytest.param(
            [0.1, -1.0],
            SHAPE,
            {"total_return": -1.0, "cagr": -1.0, "max_drawdown": -1.0, "calmar": -1.0},
            id="all lost",
        ),
        pytest.param(
            [-1.5],
            SHAPE | {"volatility", "sharpe", "cagr", "calmar"},
            {"total_return": -1.5, "max_drawdown": -1.5},
            id="more than all lost",
        ),
    ],
)  # fmt: skip
def test_what_is_undefined_is_none_and_all_else_a_number(
    returns: list[float], undefined: set[str], defined: dict[str, float]
) -> None:
    found = atms.metrics(returns, periods_per_year=4)
    assert {name for name, value in found.items() if value is None} == undefined | AGAINST
    assert {name: found[name] for name in defined} == pytest.approx(defined, rel=1e-12, abs=1e-15)


def test_wealth_that_was_negative_on_the_way_has_no_growth_rate() -> None:
    # 1 -> -2 -> 2: a debt that lost 200 % is no doubling.
    found = atms.metrics([-3.0, -2.0], periods_per_year=252)
    assert found["cagr"] is None
    assert found["calmar"] is None


def test_a_growth_rate_beyond_all_numbers_is_none_without_a_warning() -> None:
    # 21 % in two minutes, to the power of half a year's minutes.
    found = atms.metrics([0.1, 0.1], periods_per_year=525_600)
    assert found["total_return"] == pytest.approx(0.21)
    assert found["cagr"] is None


def test_constant_returns_above_the_risk_free_rate_have_no_sharpe_ratio() -> None:
    assert atms.metrics([0.01] * 7, periods_per_year=252, risk_free=0.03)["sharpe"] is None


def test_the_information_ratio_against_a_constant_benchmark_is_defined() -> None:
    # r - b: 0.01 -0.02 0.04, mean 0.01, squares of deviations 0 + 0.0009 + 0.0009.
    found = atms.metrics([0.02, -0.01, 0.05], periods_per_year=252, benchmark=[0.01] * 3)
    assert found["information_ratio"] == pytest.approx(0.01 / math.sqrt(0.0018 / 2), rel=1e-9)
    assert found["beta"] is None
    assert found["alpha"] is None


def test_returns_equal_to_the_benchmark_have_no_information_ratio() -> None:
    found = atms.metrics(HAND, periods_per_year=252, benchmark=HAND)
    assert found["information_ratio"] is None
    assert found["beta"] == pytest.approx(1.0)
    assert found["alpha"] == pytest.approx(0.0, abs=1e-15)


# ---- hard input ---------------------------------------------------------------------------------
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_return_that_is_no_number_is_refused_with_its_place(bad: float) -> None:
    with pytest.raises(ValueError, match=r"returns\[2\] is (nan|inf|-inf)"):
        atms.metrics([0.1, 0.2, bad, bad], periods_per_year=252)
    with pytest.raises(ValueError, match=r"benchmark\[0\] is (nan|inf|-inf)"):
        atms.metrics([0.1, 0.2], periods_per_year=252, benchmark=[bad, 0.1])


def test_the_first_return_of_a_price_series_is_named_in_the_way_out() -> None:
    with pytest.raises(ValueError, match="drop the first return"):
        atms.metrics(pd.Series([1.0, 2.0]).pct_change(), periods_per_year=252)


def test_a_benchmark_of_another_length_is_refused_with_both_lengths() -> None:
    with pytest.raises(ValueError, match=r"\b2\b.*\b3\b"):
        atms.metrics([0.1, 0.2, 0.3], periods_per_year=252, benchmark=[0.1, 0.2])


def test_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="one series"):
        atms.metrics([[0.1, 0.2], [0.3, 0.4]], periods_per_year=252)


@pytest.mark.parametrize("periods", [0, -252, math.nan])
def test_a_year_without_periods_is_refused(periods: float) -> None:
    with pytest.raises(ValueError, match="periods_per_year"):
        atms.metrics(HAND, periods_per_year=periods)


@pytest.mark.parametrize("kind", [tuple, np.array, pd.Series])
def test_any_sequence_of_numbers_gives_the_same_figures(kind: type) -> None:
    assert atms.metrics(kind(HAND), periods_per_year=10) == atms.metrics(HAND, periods_per_year=10)


def test_the_input_is_left_as_it_was() -> None:
    given_returns, given_benchmark = np.array(HAND), np.array(HAND) / 2
    atms.metrics(given_returns, periods_per_year=252, benchmark=given_benchmark, risk_free=0.1)
    assert given_returns.tolist() == HAND
    assert given_benchmark.tolist() == [value / 2 for value in HAND]


@pytest.mark.parametrize("returns", [[], [0.0], HAND])
def test_figures_have_the_promised_names_and_can_be_written_as_json(returns: list[float]) -> None:
    found = atms.metrics(returns, periods_per_year=252, benchmark=returns)
    assert list(found) == NAMES
    assert json.loads(json.dumps(found, allow_nan=False)) == found


PLAUSIBLE = st.floats(min_value=-1.0, max_value=10.0, allow_subnormal=False)
ANY_FINITE = st.floats(allow_nan=False, allow_infinity=False)


def check_none_or_finite(pairs: list[tuple[float, float]], risk_free: float) -> None:
    found = atms.metrics(
        [one for one, _ in pairs],
        periods_per_year=252,
        benchmark=[other for _, other in pairs],
        risk_free=risk_free,
    )
    assert [n for n, v in found.items() if v is not None and not math.isfinite(v)] == []


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.lists(st.tuples(PLAUSIBLE, PLAUSIBLE), max_size=40),
    st.sampled_from([0.0, 0.05, -0.01]),
)
def test_plausible_returns_never_raise_and_give_finite_figures_or_none(
    pairs: list[tuple[float, float]], risk_free: float
) -> None:
    check_none_or_finite(pairs, risk_free)


@settings(deadline=None)
@given(st.lists(st.tuples(ANY_FINITE, ANY_FINITE), max_size=40))
def test_any_finite_returns_never_raise_nor_warn_and_give_finite_figures_or_none(
    pairs: list[tuple[float, float]],
) -> None:
    check_none_or_finite(pairs, 0.0)

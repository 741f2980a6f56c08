"""The sections risk and execution: what they accept, what they say, what is made of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from atms.config import Config, instruments, load_config, missing_limits, public_values
from atms.errors import ConfigError
from atms.risk import Limits, Loss

BASE = """\
data:
  feeds:
    - {source: a.csv, symbol: X, name: x}
    - {source: b.csv, symbol: Y, name: y}
    - {of: x, resample: 1d, name: day}
strategy: ma_cross
"""


def load(text: str) -> Config:
    Path("c.yaml").write_text(BASE + text)
    return load_config("c.yaml", environment={}).config


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text)
    (line,) = str(caught.value).splitlines()
    return line


# ---- risk ---------------------------------------------------------------------------------------
def test_no_limit_is_set_by_itself() -> None:
    config = load("")
    assert config.risk.limits(instruments(config)) == Limits()
    assert not config.risk.limits(instruments(config)).given


def test_limits_are_exact() -> None:
    risk = load(
        "risk: {max_order_notional: 0.1, max_position: 1e-8, max_orders_per_minute: 30, "
        "max_rejects: 5, max_daily_loss: 250.50}\n"
    ).risk
    assert risk.limits({}) == Limits(
        max_order_notional=Decimal("0.1"),
        max_position=Decimal("0.00000001"),
        max_orders_per_minute=30,
        max_rejects=5,
        max_daily_loss=Loss(Decimal("250.5")),
    )


@pytest.mark.parametrize(("text", "share"), [("5%", "0.05"), ("'0.5 %'", "0.005"), ("100%", "1")])
def test_a_daily_loss_may_be_a_share_of_the_days_opening_equity(text: str, share: str) -> None:
    found = load(f"risk: {{max_daily_loss: {text}}}\n").risk.max_daily_loss
    assert found == Loss(Decimal(share), is_share=True)


@pytest.mark.parametrize("key", ["max_order_notional", "max_position"])
@pytest.mark.parametrize("value", ["0", "-1", ".nan", ".inf", "abc", "true", "[1]", "10%"])
def test_what_is_no_amount_above_zero_is_refused(key: str, value: str) -> None:
    assert problem(f"risk:\n  {key}: {value}\n").startswith(f"c.yaml:8: risk.{key}: ")


@pytest.mark.parametrize("key", ["max_orders_per_minute", "max_rejects"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "abc", "true", "[1]"])
def test_what_is_no_count_is_refused(key: str, value: str) -> None:
    assert problem(f"risk:\n  {key}: {value}\n").startswith(f"c.yaml:8: risk.{key}: ")


@pytest.mark.parametrize("value", ["0", "-5", "0%", "101%", "abc", "true", "[1]", ".nan", ".inf"])
def test_what_is_no_loss_is_refused(value: str) -> None:
    line = problem(f"risk:\n  max_daily_loss: {value}\n")
    assert line.startswith("c.yaml:8: risk.max_daily_loss: ")


def test_an_unknown_limit_names_the_nearest() -> None:
    assert problem("risk: {max_positon: 1}\n") == (
        "c.yaml:7: risk.max_positon: unknown key; did you mean 'max_position'?"
    )


def test_a_limit_by_feed_names_a_feed() -> None:
    assert problem("risk:\n  max_position:\n    dya: 1\n") == (
        "c.yaml:9: risk.max_position.dya: there is no feed 'dya'; did you mean 'day'?"
    )


def test_a_wrong_limit_of_a_feed_is_told_with_its_line() -> None:
    line = problem("risk:\n  max_position:\n    x: 1\n    y: 0\n")
    assert line.startswith("c.yaml:10: risk.max_position.y: ")


def test_of_feeds_of_one_instrument_the_smallest_limit_counts() -> None:
    config = load("risk: {max_position: {day: 2, x: 3, y: 5}}\n")
    traded = instruments(config)
    assert traded["x"] == traded["day"] != traded["y"]
    limits = config.risk.limits(traded)
    assert [limits.position(traded[name]) for name in ("x", "day", "y")] == [2, 2, 5]


def test_a_feeds_store_tells_its_instrument_from_another_accounts() -> None:
    config = load_config(
        {
            "stores": {"a": {"venue": "kraken"}, "b": {"venue": "kraken"}},
            "data": {
                "feeds": [
                    {"store": store, "name": store, "symbol": "X", "timeframe": "1m"}
                    for store in ("a", "b")
                ]
            },
            "strategy": "ma_cross",
        },
        environment={},
    ).config
    assert instruments(config) == {"a": "a:X", "b": "b:X"}


def test_limits_are_written_so_that_they_read_back_equal() -> None:
    text = "risk: {max_position: {x: 0.1}, max_order_notional: 1e3, max_daily_loss: 2.5%}\n"
    config = load(text + "execution: {align: 1.5s, state_dir: s}\n")
    again = load_config(public_values(config), environment={}).config
    assert again == config


def test_live_is_told_which_limits_are_missing() -> None:
    assert missing_limits(load("risk: {max_rejects: 3}\n")) == (
        "risk.max_order_notional", "risk.max_position", "risk.max_orders_per_minute",
    )  # fmt: skip
    first_three = "max_order_notional: 1, max_position: 1, max_orders_per_minute: 1"
    assert missing_limits(load(f"risk: {{{first_three}}}\n")) == ()


def test_live_is_told_of_a_feed_whose_position_has_no_limit() -> None:
    text = "risk: {max_order_notional: 1, max_orders_per_minute: 1, max_position: {day: 1}}\n"
    assert missing_limits(load(text)) == ("risk.max_position.y",)  # x is what day is made of


# ---- execution ----------------------------------------------------------------------------------
def test_the_order_path_is_careful_by_itself() -> None:
    execution = load("").execution
    assert execution.align == timedelta(milliseconds=250)
    assert (execution.on_stop, execution.unknown_position) == ("leave", "halt")
    assert execution.emulated_protection is False
    assert execution.state_dir is None


@pytest.mark.parametrize(("text", "seconds"), [("2s", 2), ("0ms", 0), ("1.5s", 1.5)])
def test_the_wait_for_siblings_takes_a_unit(text: str, seconds: float) -> None:
    align = load(f"execution: {{align: {text}}}\n").execution.align
    assert align == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("align", "250", "write it as text, like 250ms"),
        ("align", "-1s", "like 250ms"),
        ("on_stop", "close", "'leave', 'cancel' or 'flatten'"),
        ("unknown_position", "fix", "'halt', 'adopt' or 'ignore'"),
        ("emulated_protection", "perhaps", "boolean"),
        ("alling", "1s", "did you mean 'align'?"),
    ],
)
def test_what_execution_does_not_know_is_refused(key: str, value: str, words: str) -> None:
    line = problem(f"execution:\n  {key}: {value}\n")
    assert line.startswith(f"c.yaml:8: execution.{key}: ")
    assert words in line


@pytest.mark.parametrize(
    ("section", "variable", "folder"),
    [
        ("", "/var/state", "/var/state/atms"),
        ("", "relative", "/home/someone/.local/state/atms"),
        ("", "", "/home/someone/.local/state/atms"),
        ("execution: {state_dir: ~/x}\n", "/var/state", "/home/someone/x"),
        ("execution: {state_dir: /srv/x}\n", "", "/srv/x"),
    ],
)
def test_journals_are_kept_where_the_system_keeps_state(
    section: str, variable: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("XDG_STATE_HOME", variable)
    assert load(section).execution.folder == Path(folder)

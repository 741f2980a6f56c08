"""``atms chaos`` on the command line: what it prints, its exit codes, what it refuses."""

from __future__ import annotations

import json
import multiprocessing
import signal
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import yaml

from atms.chaos import campaign
from atms.chaos.campaign import Findings
from atms.chaos.trial import Trial
from tests.chaos.making import TRADER, config_of

Cli = Callable[..., tuple[int, str, str]]
Write = Callable[..., str]


def written(strategy: str, **more: Any) -> str:
    """Write a config into the folder; return its path."""
    Path("my.yaml").write_text(yaml.safe_dump(config_of(strategy, **more)))
    return "my.yaml"


def trader(write: Write, name: str, condition: str = "True") -> str:
    return write(TRADER.format(name=name, condition=condition))


def test_the_findings_are_the_same_with_one_worker_and_with_two(
    cli: Cli, workdir: Path, write_strategy: Write
) -> None:
    config = written(trader(write_strategy, "AloneOrNot"))
    asked = ("chaos", "-c", config, "--seeds", "2", "--bars", "20", "--json", "--jobs")
    (code, alone, err), (_, together, _) = cli(*asked, "1"), cli(*asked, "2")
    assert code == 0, err
    found = json.loads(alone)
    assert found == json.loads(together)
    assert found["violations"] == []
    assert found["orders"]["most_for_one"] == 1
    assert found["seeds"] == {"asked": 2, "run": 2}
    assert found["done"]["orders"] > 5


def test_a_strategy_that_reads_chance_gets_no_figure_and_an_exit_code_of_its_own(
    cli: Cli, workdir: Path, write_strategy: Write
) -> None:
    config = written(trader(write_strategy, "Chancy", "random.random() < 0.5"))
    code, out, err = cli("chaos", "-c", config, "--seeds", "5", "--bars", "20", "--jobs", "1")
    assert code == 5
    assert "violations" not in out
    assert "went another way when it was run again: no figure is given" in err
    assert "run one: " in err
    assert "mine.py:18: random.random" in err


def test_a_clock_that_changed_nothing_is_a_warning(
    cli: Cli, workdir: Path, write_strategy: Write
) -> None:
    config = written(trader(write_strategy, "Glancing", "datetime.datetime.now().year > 2000"))
    code, _, err = cli("chaos", "-c", config, "--seeds", "1", "--bars", "20", "--jobs", "1")
    assert code == 0
    assert "mine.py:18: datetime.now: here it changed nothing" in err


@pytest.mark.parametrize(
    ("strategy", "args", "code", "said"),
    [
        ("ma_cross", ("--profile", "binanc"), 2, "there is no 'binanc'; did you mean 'binance'"),
        ("ma_cross", ("--seeds", "0"), 2, "--seeds"),
        ("ma_cros", (), 2, "did you mean 'ma_cross'"),
        ("ma_cross", ("-p", "fast=9", "-p", "slow=3"), 1, "ValueError: fast (9) must be shorter"),
        ("ma_cross", ("-p", "fasst=9"), 2, "has no parameter 'fasst'; did you mean 'fast'"),
        ("ma_cross", ("--timerange", "2018-01-01T00..2018-01-01T20"), 3, "a trial needs 40"),
        ("ma_cross", ("--set", "data.feeds.0.timeframe=1M"), 2, "bars of months"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_the_way_out(
    cli: Cli, workdir: Path, strategy: str, args: tuple[str, ...], code: int, said: str
) -> None:
    config = written(strategy)
    asked = ("chaos", "-c", config, "--seeds", "1", "--bars", "20", "--jobs", "1", *args)
    got, out, err = cli(*asked)
    assert said in out + err
    assert got == code


@pytest.mark.parametrize(
    ("name", "condition", "said"),
    [
        ("Idle", "False", "made 0 in 500 bars: try other parameters, or other bars"),
        ("Rare", "len(self) == 105", "made 2 in 500 bars: give more bars, with --bars 500"),
    ],
)
def test_a_strategy_that_makes_no_order_is_told_how_many_bars_would_do(
    cli: Cli, workdir: Path, write_strategy: Write, name: str, condition: str, said: str
) -> None:
    config = written(trader(write_strategy, name, condition))
    code, _, err = cli("chaos", "-c", config, "--seeds", "1", "--bars", "20", "--jobs", "1")
    assert code == 1
    assert "made no order in 1 of 1 seeds of 20 bars: nothing was tested" in err
    assert said in err


def test_one_seed_is_told_in_order(cli: Cli, workdir: Path, write_strategy: Write) -> None:
    config = written(trader(write_strategy, "Narrated"))
    code, out, err = cli("chaos", "-c", config, "--bars", "20", "--seed", "0")
    assert code == 0, err
    assert out.index("process 0 starts") < out.index("decides: order 1") < out.index("order 1 Comp")
    assert out.rstrip().endswith("everything was true at the end")


def test_the_seed_that_a_ctrl_c_waits_for_counts(
    cli: Cli, workdir: Path, write_strategy: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = written(trader(write_strategy, "Waited"))
    real = campaign.run_seed

    def interrupted(*given: Any) -> Trial:
        signal.raise_signal(signal.SIGINT)
        return real(*given)

    monkeypatch.setattr(campaign, "run_seed", interrupted)
    code, out, err = cli("chaos", "-c", config, "--seeds", "9", "--bars", "20", "--jobs", "1")
    assert code == 130
    assert "seeds       1, each run twice" in out
    assert "interrupted after 1 of 9 seeds" in err


def test_ctrl_c_prints_what_was_measured_up_to_then(
    cli: Cli, workdir: Path, write_strategy: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = written(trader(write_strategy, "Stopped"))
    real = campaign.run_seeds

    def stopped(*given: Any) -> Generator[Findings, None, None]:
        for findings in real(*given):
            yield findings
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("atms.cli.chaos.run_seeds", stopped)
    code, out, err = cli("chaos", "-c", config, "--seeds", "9", "--bars", "20", "--jobs", "2")
    assert code == 130
    assert "seeds       1, each run twice" in out
    assert "interrupted after 1 of 9 seeds" in err
    assert multiprocessing.active_children() == []

"""Every packaged strategy is shown with its rules, its parameters, and a config that runs."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

import atms
from atms import registry
from atms.running.components import parameters
from tests.strategies.noise import CONFIG_OF, CONFIGS

Cli = Callable[..., tuple[int, str, str]]
NAMES = list(registry.BUILT_IN["strategies"])
OWN_CONFIG = [name for name in NAMES if name not in CONFIG_OF]
# What an audit says of real bars: a flaw that is the source's.
OF_THE_DATA = ("data audit of ", " disagree: ")


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_and_every_parameter_stand_in_the_docstring(name: str) -> None:
    kind = registry.load("strategies", name)
    text = inspect.getdoc(kind) or ""
    assert "Rules: " in text
    described = text.partition("Params:")[2]
    for parameter in parameters(kind):
        assert parameter in described.replace(",", " ").replace(":", " ").split(), parameter


@pytest.mark.parametrize("name", OWN_CONFIG)
def test_it_is_shown_with_a_command_and_the_config_that_it_runs(name: str, cli: Cli) -> None:
    code, out, err = cli("strategies", "show", name)
    assert code == 0, err
    config = CONFIGS / f"{name}.yaml"
    assert "Rules: " in out
    assert f"python -m atms backtest -c {name}\n" in out
    assert config.read_text() in out
    shown = json.loads(cli("strategies", "show", name, "--json")[1])
    assert yaml.safe_load(shown["config"])["strategy"]["name"] == name


@pytest.mark.parametrize("name", OWN_CONFIG)
def test_its_config_runs_as_it_stands_and_trades(name: str) -> None:
    result = atms.backtest(name)
    assert [line for line in result.warnings if not any(w in line for w in OF_THE_DATA)] == []
    assert len(result.trades) > 10


@pytest.mark.parametrize("name", OWN_CONFIG)
def test_its_config_gives_every_parameter_a_name_that_there_is_and_says_it_is_no_advice(
    name: str,
) -> None:
    text = (CONFIGS / f"{name}.yaml").read_text()
    given: dict[str, Any] = yaml.safe_load(text)["strategy"]["params"]
    assert set(given) <= set(parameters(registry.load("strategies", name)))
    assert "an example, not advice" in text

"""The library's verbs: backtest, and runs found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd

from atms.config import Config, LoadedConfig, load_config
from atms.config.layers import put
from atms.config.yamlfile import Layer
from atms.errors import ConfigError, OutputError, did_you_mean
from atms.result import Result
from atms.runner import run

# Short names for what is set most; anything else is written section__key.
_SHORT = {
    "strategy": ("strategy", "name"),
    "cash": ("broker", "cash"),
    "commission": ("broker", "commission"),
    "params": ("strategy", "params"),
    "sizer": ("sizer",),
    "timerange": ("run", "timerange"),
    "warmup": ("data", "warmup"),
    "timezone": ("run", "timezone"),
    "seed": ("run", "seed"),
    "name": ("run", "name"),
    "close_at_end": ("run", "close_at_end"),
    "cheat_on_open": ("run", "cheat_on_open"),
    "analyzers": ("report", "analyzers"),
    "benchmark": ("report", "benchmark"),
}


def backtest(
    what: type[bt.Strategy] | Config | LoadedConfig | Mapping[str, Any] | str | Path | None = None,
    /,
    *,
    data: Any = None,
    **overrides: Any,
) -> Result:
    """Run a backtest and return its Result; nothing is written until ``result.save()``.

    ::

        atms.backtest("config.yaml", cash=50_000)
        atms.backtest(MyStrategy, data=frame, cash=10_000, params={"fast": 5})
        atms.backtest(MyStrategy, data={"gld": "gld.csv", "gdx": "gdx.csv"})
        atms.backtest(strategy="ma_cross", data="sample:BTCUSD_1h")

    Args:
        what: a strategy class with *data*, or a config: a YAML file's path, a dict, a Config;
            nothing: the quick-start, or with *data* only what the overrides say.
        data: a DataFrame, a file's path, ``sample:NAME``, a dict with the keys of a feed's config
            section, or several of these as a list or as a dict by name.
        overrides: strategy (its name), params, sizer, cash, commission, timerange, warmup,
            timezone, seed, name, close_at_end, cheat_on_open, analyzers, benchmark; any other key
            of the config as ``section__key``.

    Raises:
        ConfigError, DataError, StrategyError: see :mod:`atms.errors`.
    """
    frames: dict[str, Any] = {}
    layers = [Layer(), _overrides(overrides)]
    if data is not None:
        put(layers[0], ("data", "feeds"), _feeds(data, frames), "data=")
    if isinstance(what, type):
        if not issubclass(what, bt.Strategy):
            raise ConfigError(f"{what.__name__} is no backtrader.Strategy")
        if data is None:
            raise ConfigError(f"{what.__name__}: needs data=: a DataFrame, a file or sample:SPY_1d")
        loaded = load_config(
            {"strategy": f"{what.__module__}:{what.__qualname__}"}, overrides=layers
        )
        return run(loaded.config, strategy=what, given=frames, warnings=loaded.warnings, echo=True)
    loaded = _loaded(what, layers, bare=data is not None)
    return run(loaded.config, given=frames, warnings=loaded.warnings, echo=True)


def _loaded(
    what: Config | LoadedConfig | Mapping[str, Any] | str | Path | None,
    layers: list[Layer],
    bare: bool,
) -> LoadedConfig:
    if isinstance(what, Config):
        what = LoadedConfig(what)
    if isinstance(what, LoadedConfig):
        if not any(layer.values for layer in layers):
            return what
        # The environment has had its say when this config was loaded.
        values = what.config.model_dump()
        again = load_config(values, overrides=layers, environment={}, dotenv=None)
        return replace(again, warnings=what.warnings)
    if what is None:
        return load_config(*([{}] if bare else []), overrides=layers)
    return load_config(what, overrides=layers)


def _overrides(overrides: Mapping[str, Any]) -> Layer:
    layer = Layer()
    for name, value in overrides.items():
        path: tuple[str | int, ...]
        if name in _SHORT:
            path = _SHORT[name]
        elif "__" in name:
            path = tuple(int(part) if part.isdigit() else part for part in name.split("__"))
        else:
            near = did_you_mean(name, _SHORT) or "; known: " + ", ".join(_SHORT)
            raise ConfigError(f"{name}=: unknown{near}, or any section__key")
        put(layer, path, value, f"{name}=")
    return layer


def _feeds(data: Any, frames: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the feeds' config sections; frames go to *frames* by the feed's name."""
    if isinstance(data, dict) and not ({"source", "sql", "of", "feed"} & set(data)):
        named = list(data.items())
    elif isinstance(data, list | tuple):
        named = [(f"data{index}", entry) for index, entry in enumerate(data)]
    else:
        named = [("data", data)]
    sections = []
    for name, entry in named:
        if not isinstance(entry, dict | str | Path | pd.DataFrame):
            raise ConfigError(
                f"data=: {type(entry).__name__} is no DataFrame, file, sample:NAME or feed's dict"
            )
        section: dict[str, Any] = dict(entry) if isinstance(entry, dict) else {"source": entry}
        section.setdefault("name", name)
        if isinstance(section.get("source"), pd.DataFrame):
            frames[section["name"]] = section["source"]
            section["source"] = "frame"
        elif isinstance(section.get("source"), Path):
            section["source"] = str(section["source"])
        sections.append(section)
    return sections


def runs(url: str | None = None) -> pd.DataFrame:
    """Return the ledger's runs as a DataFrame, the newest first, index ``id``.

    Args:
        url: the ledger's SQLAlchemy URL; default: the configured one.
    """
    from atms.ledger import list_runs

    rows = list_runs(url or _ledger_url())
    figures = pd.DataFrame([row.pop("metrics") for row in rows])
    frame = pd.DataFrame(rows)
    if frame.empty:
        return pd.DataFrame(index=pd.Index([], name="id"))
    more = figures[[name for name in figures if name not in frame]]
    return pd.concat([frame, more], axis=1).set_index("id")


def load_run(run_id: str, url: str | None = None) -> Result:
    """Return a run, by its id, the start of it, ``last``, or its folder.

    A backtest is read from its folder; a paper or live run from the ledger, while it goes on too.

    Raises:
        ConfigError: there is no such run, or several.
        OutputError: its files are gone.
    """
    from atms.running.live_result import live_result
    from atms.stored import find_folder, find_run, read_result

    url = url or _ledger_url()
    if not Path(run_id).is_dir():
        row = find_run(run_id, url)
        if row["mode"] != "backtest":
            return live_result(url, row["id"])
    folder = find_folder(run_id, url)
    try:
        return read_result(folder)
    except OutputError as error:
        raise OutputError(
            f"{error}; a page of what the ledger has: python -m atms report {folder.name}"
        ) from error


def _ledger_url() -> str:
    return load_config().config.ledger.url

"""Options that several verbs share, and what they amount to: one loaded config."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from atms.config import LoadedConfig, load_config
from atms.config.layers import put, settings_layer
from atms.config.yamlfile import Layer

ConfigFiles = Annotated[
    list[str] | None,
    typer.Option(
        "-c",
        "--config",
        metavar="FILE",
        help="A YAML config, or a packaged one's name; may be repeated, later ones win; - is "
        "standard input. Default: the packaged quick-start.",
    ),
]
StrategyName = Annotated[
    str | None,
    typer.Option(
        "-s",
        "--strategy",
        metavar="NAME",
        help="A registered name, package.module:Class, or path/to/file.py:Class.",
    ),
]
Params = Annotated[
    list[str] | None,
    typer.Option("-p", "--param", metavar="NAME=VALUE", help="A strategy parameter: -p fast=10."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any config key: --set broker.cash=5000."),
]
Timerange = Annotated[
    str | None,
    typer.Option(
        "--timerange",
        metavar="FROM..TO",
        help="2018-01-01..2018-06-30 or 20180101-20180630, UTC, the last day included.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to stdout.")]


def load(
    config: list[str] | None,
    strategy: str | None = None,
    param: list[str] | None = None,
    settings: list[str] | None = None,
    timerange: str | None = None,
) -> LoadedConfig:
    """Return the config that the options amount to."""
    chosen = Layer()
    if strategy is not None:
        put(chosen, ("strategy", "name"), strategy, "-s")
    if timerange is not None:
        put(chosen, ("run", "timerange"), timerange, "--timerange")
    layers = [
        settings_layer(settings or [], "--set"),
        chosen,
        settings_layer(param or [], "-p", ("strategy", "params")),
    ]
    return load_config(*map(_path, config or []), overrides=layers)


def _path(text: str) -> str | Path:
    return text if text == "-" else Path(text)

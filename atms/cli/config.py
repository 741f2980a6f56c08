"""``atms config show|explain|validate|schema``: what a run would be made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.screen import out, print_json, say
from atms.config import Config, public_values
from atms.running.components import check

config = typer.Typer(no_args_is_help=True, help="The config: what it is, and where it comes from.")


@config.command("show")
@guarded
def show(
    config: options.ConfigFiles = None,
    strategy: options.StrategyName = None,
    param: options.Params = None,
    set_: options.Settings = None,
    timerange: options.Timerange = None,
    json_: options.Json = False,
) -> None:
    """Print the whole config as it would be used, defaults included, as YAML."""
    loaded = options.load(config, strategy, param, set_, timerange)
    values = public_values(loaded.config)
    if json_:
        print_json(values)
    else:
        text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
        out().print(text, end="", markup=False, soft_wrap=True)


@config.command("explain")
@guarded
def explain(
    config: options.ConfigFiles = None,
    strategy: options.StrategyName = None,
    param: options.Params = None,
    set_: options.Settings = None,
    timerange: options.Timerange = None,
    json_: options.Json = False,
) -> None:
    """Print each value and where it came from; secrets as fingerprints."""
    loaded = options.load(config, strategy, param, set_, timerange)
    rows = list(loaded.explain())
    if json_:
        print_json([dict(zip(("key", "value", "origin"), row, strict=True)) for row in rows])
        return
    keys = max(len(key) for key, _, _ in rows)
    values = min(max(len(value) for _, value, _ in rows), 44)
    page = out()
    for key, value, origin in rows:
        style = "dim" if origin == "default" else ""
        page.print(
            f"{key:<{keys}}  {value:<{values}}  {origin}", markup=False, style=style, soft_wrap=True
        )
    for warning in loaded.warnings:
        say(f"warning: {warning}", "yellow")


@config.command("validate")
@guarded
def validate(
    config: options.ConfigFiles = None,
    strategy: options.StrategyName = None,
    param: options.Params = None,
    set_: options.Settings = None,
    timerange: options.Timerange = None,
    json_: options.Json = False,
) -> None:
    """Check the config, and that what it names exists, without running it."""
    loaded = options.load(config, strategy, param, set_, timerange)
    kind = check(loaded.config)
    if json_:
        print_json({"valid": True, "strategy": f"{kind.__module__}:{kind.__qualname__}"})
        return
    for warning in loaded.warnings:
        say(f"warning: {warning}", "yellow")
    out().print(f"valid: {kind.__name__}, {len(loaded.config.data.feeds)} feed(s)")


@config.command("schema")
@guarded
def schema(
    out_: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there.")
    ] = None,
    json_: options.Json = True,
) -> None:
    """Print the config's JSON Schema, for editors: `# yaml-language-server: $schema=FILE`."""
    text = json.dumps(config_schema(), indent=2) + "\n"
    if out_ is None:
        out().print(text, end="", markup=False, soft_wrap=True)
    else:
        out_.write_text(text)


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of a config file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Config.model_json_schema(),
        "title": "atms config",
    }

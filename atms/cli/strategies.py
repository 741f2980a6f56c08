"""``atms strategies list|show``: what can be run."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from atms import registry
from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.screen import out, print_json
from atms.config.load import packaged
from atms.errors import AtmsError
from atms.running.components import parameters

strategies = typer.Typer(no_args_is_help=True, help="The strategies that can be run.")


@strategies.command("list")
@guarded
def list_(json_: options.Json = False) -> None:
    """List the registered strategies, and the files in ./strategies."""
    names = registry.names("strategies")
    rows = [_row(name, spec) for name, spec in names.items()]
    registered = {spec.partition(":")[0].rpartition(".")[2] for spec in names.values()}
    own = sorted(
        path
        for path in Path("strategies").glob("*.py")
        # In a checkout that folder has the packaged ones too.
        if "Strategy" in path.read_text(errors="replace") and path.stem not in registered
    )
    rows += [{"name": str(path), "class": str(path), "summary": "(your own)"} for path in own]
    if json_:
        print_json(rows)
        return
    page = out()
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        page.print(
            Text(f"{row['name']:<{width}}", "bold").append(f"  {row['summary']}", "not bold")
        )


def _row(name: str, spec: str) -> dict[str, str]:
    try:
        summary = (inspect.getdoc(registry.load("strategies", name)) or "").partition("\n")[0]
    except AtmsError as error:  # an installed package's strategy that cannot be imported
        summary = f"({str(error).splitlines()[0]})"
    return {"name": name, "class": spec, "summary": summary}


@strategies.command("show")
@guarded
def show(
    name: Annotated[str, typer.Argument(help="A name, package.module:Class, or file.py:Class.")],
    json_: options.Json = False,
) -> None:
    """Show a strategy's rules, its parameters, and how to run it."""
    kind = registry.load("strategies", name)
    known = parameters(kind)
    text = inspect.cleandoc(kind.__doc__ or "")
    config = packaged(name)
    example = _example(name, known, config)
    if json_:
        print_json(
            {
                "name": name,
                "class": f"{kind.__module__}:{kind.__qualname__}",
                "text": text,
                "params": {key: repr(value) for key, value in known.items()},
                "example": example,
                "config": None if config is None else config.read_text(encoding="utf-8"),
            }
        )
        return
    page = out()
    page.print(Text.assemble((kind.__name__, "bold"), "  ", (kind.__module__, "dim"), "\n"))
    if text:
        page.print(text + "\n", markup=False)
    defaults = ", ".join(f"{key}={value!r}" for key, value in known.items())
    page.print(f"defaults: {defaults or 'it has no parameters'}", markup=False)
    page.print(f"run it:   {example}", markup=False, soft_wrap=True)
    if config is not None:
        page.print("\nwith this config:\n", style="dim")
        page.print(config.read_text(encoding="utf-8"), markup=False, highlight=False, end="")


def _example(name: str, known: dict[str, Any], config: Path | None) -> str:
    if config is not None:
        return f"python -m atms backtest -c {name}"
    params = "".join(f" -p {key}={value}" for key, value in list(known.items())[:2])
    return f"python -m atms backtest -s {name}{params}"

"""The command line: one module a verb."""

from __future__ import annotations

import functools
import importlib
import io
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from atms._version import __version__

# in the order of the help: name -> module and attribute of a command, or of a group of commands
COMMANDS = {
    "init": ("init", "init"),
    "backtest": ("backtest", "backtest"),
    "demo": ("demo", "demo"),
    "paper": ("live", "paper"),
    "live": ("live", "live"),
    "status": ("live_runs", "status"),
    "accounts": ("accounts", "accounts"),
    "positions": ("live_runs", "positions"),
    "orders": ("live_runs", "orders"),
    "reconcile": ("live_runs", "reconcile"),
    "stop": ("live_runs", "stop"),
    "flatten": ("live_runs", "flatten"),
    "watch": ("live_runs", "watch"),
    "trades": ("runs", "trades"),
    "why": ("why", "why"),
    "report": ("report", "report"),
    "compare": ("compare", "compare"),
    "calibrate": ("calibrate", "calibrate_"),
    "chaos": ("chaos", "chaos"),
    "doctor": ("doctor", "doctor"),
    "bench": ("bench", "bench"),
    "runs": ("runs", "runs"),
    "strategies": ("strategies", "strategies"),
    "stores": ("stores", "stores"),
    "config": ("config", "config"),
    "data": ("data", "data"),
    "db": ("db", "db"),
    "sandbox": ("sandbox", "sandbox"),
}
# what a group has from elsewhere: group -> its commands
MORE = {
    "runs": {"sync": ("upkeep", "sync"), "prune": ("upkeep", "prune")},
    "data": {"download": ("data_download", "download"), "import": ("data_import", "import_")},
}


_PROGRAM = dict(
    name="atms",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="One trading strategy in Python, from backtest to live, on Backtrader.",
    epilog="Exit codes: 0 good, 1 the run failed, 2 usage or config, 3 data, 4 venue or database, "
    "130 Ctrl-C.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"atms {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def program(*names: str) -> typer.Typer:
    """Return the command line with these commands; with all, if none is named.

    What a command needs is imported with it: a program that is called for one need not load all.
    """
    made = typer.Typer(**_PROGRAM)  # type: ignore[arg-type]
    made.callback()(_options)
    for name in names or COMMANDS:
        found = _loaded(*COMMANDS[name])
        if not isinstance(found, typer.Typer):
            made.command(name)(found)
            continue
        known = {one.name for one in found.registered_commands}
        for verb, place in MORE.get(name, {}).items():
            if verb not in known:
                found.command(verb)(_loaded(*place))
        made.add_typer(found, name=name)
    return made


def _loaded(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"atms.cli.{module}"), name)


_whole = functools.cache(program)


def __getattr__(name: str) -> Any:
    """Return ``app``, the whole command line, for who runs it from Python."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _whole()


def chosen() -> Callable[..., Any]:
    """Return the part of the command line that this process was called for, loaded."""
    first = sys.argv[1:2]
    if first == ["--version"]:  # which need not load anything
        return lambda **_: typer.echo(f"atms {__version__}")
    return program(*(name for name in first if name in COMMANDS))


def main(run: Callable[..., Any] | None = None) -> None:
    """Run the command line; *run*: what `chosen` has returned."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="replace"
            )  # a terminal without our dashes is no reason to fail
    (run or chosen())(prog_name="atms")

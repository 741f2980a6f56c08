"""``atms doctor``: what is wrong with this installation, and the way out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.screen import out, print_json
from atms.doctor import Check, examine
from atms.errors import ConfigError

_STYLES = {"ok": "green", "info": "dim", "warn": "yellow", "fail": "bold red"}


@guarded
def doctor(
    config: options.ConfigFiles = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no venue; look at this machine alone.")
    ] = False,
    json_: options.Json = False,
) -> None:
    """Check this installation: Python, packages, clock, folders, ledger, config.

    Where the config's feeds name stores: journals too, and each account as it answers now:
    connection, clock, symbols, what the key may do, how each kind of order is done.

    A line a check: ok, info, warn or fail, what was found, and the way out.
    Nothing is changed.

    Exit codes: 0 nothing fails; else the one that a run would end with:
    1 a folder cannot be written, 2 installation or config, 3 data, 4 venue, journal or ledger.
    Where several fail, the first one's.

    Examples:
      python -m atms doctor
      python -m atms doctor -c config.yaml --json
    """
    checks = _checks(config, not offline)
    if json_:
        print_json([asdict(check) for check in checks])
    else:
        _show(out(), checks)
    code = next((check.exit_code for check in checks if check.verdict == "fail"), 0)
    if code:
        raise typer.Exit(code)


def _checks(config: list[str] | None, connect: bool) -> list[Check]:
    try:
        loaded = options.load(config)
    except ConfigError as error:
        wrong = Check("config", "fail", str(error), "the checks below are of the defaults")
        return [wrong, *examine()]
    warned = [Check("config", "warn", warning) for warning in loaded.warnings]
    return [*examine(loaded.config, connect=connect), *warned]


def _show(page: Console, checks: Sequence[Check]) -> None:
    name_width = max(len(check.name) for check in checks)
    indent = " " * (6 + name_width + 2)
    for check in checks:
        first, *more = check.found.splitlines()
        line = Text.assemble(
            (f"{check.verdict:<6}", _STYLES[check.verdict]), f"{check.name:<{name_width}}  ", first
        )
        lines = [line, *(Text(indent + text) for text in more)]
        if check.hint:
            # A command is not broken, so that it can be copied.
            if not more and line.cell_len + 2 + len(check.hint) <= page.width:
                line.append(f"; {check.hint}")
            else:
                lines.append(Text(indent + check.hint))
        for each in lines:
            page.print(each, soft_wrap=True)
    counts = Counter(check.verdict for check in checks)
    page.print(f"{len(checks)} checks: {counts['fail']} fail, {counts['warn']} warn")

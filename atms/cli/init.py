"""``atms init``: a project of one's own, ready to run, to test and to change."""

from __future__ import annotations

import importlib.util
import shlex
from pathlib import Path
from typing import Annotated

import typer

from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.screen import out, print_json
from atms.project.making import STRATEGY, make

_COMMANDS = (
    "python -m atms backtest -c config.yaml",
    "python -m pytest",
    "python -m atms config validate -c config.yaml",
)


@guarded
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The project's folder; made if it is not there.")
    ] = Path(),
    strategy: Annotated[
        str,
        typer.Option("--strategy", metavar="NAME", help="What your strategy is to be called."),
    ] = STRATEGY,
    json_: options.Json = False,
) -> None:
    """Make a project: a config, a strategy and its test, ready to run on bundled bars.

    Nothing is overwritten: where a file of the same name is there, nothing
    is written at all. Other files in the folder are left alone.

    Examples:
      python -m atms init my-project
      python -m atms init my-project --strategy my_idea
    """
    folder = folder.expanduser()
    files = make(folder, strategy)
    commands = [*_enter(folder), *_COMMANDS]
    if importlib.util.find_spec("pytest") is None:
        commands.insert(-2, "pip install pytest")
    if json_:
        names = [str(file.relative_to(folder)) for file in files]
        print_json({"folder": str(folder.resolve()), "files": names, "next": commands})
        return
    page = out()
    page.print(f"made in {folder.resolve()}:", markup=False, soft_wrap=True)
    for file in files:
        page.print(f"  {file.relative_to(folder)}", markup=False, soft_wrap=True)
    page.print("next:")
    for command in commands:
        page.print(f"  {command}", markup=False, soft_wrap=True, style="bold")
    page.print(f"then change {files[2].relative_to(folder)}, and run them again")


def _enter(folder: Path) -> list[str]:
    """Return the command that goes to *folder*; none from where we stand."""
    if folder.resolve() == Path.cwd():
        return []
    text = str(folder)
    return [f"cd {shlex.quote(f'./{text}' if text.startswith('-') else text)}"]

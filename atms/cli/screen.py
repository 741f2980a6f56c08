"""Where the command line prints: the result to standard output, all else to standard error."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

_PLAIN_WIDTH = 200
_output: TextIO | None = None


@contextlib.contextmanager
def result_alone() -> Iterator[None]:
    """Keep standard output for the result: what else is printed there goes to standard error.

    A strategy prints when it is imported, and sets up log handlers; its prints are no JSON.
    """
    global _output
    before, _output = _output, sys.stdout
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        _output = before


class _Console(Console):
    """A console that leaves text as it is, and is quiet when its reader has seen enough."""

    def on_broken_pipe(self) -> None:
        """Pass it on; :mod:`atms.cli.guard` ends the command."""
        raise BrokenPipeError


def out() -> Console:
    """Return a console on standard output; as wide as it needs to be where that is a file."""
    console = _Console(file=_output, highlight=False, emoji=False)
    if not console.is_terminal:
        columns = os.environ.get("COLUMNS", "")
        console.width = int(columns) if columns.isdigit() and int(columns) else _PLAIN_WIDTH
    return console


def errors() -> Console:
    """Return a console on standard error."""
    return _Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """Print a line on standard error."""
    errors().print(Text(text, style=style))


def print_json(value: Any) -> None:
    """Print *value* as JSON on standard output, times as ISO 8601, undefined as null."""
    from atms.report.summary import json_safe  # which loads pandas

    stream = _output or sys.stdout
    json.dump(json_safe(value), stream, indent=2, allow_nan=False)
    stream.write("\n")
    stream.flush()

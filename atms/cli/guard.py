"""Errors on the command line: one message and the exit code of its kind.

Exit codes: 0 good, 1 the run failed, 2 usage or config, 3 data, 4 venue or database, 130 Ctrl-C.
"""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from atms.errors import AtmsError

INTERRUPTED = 130


def console() -> Console:
    """Return a console on standard error, where everything goes that is not the result."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """Print a line on standard error."""
    console().print(escape(text), style=style or None)


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return *command* with its errors turned into a message and an exit code."""

    @functools.wraps(command)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except AtmsError as error:
            fail(str(error), error.exit_code)
        except KeyboardInterrupt:
            fail("interrupted; nothing was written", INTERRUPTED)
        except BrokenPipeError:
            # The reader, `head` say, has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except typer.Exit:
            raise
        except OSError as error:
            fail(f"{error.filename or 'output'}: {error.strerror or error}", 1)
        except Exception:  # noqa: BLE001 - the last one: anything else is a bug of ours
            traceback.print_exc()
            fail("this is a bug in atms: please report it with the lines above", 1)

    return call


def fail(message: str, code: int) -> None:
    """Print an error and leave with *code*."""
    lines = message.splitlines() or [""]
    out = console()
    out.print(f"[bold red]error:[/] {escape(lines[0])}")
    for line in lines[1:]:
        out.print(f"  {escape(line)}")
    raise typer.Exit(code)

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
from rich.text import Text

from atms.cli.screen import errors, result_alone
from atms.errors import AtmsError

INTERRUPTED = 130


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return *command* with its errors turned into a message and an exit code."""

    @functools.wraps(command)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            with result_alone():
                return command(*args, **kwargs)
        except AtmsError as error:
            fail(str(error), error.exit_code)
        except KeyboardInterrupt as stop:
            kept = getattr(stop, "kept", None)
            fail(f"interrupted; {f'kept: {kept}' if kept else 'nothing was written'}", INTERRUPTED)
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
    first, *more = message.splitlines() or [""]
    errors().print(Text("error: ", style="bold red").append(first, style="not bold default"))
    for line in more:
        errors().print(Text(f"  {line}"))
    raise typer.Exit(code)

"""A program that has imported atms and forks: each child is a ``python -m atms``.

Importing takes longer than what is to be killed, and nothing happens in it that a kill could harm.
It reads a line of JSON a command: ``args``, ``cwd``, ``env``, ``output``, ``trace``, ``rows``; and
answers with the child's pid, then, when the child has ended, with its exit code. The child is not
waited for before the next command, so that its pid stays its own.

A child does two things that ``python -m atms`` does not: it writes to ``trace`` where it is, a line
whenever SIGUSR1 comes, and where the database failed it. ``rows`` is how many rows of a file make a
chunk, where that is not said: the usual number is more than a file has that is cheap.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import sys
import threading
import traceback
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import alembic.command
import psycopg2.extras
import pyarrow.csv
import pyarrow.parquet
import sqlalchemy.dialects.postgresql.psycopg2
import sqlalchemy.dialects.sqlite.pysqlite

import atms.cli.main
import atms.keeping
import atms.ledger.migrations.parking
import atms.syncing
from atms.feeds.importing import Import
from atms.ledger import creating, engine

PROGRAM = atms.cli.main.program()  # every command with what it needs
IMPORTED = (alembic, psycopg2, pyarrow, sqlalchemy, atms)


def main() -> None:
    """Obey until standard input ends."""
    gc.freeze()  # a child that collects garbage need not copy what all children share
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])  # in every thread of every child
    child = 0
    for line in sys.stdin:
        if child:
            os.waitpid(child, 0)
        child = os.fork()
        if not child:
            _be_atms(**json.loads(line))
        _answer(pid=child)
        ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        killed = ended.si_code != os.CLD_EXITED
        _answer(code=-ended.si_status if killed else ended.si_status)


def _answer(**values: int) -> None:
    print(json.dumps(values), flush=True)


def _be_atms(
    args: list[str], cwd: str, env: dict[str, str], output: str, trace: str, rows: int | None
) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for path, number in ((os.devnull, 0), (f"{output}.out", 1), (f"{output}.err", 2)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
    stream = Path(trace).open("w")  # noqa: SIM115 - open as long as the process is
    threading.Thread(target=_tell_where, args=(stream,), daemon=True).start()
    _tell_failures(stream)
    if rows is not None:
        defaults: Any = Import.chunks.__kwdefaults__
        defaults["rows"] = rows
    sys.argv, sys.path[0] = ["atms", *args], ""
    code = 0
    try:
        runpy.run_module("atms", run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        code = int(stop.code or 0)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _tell_where(stream: TextIO) -> None:
    sys.setswitchinterval(0.0002)
    main_thread = threading.main_thread().ident
    assert main_thread is not None
    while signal.sigwait([signal.SIGUSR1]):
        frame = sys._current_frames()[main_thread]
        _write(stream, [at for at, _ in traceback.walk_stack(frame)])


def _tell_failures(stream: TextIO) -> None:
    usual = engine.reason

    def reason(error: BaseException) -> str:
        stream.write("failed ")
        frames: list[FrameType] = []
        cause: BaseException | None = error
        while cause is not None:  # a rollback that fails too hides what failed first
            frames += [at for at, _ in traceback.walk_tb(cause.__traceback__)]
            cause = cause.__context__
        _write(stream, frames[::-1])
        return usual(error)

    for module in (engine, creating):
        vars(module)["reason"] = reason


def _write(stream: TextIO, frames: list[FrameType]) -> None:
    """Write module.function of each, the innermost first."""
    codes = [frame.f_code for frame in frames]
    stream.write(" ".join(f"{Path(c.co_filename).stem}.{c.co_name}" for c in codes) + "\n")
    stream.flush()


if __name__ == "__main__":
    main()

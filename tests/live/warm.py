"""A program that has imported atms and forks: each child is a ``python -m atms``.

Importing takes longer than most of what is tested, and is tested once. It reads a line of JSON a
command: ``args``, ``cwd``, ``env``, ``output``, and ``cold``: the child imports everything anew, as
one that a service manager starts; it answers with the child's pid, and writes how the
child ended to ``output.code``. A child may be told to die at a place of its own code, see
:mod:`tests.live.kills.dying`.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import runpy
import select
import sys
from pathlib import Path

import aiohttp
import alembic.command
import ccxt.pro
import psycopg2
import sqlalchemy.dialects.postgresql.psycopg2
import sqlalchemy.dialects.sqlite.pysqlite

import atms.cli.main
import atms.ledger.migrations.parking
import atms.running.live
import atms.running.taking_over
import atms.stores.ccxt.store
import atms.stores.ccxt.wire
import atms.stores.sim
from tests.live.kills import dying

PROGRAM = atms.cli.main.program()  # every command with what it needs
IMPORTED = (aiohttp, alembic, ccxt, psycopg2, sqlalchemy, atms)
_LOOK_EVERY = 0.02


def main() -> None:
    """Obey until standard input ends."""
    gc.freeze()  # a child that collects garbage need not copy what all children share
    outputs: dict[int, str] = {}
    while True:
        if select.select([0], [], [], _LOOK_EVERY)[0]:
            line = os.read(0, 1 << 20)  # one command at a time: the next waits for the answer
            if not line:
                return
            told = json.loads(line)
            child = os.fork()
            if not child:
                _be_atms(**told)
            outputs[child] = told["output"]
            os.write(1, b"%d\n" % child)
        with contextlib.suppress(ChildProcessError):
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended:
                made = Path(f"{outputs[ended]}.code.new")
                made.write_text(str(os.waitstatus_to_exitcode(status)))
                made.replace(f"{outputs[ended]}.code")


def _be_atms(
    args: list[str], cwd: str, env: dict[str, str], output: str, cold: bool = False
) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for path, number in ((os.devnull, 0), (f"{output}.out", 1), (f"{output}.err", 2)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
    if cold:
        os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
        os.execv(sys.executable, [sys.executable, "-W", "ignore", "-m", dying.__name__, *args])
    dying.prepare()
    sys.argv, sys.path[0] = ["atms", *args], ""
    code = 0
    try:
        runpy.run_module("atms", run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        code = int(stop.code or 0)
    except BaseException:  # noqa: BLE001 - what a process of its own would do
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()

"""A running server as the system shows it: postmaster.pid, and the process of that number."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_LINES = 8  # of a postmaster.pid whose server is up or going down


@dataclass(frozen=True, kw_only=True)
class PidFile:
    """What a server wrote into its data folder.

    Attributes:
        port: None until it listens.
        status: starting, ready, stopping ...; empty until it is known.
    """

    pid: int
    port: int | None
    status: str


def read_pid_file(data: Path) -> PidFile | None:
    """Return what stands in *data*'s postmaster.pid; None without one, or while it is written."""
    try:
        lines = os.fsdecode(pid_path(data).read_bytes()).splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[0].strip().isdigit():
        return None
    lines += [""] * _LINES
    port = lines[3].strip()
    return PidFile(
        pid=int(lines[0]), port=int(port) if port.isdigit() else None, status=lines[7].strip()
    )


def pid_path(data: Path) -> Path:
    """Return where a server of *data* writes its number."""
    return data / "postmaster.pid"


def command_line(pid: int) -> str:
    """Return a process's command line, parts joined by spaces; empty if there is none of it.

    A process that has ended but was not waited for has none either.
    """
    if not (_PROC / "self").exists():  # no Linux
        return _from_ps("command", pid)
    try:
        raw = (_PROC / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return os.fsdecode(raw.rstrip(b"\0").replace(b"\0", b" "))


def _from_ps(column: str, pid: int) -> str:
    """Return what ``ps`` says of process *pid*; empty if there is none."""
    done = subprocess.run(  # noqa: S603
        ["/bin/ps", "-ww", "-o", f"{column}=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def is_alive(pid: int) -> bool:
    """Return whether there is a process *pid* that has not ended.

    Its command line does not tell: while the system loads a program it is empty, and on a busy
    machine that takes long enough to be seen.
    """
    if not (_PROC / "self").exists():  # no Linux
        return _from_ps("state", pid)[:1] not in ("", "Z")
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    # "PID (NAME) STATE ...": a name may hold a parenthesis.
    return stat.rpartition(b") ")[2][:1] not in (b"Z", b"X")


def is_server_of(pid: int, data: Path) -> bool:
    """Return whether process *pid* is the server of *data*, and not another one of that number."""
    line = command_line(pid)
    return _is_postgres(line) and f" -D {data} " in f"{line} "


def drop_stale(data: Path) -> None:
    """Remove the postmaster.pid of a server that is gone.

    PostgreSQL does so too, but takes any process of that number and user for the server: another
    program, or one that has ended and was not waited for, as happens in containers. What cannot
    be told is left to it. Should parts of the server still run, it knows them by their memory.
    """
    found = read_pid_file(data)
    if found is not None and not _may_be_server_of(found.pid, data):
        pid_path(data).unlink()


def _may_be_server_of(pid: int, data: Path) -> bool:
    line = command_line(pid)
    elsewhere = " -D /" in line and f" -D {data} " not in f"{line} "
    return _is_postgres(line) and not elsewhere


def _is_postgres(line: str) -> bool:
    """Return whether that is a whole server, not one of its parts (``postgres: writer``)."""
    before, _, _ = line.partition(" -")
    return Path(before).name == "postgres"

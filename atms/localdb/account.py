"""As whom the server runs: as the user who starts it, or as ``nobody`` where that is root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from atms.errors import LedgerError

_ROOT = 0
# Prints the first of the folders that the caller may not pass.
_FIRST_CLOSED = 'for folder do [ -x "$folder" ] || { printf %s "$folder"; exit 0; }; done'


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user of the system.

    Attributes:
        switch: whether this process is root and must become that user.
    """

    name: str
    uid: int
    gid: int
    switch: bool

    def run(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path,
        text: str = "",
        log: IO[bytes] | None = None,
        detached: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run *command* as this user, in *folder*, with *text* on its standard input.

        Args:
            log: where standard error goes; None: to standard output.
            detached: in a session of its own, which the terminal's Ctrl-C does not reach.

        Raises:
            LedgerError: it cannot be run at all; its own exit code is the caller's to read.
        """
        try:
            return subprocess.run(  # noqa: S603 - our own programs, no shell
                [str(part) for part in command],
                input=text,
                stdout=subprocess.PIPE,
                stderr=log or subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                cwd=folder,
                env=_environment(),
                check=False,
                start_new_session=detached,
                user=self.uid if self.switch else None,
                group=self.gid if self.switch else None,
                extra_groups=[] if self.switch else None,
            )
        except OSError as error:
            raise LedgerError(
                f"{command[0]}: cannot be run as {self.name}: {error.strerror or error}; "
                "choose a --dir on a disk that programs may run from"
            ) from error

    def give(self, path: Path) -> None:
        """Make *path* this user's own, if it is not."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def first_closed(self, folders: Sequence[Path]) -> Path | None:
        """Return the first of *folders* that this user may not pass, or None.

        Asked of the system, as that user: access lists count too.
        """
        done = self.run(["/bin/sh", "-c", _FIRST_CLOSED, "sh", *folders], folder=Path("/"))
        return Path(done.stdout) if done.stdout else None


def server_account() -> Account:
    """Return the user as whom a server that is started now would run.

    Raises:
        LedgerError: this is root, and the system has no user ``nobody``.
    """
    if os.geteuid() != _ROOT:
        return Account(
            name=user_name(os.geteuid()), uid=os.geteuid(), gid=os.getegid(), switch=False
        )
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise LedgerError(
            "PostgreSQL does not run as root, and there is no user 'nobody' to run it as; "
            "start it as an ordinary user"
        ) from error
    return Account(name="nobody", uid=entry.pw_uid, gid=entry.pw_gid, switch=True)


def user_name(uid: int) -> str:
    """Return that user's name, or ``user 1234`` where the system has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _environment() -> dict[str, str]:
    """Return what the server's programs see.

    Not the caller's: a server lives long, SQL can read its environment, and keys stand there. PG*
    variables would change what the programs do.
    """
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **kept}

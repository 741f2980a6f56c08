"""A new cluster: the superuser atms with a password of its own, and the database atms."""

from __future__ import annotations

import secrets
from pathlib import Path

from atms.errors import LedgerError
from atms.localdb.account import Account, user_name
from atms.localdb.folder import ServerFolder, rename_durably, workshop, write_durably
from atms.localdb.programs import Programs
from atms.localdb.reasons import explained

SUPERUSER = DATABASE = "atms"
_BUILTIN_LOCALES = 17  # the first version with locales of its own
_TEMPLATE = "postgres"


def make_cluster(folder: ServerFolder, programs: Programs, account: Account) -> None:
    """Make ``data`` and ``password``; ``data`` gets its name last, when all of it stands.

    Raises:
        LedgerError: with the program's last lines.
    """
    password = secrets.token_urlsafe(24)  # fit for a URL as it is
    with workshop(folder) as shop:
        data, secret = shop / "data", shop / "password"
        data.mkdir(mode=0o700)
        write_durably(secret, password)
        for path in (data, secret):
            account.give(path)
        initdb: list[str | Path] = [
            programs["initdb"],
            "-D",
            data,
            f"--pwfile={secret}",
            *_options(programs),
        ]
        done = account.run(initdb, folder=shop)
        if done.returncode:
            raise _failed(folder, done.stdout)
        # A server alone, without a port: it reads statements from its standard input.
        alone: list[str | Path] = [programs["postgres"], "--single", "-D", data, _TEMPLATE]
        done = account.run(alone, folder=shop, text=f"CREATE DATABASE {DATABASE};\n")
        if done.returncode or "ERROR:" in done.stdout or "FATAL:" in done.stdout:
            raise _failed(folder, done.stdout)
        write_durably(folder.password, password)
        rename_durably(data, folder.data)


def _options(programs: Programs) -> list[str]:
    options = [
        f"--username={SUPERUSER}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",  # the one that every system has
    ]
    if programs.major >= _BUILTIN_LOCALES:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return options


def _failed(folder: ServerFolder, text: str) -> LedgerError:
    return LedgerError(explained(f"{folder.path}: the database could not be made", text))


def check_owner(folder: ServerFolder, account: Account) -> None:
    """Refuse a cluster that another user made: PostgreSQL would.

    Raises:
        LedgerError: it belongs to someone else.
    """
    uid = folder.data.stat().st_uid
    if uid != account.uid:
        raise LedgerError(
            f"{folder.data}: belongs to {user_name(uid)}, and the server would run as "
            f"{account.name}; start it as the user who made it, or choose another --dir"
        )


def read_password(folder: ServerFolder) -> str:
    """Return the superuser's password.

    Raises:
        LedgerError: the file is gone.
    """
    try:
        return folder.password.read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise LedgerError(
            f"{folder.password}: is gone, and only it has the password; put it back, "
            "or choose another --dir"
        ) from error

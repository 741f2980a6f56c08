"""The schema that a database has, the one that this code wants, and the way between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from atms.errors import LedgerError
from atms.ledger.engine import connected, exists

WANTED = "0002"  # the last step in migrations/versions
BASE = "base"  # no tables at all
_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x61746D73  # of PostgreSQL's advisory locks: two programs must not migrate at once


@dataclass(frozen=True)
class SchemaStatus:
    """The schema's version.

    Attributes:
        found: the database's; None if it holds no ledger yet.
        wanted: the one that this code works with.
    """

    found: str | None
    wanted: str = WANTED

    @property
    def newer(self) -> bool:
        """Whether a newer atms made it, so that this one does not know it."""
        return self.found is not None and self.found not in steps()


def schema_status(url: str) -> SchemaStatus:
    """Return which schema the database has and which it should have; makes nothing.

    Raises:
        LedgerError: the database cannot be read, or is a ledger from before there were versions.
    """
    if not exists(url):
        return SchemaStatus(None)
    with connected(url, write=False) as connection:
        return SchemaStatus(found_version(connection))


def upgrade(url: str) -> SchemaStatus:
    """Bring the database to the schema that this code wants; return what it was before.

    Raises:
        LedgerError: the schema is newer than the code, or the database refuses; nothing changed.
    """
    with connected(url, write=True) as connection:
        _lock(connection)
        before = found_version(connection)
        if before != WANTED:
            _refuse_newer(before)
            _alembic(connection, "upgrade", WANTED)
        return SchemaStatus(before)


def downgrade(url: str, target: str = "-1") -> SchemaStatus:
    """Go back to schema *target* (default: one step); what it cannot hold is kept aside.

    Raises:
        LedgerError: there is no such schema, or nothing to go back from; nothing changed.
    """
    with connected(url, write=True) as connection:
        _lock(connection)
        before = found_version(connection)
        _refuse_newer(before)
        if before is None:
            raise LedgerError("there is no schema to go back from; see: python -m atms db status")
        if target not in ("-1", BASE, *steps()):
            raise LedgerError(
                f"there is no schema {target!r}; there are: {BASE}, {', '.join(steps())}"
            )
        _alembic(connection, "downgrade", target)
        return SchemaStatus(found_version(connection))


def ensure(connection: Connection) -> None:
    """Make the tables where there are none yet; refuse a schema that this code does not know.

    Raises:
        LedgerError: the schema is older or newer than the code.
    """
    found = found_version(connection)
    if found is None:
        _lock(connection)
        found = found_version(connection)  # another program may have been faster
    if found is None:
        _alembic(connection, "upgrade", WANTED)
    else:
        refuse_unknown(found)


def refuse_unknown(found: str | None) -> None:
    """Refuse a schema that is older or newer than the code; None, no tables, is fine.

    Raises:
        LedgerError: with the way to the right one.
    """
    if found in (None, WANTED):
        return
    _refuse_newer(found)
    raise LedgerError(
        f"its schema is {found}, and this atms works with {WANTED}; "
        "bring it up to date: python -m atms db upgrade"
    )


def found_version(connection: Connection) -> str | None:
    """Return the schema's version, None where there are no tables.

    Raises:
        LedgerError: it is a ledger from before there were versions.
    """
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if found is None else str(found)
    if "runs" in names:
        raise LedgerError(
            "this database has a table 'runs' that is not this ledger's (or is one from before "
            "ledgers had versions): move it away, or choose another ledger.url; then file the "
            "runs whose folders are there: python -m atms runs sync"
        )
    return None


def steps() -> list[str]:
    """Return the versions that this code knows, the first one first."""
    files = (_MIGRATIONS / "versions").glob("v[0-9]*.py")
    return sorted(path.name[1:].partition("_")[0] for path in files)


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in steps():
        raise LedgerError(
            f"its schema is {found}, newer than this atms, which knows up to {WANTED}: "
            "update atms, or choose another ledger.url"
        )


def _lock(connection: Connection) -> None:
    """Wait until no other program migrates; SQLite's own BEGIN IMMEDIATE sees to it already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _alembic(connection: Connection, command: str, target: str) -> None:
    # Imported here: most runs find the schema right and need none of it.
    from alembic import command as commands
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    getattr(commands, command)(config, target)

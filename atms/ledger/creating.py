"""A database of its own for the ledger, where the server has none yet."""

from __future__ import annotations

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from atms.config import mask_url
from atms.errors import LedgerError
from atms.ledger.engine import check_driver, parsed_url, reason
from atms.ledger.version import SchemaStatus, upgrade

_MAINTENANCE = "postgres"  # there on every server, to connect to while ours is not


def create(url: str) -> SchemaStatus:
    """Make the database if the server does not have it, and its tables; return what it was before.

    Raises:
        LedgerError: the server refuses.
        MissingExtra: the database's driver is not installed.
    """
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "postgresql" and parsed.database:
        check_driver(parsed)
        engine = create_engine(parsed.set(database=_MAINTENANCE), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                there = text("SELECT 1 FROM pg_database WHERE datname = :name")
                if connection.execute(there, {"name": parsed.database}).scalar() is None:
                    name = engine.dialect.identifier_preparer.quote(parsed.database)
                    connection.exec_driver_sql("CREATE DATABASE " + name)
        except SQLAlchemyError as error:
            raise LedgerError(f"ledger {mask_url(url)}: {reason(error)}") from error
        finally:
            engine.dispose()
    return upgrade(url)

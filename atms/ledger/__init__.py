"""The database that knows every run: SQLite, behind a schema that a server will share."""

from atms.ledger.runs import file_run, list_runs

__all__ = ["file_run", "list_runs"]

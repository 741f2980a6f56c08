"""The database that knows every run and keeps bars: SQLite or PostgreSQL, one schema."""

from atms.ledger.bars import (
    check_series,
    end_import,
    import_mark,
    list_series,
    read_bars,
    write_bars,
)
from atms.ledger.checking import check_balances
from atms.ledger.creating import create
from atms.ledger.runs import delete_runs, file_run, list_runs
from atms.ledger.version import SchemaStatus, downgrade, schema_status, upgrade

__all__ = [
    "SchemaStatus",
    "check_balances",
    "check_series",
    "create",
    "delete_runs",
    "downgrade",
    "end_import",
    "file_run",
    "import_mark",
    "list_runs",
    "list_series",
    "read_bars",
    "schema_status",
    "upgrade",
    "write_bars",
]

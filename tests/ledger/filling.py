"""A ledger with rows in every table, the awkward ones too."""

from __future__ import annotations

import numpy as np

from atms.ledger import schema, write_bars
from atms.ledger.bars import Mark
from atms.result import Result
from tests.ledger.making import SERIES, bars, file
from tests.ledger.raw import contents, counts, execute, is_sqlite, tables

Snapshot = dict[str, list[str]]
DIGITS = "123456789012.345678901234567890"


def fill(url: str, result: Result) -> None:
    """Put rows into every table."""
    file(result, url)
    raw = bars(30, funding=np.where(np.arange(30) % 2, 0.1, np.nan))
    raw.columns["volume"][3] = np.nan
    raw.columns["low"][4] = 5e-324
    write_bars(url, SERIES, raw, mark=Mark("file", 30, finished=True))
    exact = f"'{DIGITS}'" if is_sqlite(url) else DIGITS
    names = [column.name for column in schema.fills.columns if column.name != "id"]
    changed = {"row": "'reversal'", "size": exact, "fees_known": "FALSE"}
    values = ", ".join(changed.get(name, name) for name in names)
    execute(
        url,
        "INSERT INTO strategy_state (run_id, key, ts, value) "
        "SELECT id, 'a key', started, '{\"a\": [1, null, \"\\u00e4\"]}' FROM runs",
        "INSERT INTO openings SELECT run_id, account, venue, symbol, 'net', 7, ts, 'held', "
        f"{exact}, NULL FROM positions",
        "INSERT INTO live_sessions SELECT account, 'abc123', 3, run_id, ts FROM positions",
        "INSERT INTO journal_marks SELECT account, 'abc123', 9999999999, ts FROM positions",
        f"INSERT INTO fills ({', '.join(names)}) SELECT {values} FROM fills WHERE trade_id = '1'",
        f"INSERT INTO fill_fees SELECT id, 'BNB', {exact} FROM fills WHERE row = 'reversal'",
        f"UPDATE instruments SET tick = {exact}",
        f"UPDATE orders SET code = 'MAX', risk_limit = {exact}, risk_value = 2 WHERE type = 'stop'",
        "INSERT INTO users (name, created) SELECT 'Zoë ''\\ \t', created FROM users",
    )


def snapshot(url: str) -> Snapshot:
    """Return every row of the ledger's tables, each as the text of what the driver gives."""
    found = contents(url, [table.name for table in schema.metadata.sorted_tables])
    return {name: sorted(map(repr, rows)) for name, rows in found.items()}


def is_whole(url: str) -> bool:
    """Return whether all tables of the schema are there, and nothing else."""
    return tables(url) == sorted([*schema.metadata.tables, "alembic_version"])


def parked(url: str) -> dict[str, int]:
    """Return table -> rows that a downgrade keeps aside for it."""
    return {
        name.removeprefix("parked_"): number
        for name, number in counts(url).items()
        if name.startswith("parked_")
    }

"""Up, down and up again: the tables are those of the code, and no row is lost on the way."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from atms.errors import LedgerError
from atms.ledger import (
    check_balances,
    downgrade,
    list_runs,
    read_bars,
    schema,
    schema_status,
    upgrade,
    version,
    write_bars,
)
from atms.ledger.bars import Series
from atms.model import Timeframe
from atms.result import Result
from tests.ledger.filling import Snapshot, fill, is_whole, parked, snapshot
from tests.ledger.making import SERIES, bars, file
from tests.ledger.raw import count, execute, is_sqlite, stored, tables


@pytest.fixture
def full(url: str, result: Result) -> tuple[str, Snapshot]:
    """A ledger with rows in every table, and these rows."""
    fill(url, result)
    rows = snapshot(url)
    assert [table for table, found in rows.items() if not found] == []
    return url, rows


# ---- the tables ---------------------------------------------------------------------------------
def test_the_migrations_make_the_tables_of_the_code(url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_the_migrations_make_every_column_and_constraint_of_the_code(bare_url: str) -> None:
    # Alembic's own comparison knows nothing of CHECK, of ON DELETE, of WITHOUT ROWID.
    engine = create_engine(bare_url)
    schema.metadata.create_all(engine)
    engine.dispose()
    by_code = catalogue(bare_url)
    if is_sqlite(bare_url):
        Path("atms.db").unlink()
    else:
        execute(bare_url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    upgrade(bare_url)
    execute(bare_url, "DROP TABLE alembic_version")
    assert catalogue(bare_url) == by_code


def catalogue(url: str) -> list[Any]:
    """Return what the database knows of its tables, in an order that is not that of the making."""
    if is_sqlite(url):
        found = stored(url, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        # Columns that a later step added stand on one line.
        parts = re.compile(r",?\s*\n\s*|(?<=TEXT|NULL), (?=\w+ (?:TEXT|BIGINT))")
        return sorted((name, sorted(parts.split(sql))) for name, sql in found)
    queries = (
        "SELECT table_name, column_name, data_type, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    )
    return [sorted(stored(url, query), key=repr) for query in queries]


# ---- there and back -----------------------------------------------------------------------------
def test_rows_survive_up_and_down_and_up_again(full: tuple[str, Snapshot]) -> None:
    url, before = full
    assert downgrade(url, "base").found is None
    aside = parked(url)
    assert {table: aside[table] for table in before} == {
        table: len(rows) for table, rows in before.items()
    }
    assert set(tables(url)) <= {"alembic_version", *(f"parked_{table}" for table in aside)}
    assert upgrade(url).found is None
    assert snapshot(url) == before
    assert is_whole(url)


# ---- why: 0002 ----------------------------------------------------------------------------------
def test_a_step_down_keeps_what_was_said_aside_and_a_step_up_brings_it_back(
    full: tuple[str, Snapshot],
) -> None:
    url, before = full
    some = "SELECT count(*) FROM orders WHERE why IS NOT NULL OR code IS NOT NULL"
    ((orders,),) = stored(url, some)
    assert 0 < orders < len(before["orders"])
    assert downgrade(url).found == "0001"
    kept = {table: len(before[table]) for table in ("decisions", "gates")}
    closed = sum("'closed'" in row for row in before["trades"])
    assert parked(url) == {**kept, "orders_columns": orders, "trades_columns": closed}
    assert not {"decisions", "gates"} & set(tables(url))
    assert count(url, "orders") == len(before["orders"])
    assert upgrade(url).found == "0001"
    assert snapshot(url) == before
    assert is_whole(url)


def test_a_ledger_from_before_strategies_said_why_is_brought_up_with_its_rows(
    full: tuple[str, Snapshot], result: Result, make: Callable[..., Result]
) -> None:
    url, before = full
    downgrade(url)
    for table in parked(url):
        execute(url, f"DROP TABLE parked_{table}")
    assert upgrade(url).found == "0001"
    after = snapshot(url)
    changed = {"orders", "trades", "decisions", "gates"}
    assert {name: rows for name, rows in after.items() if name not in changed} == {
        name: rows for name, rows in before.items() if name not in changed
    }
    none = "why IS NULL AND tag IS NULL AND code IS NULL AND risk_limit IS NULL"
    found = stored(url, f"SELECT count(*) FROM orders WHERE {none}")
    assert found == [(len(result.orders),)]
    assert stored(url, "SELECT DISTINCT reason, tag, exit_reason FROM trades") == [(None,) * 3]
    assert file(make(name="after"), url)


def test_what_a_run_said_goes_with_it_while_it_stands_aside(
    full: tuple[str, Snapshot], result: Result
) -> None:
    url, _ = full
    downgrade(url)
    execute(url, *(f"DELETE FROM {table} WHERE run_id = '{result.id}'" for table in _OF_RUNS))
    execute(url, f"DELETE FROM runs WHERE id = '{result.id}'")
    upgrade(url)
    assert (count(url, "decisions"), count(url, "gates")) == (0, 0)
    assert is_whole(url)


_OF_RUNS = (
    "run_starts", "balances", "orders", "fill_trades", "trades", "positions", "cash_flows",
    "equity", "strategy_state", "openings", "live_sessions",
)  # fmt: skip


def test_going_up_and_down_twice_loses_nothing(full: tuple[str, Snapshot]) -> None:
    url, before = full
    for target in ("0001", "base", "0001", "base"):
        downgrade(url, target)
        upgrade(url)
    assert snapshot(url) == before


def test_tables_that_came_back_take_new_rows(
    full: tuple[str, Snapshot], make: Callable[..., Result]
) -> None:
    url, before = full
    downgrade(url, "base")
    upgrade(url)
    assert file(make(name="after"), url)
    write_bars(url, Series("sim", "NEW", Timeframe(1, "h")), bars(3))
    write_bars(url, SERIES, bars(10, start=30, funding=[1.0] * 10))
    add = (
        "INSERT INTO users (name, created) SELECT 'after', created FROM users WHERE name = 'local'"
    )
    other = "INSERT INTO strategies (name, code_hash) VALUES ('after', 'x')"
    execute(url, add, other)
    after = snapshot(url)
    for table, rows in before.items():
        kept = set(rows) & set(after[table])
        changed = {"bar_blocks"}  # its last one grew
        assert table in changed or len(kept) == len(rows), table
    for table in ("users", "strategies", "fills", "cash_flows", "series", "runs", "bars"):
        assert len(after[table]) > len(before[table])
    assert len(read_bars(url, SERIES)) == 40


def test_a_ledger_that_went_down_is_listed_as_empty_and_filled_again_by_the_next_run(
    full: tuple[str, Snapshot], result: Result, make: Callable[..., Result]
) -> None:
    url, _ = full
    downgrade(url, "base")
    assert list_runs(url) == check_balances(url) == []
    assert schema_status(url).found is None
    other = make(name="after")
    assert file(other, url)
    assert {row["id"] for row in list_runs(url)} == {result.id, other.id}


def test_an_empty_ledger_goes_down_and_up_and_takes_its_first_run(url: str, result: Result) -> None:
    downgrade(url)
    upgrade(url)
    assert file(result, url)
    assert stored(url, "SELECT count(*), min(name) FROM users") == [(1, "local")]


def test_upgrading_says_what_it_was_before_and_is_nothing_the_second_time(bare_url: str) -> None:
    assert schema_status(bare_url).found is None
    assert upgrade(bare_url).found is None
    before = catalogue(bare_url)
    assert upgrade(bare_url).found == version.WANTED == schema_status(bare_url).found
    assert catalogue(bare_url) == before
    assert count(bare_url, "users") == 1


def test_a_status_makes_nothing(bare_url: str) -> None:
    assert schema_status(bare_url).found is None
    assert not Path("atms.db").exists()
    assert is_sqlite(bare_url) or tables(bare_url) == []


def test_there_is_no_going_back_from_nothing(bare_url: str) -> None:
    with pytest.raises(LedgerError, match="no schema to go back from; see: python -m atms db"):
        downgrade(bare_url)


@pytest.mark.parametrize("target", ["0000", "0003", "head", "-2", "+1", "0001; DROP TABLE runs"])
def test_a_schema_that_never_was_is_no_place_to_go_to(url: str, target: str) -> None:
    with pytest.raises(LedgerError, match=r"there is no schema .*; there are: base, 0001, 0002"):
        downgrade(url, target)
    assert is_whole(url)


# ---- a further step -----------------------------------------------------------------------------
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("notes", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    op.drop_table("notes")
"""


@pytest.fixture
def older(
    full: tuple[str, Snapshot], workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Snapshot]:
    """Be a later atms, whose schema has a step more, with a ledger from before."""
    theirs = workdir / "migrations"
    shutil.copytree(version._MIGRATIONS, theirs, ignore=shutil.ignore_patterns("__pycache__"))
    (theirs / "versions" / "v0003_notes.py").write_text(NEXT)
    monkeypatch.setattr(version, "_MIGRATIONS", theirs)
    monkeypatch.setattr(version, "WANTED", "0003")
    return full


def test_an_older_schema_is_refused_with_the_command_that_brings_it_up(
    older: tuple[str, Snapshot], make: Callable[..., Result]
) -> None:
    url, before = older
    wanted = r"schema is 0002, and this atms works with 0003; .*python -m atms db upgrade"
    for use in (list_runs, check_balances, lambda url: file(make(name="after"), url)):
        with pytest.raises(LedgerError, match=wanted):
            use(url)
    assert snapshot(url) == before
    assert schema_status(url).found == "0002"


def test_one_step_up_and_one_step_down_keep_every_row(older: tuple[str, Snapshot]) -> None:
    url, before = older
    assert upgrade(url).found == "0002"
    assert "notes" in tables(url)
    assert downgrade(url).found == "0002"
    assert is_whole(url)
    assert snapshot(url) == before
    upgrade(url)
    assert downgrade(url, "base").found is None
    upgrade(url)
    assert snapshot(url) == before

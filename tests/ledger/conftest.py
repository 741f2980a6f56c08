"""An empty database for each test, on SQLite and on PostgreSQL: what holds, holds on both."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import atms
from atms.ledger import schema, upgrade
from atms.ledger.version import WANTED
from atms.result import Result
from tests.ledger.raw import stored, tables
from tests.ledger.strategies import Busy
from tests.postgres import execute, session_of

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_reused(pytestconfig: pytest.Config) -> tuple[str, str]:
    """Two databases that tests empty and use again, which is faster than a new one each.

    The first is to have no tables, the second is to have those of the ledger.
    """
    bare, ledger = (session_of(pytestconfig).shared_database() for _ in range(2))
    upgrade(ledger)
    return bare, ledger


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the ledger's tables and no rows but the local owner's."""
    file = tmp_path_factory.mktemp("template") / "atms.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def postgres_empty(postgres_reused: tuple[str, str]) -> str:
    """A PostgreSQL database without tables, and with nobody else connected."""
    bare = postgres_reused[0]
    _disconnect_others(bare)
    _empty(bare)
    return bare


@pytest.fixture(params=BOTH)
def bare_url(request: pytest.FixtureRequest, workdir: Path) -> str:
    """A database of each kind that nobody has used yet: no table is there, of SQLite no file."""
    if request.param == "sqlite":
        return f"sqlite:///{workdir}/atms.db"
    empty: str = request.getfixturevalue("postgres_empty")
    return empty


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, workdir: Path) -> str:
    """A ledger of each kind with its tables, and no rows in them but the local owner's."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), workdir / "atms.db")
        return f"sqlite:///{workdir}/atms.db"
    ledger: str = request.getfixturevalue("postgres_reused")[1]
    _disconnect_others(ledger)
    if _is_ours(ledger):
        names = [table.name for table in reversed(schema.metadata.sorted_tables)]
        but = {"users": " WHERE name <> 'local'"}
        execute(ledger, "; ".join(f"DELETE FROM {name}{but.get(name, '')}" for name in names))
    else:  # the test before took it away
        _empty(ledger)
        upgrade(ledger)
    return ledger


def _empty(url: str) -> None:
    """Leave a database as a new one is: all may look into its schema, and nobody else make."""
    new = "CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC"
    execute(url, f"DROP SCHEMA public CASCADE; {new}")


def _is_ours(url: str) -> bool:
    if tables(url) != sorted([*schema.metadata.tables, "alembic_version"]):
        return False
    return stored(url, "SELECT version_num FROM alembic_version") == [(WANTED,)]


def _disconnect_others(url: str) -> None:
    """End what a test that failed, or a process that it killed, left connected."""
    execute(
        url,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


@pytest.fixture(scope="module", params=BOTH)
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A bare database of each kind that the tests of a module fill together."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('ledger')}/atms.db"
    return session_of(request.config).shared_database()


_made: dict[str, Result] = {}


@pytest.fixture
def make(frame: Callable[..., pd.DataFrame]) -> Callable[..., Result]:
    """Run Busy on five days of bars; nothing is saved yet.

    A run is made once and handed out again: nothing changes a Result. Another name is another run.
    """

    def run(**overrides: Any) -> Result:
        key = repr(sorted(overrides.items()))
        if key not in _made:
            bars = frame(120, start="2024-01-01 12:00:00.123457")
            settings = {"cash": 100_000, "commission": 0.001, "report__picture": False, **overrides}
            try:
                _made[key] = atms.backtest(Busy, data=bars, **settings)
            except (atms.StrategyError, KeyboardInterrupt) as broken:
                _made[key] = broken.result  # type: ignore[union-attr, assignment]
        return _made[key]

    return run


@pytest.fixture
def result(make: Callable[..., Result]) -> Result:
    """A run with every kind of row in it."""
    made = make()
    assert len(made.trades) > 5
    assert set(made.orders["status"]) >= {"completed", "margin", "accepted", "canceled"}
    assert made.fill_trades["fill_id"].duplicated().any()  # a reversal is there
    assert "open" in set(made.trades["status"])
    assert made.orders["parent_id"].notna().any()
    assert len(made.positions)
    assert len(made.cash_flows)
    return made

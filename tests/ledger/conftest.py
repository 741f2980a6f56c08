"""An empty database for each test, on SQLite and on PostgreSQL: what holds, holds on both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import atms
from atms.localdb import LocalServer
from atms.result import Result
from tests.ledger.making import Busy
from tests.postgres import execute, session_of

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_reused(pytestconfig: pytest.Config, postgres_server: LocalServer) -> str:
    """A database that the tests of this folder empty and use again: faster than a new one each."""
    return _new_database(pytestconfig, postgres_server)


@pytest.fixture
def postgres_empty(postgres_reused: str) -> str:
    """The reused database with nothing in it, and nobody else connected."""
    execute(
        postgres_reused,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    execute(postgres_reused, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return postgres_reused


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, workdir: Path) -> str:
    """An empty database of each kind, one after the other; no table is there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{workdir}/atms.db"
    empty: str = request.getfixturevalue("postgres_empty")
    return empty


@pytest.fixture(scope="module", params=BOTH)
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database of each kind that the tests of a module fill together."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('ledger')}/atms.db"
    server: LocalServer = request.getfixturevalue("postgres_server")
    return _new_database(request.config, server)


def _new_database(config: pytest.Config, server: LocalServer) -> str:
    # It goes with the server: dropping it here would wait for a checkpoint.
    name = session_of(config).new_name()
    execute(server.url, f"CREATE DATABASE {name} TEMPLATE template0")
    return server.url.rpartition("/")[0] + f"/{name}"


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

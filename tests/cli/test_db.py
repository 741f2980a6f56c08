"""``atms db`` on both databases: what it makes, keeps, finds, and refuses."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from tests.ledger import raw
from tests.postgres import execute, session_of

BOTH = ("sqlite", "postgresql")
WANTED, BEFORE = "0002", "0001"
NEW = {"decisions", "gates"}  # tables of the last step
TABLES = {
    "users", "accounts", "strategies", "instruments", "runs", "run_starts", "balances", "orders",
    "fills", "fill_fees", "trades", "fill_trades", "positions", "cash_flows", "equity",
    "strategy_state", "series", "bars", "bar_blocks", "imports", "openings", "live_sessions",
    "journal_marks", "decisions", "gates",
}  # fmt: skip
VERBS = ("status", "create", "upgrade", "downgrade", "check", "seed")
CONFIG = """\
data: {feeds: [{source: bars.csv, symbol: X/Y}]}
strategy: buy_and_hold
report: {picture: false}
"""
Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database of each kind, that the command line works with."""
    file = f"sqlite:///{workdir}/atms.db"
    found: str = file if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    monkeypatch.setenv("DATABASE_URL", found)
    return found


@dataclass(frozen=True)
class Seeded:
    """A ledger that ``db seed`` has filled, from the folder in which it was run."""

    url: str
    folder: Path
    printed: dict[str, Any]


@pytest.fixture(scope="module", params=BOTH)
def seeded_once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """A seeded ledger of each kind; a test leaves it as it was."""
    folder = tmp_path_factory.mktemp("seeded")
    url = f"sqlite:///{folder}/atms.db"
    if request.param == "postgresql":
        url = session_of(request.config).shared_database()
    done = subprocess.run(
        [sys.executable, "-m", "atms", "db", "seed", "--json"],
        cwd=folder, env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return Seeded(url, folder, json.loads(done.stdout))


@pytest.fixture
def seeded(seeded_once: Seeded, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Seeded:
    """The same, to be worked with from the command line."""
    monkeypatch.chdir(seeded_once.folder)
    monkeypatch.setenv("DATABASE_URL", seeded_once.url)
    return seeded_once


@pytest.fixture
def newer(seeded: Seeded) -> Iterator[Seeded]:
    """The seeded ledger, as if a later atms had changed its schema."""
    raw.execute(seeded.url, "UPDATE alembic_version SET version_num = '0999'")
    yield seeded
    raw.execute(seeded.url, f"UPDATE alembic_version SET version_num = '{WANTED}'")


def dump(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, as the driver gives it."""
    return {
        table: sorted(raw.stored(url, f"SELECT * FROM {table}"), key=repr)
        for table in raw.tables(url)
    }


def failed(done: tuple[int, str, str], code: int) -> str:
    """Return the error, which is one in our words."""
    assert done[0] == code, done[2]
    assert done[2].startswith("error: ")
    assert "Traceback" not in done[2]
    assert "bug in atms" not in done[2]
    return done[2]


# ---- status, create, upgrade ---------------------------------------------------------------------
def test_status_of_nothing_says_so_and_makes_nothing(url: str, cli: Cli, workdir: Path) -> None:
    code, out, err = cli("db", "status")
    assert code == 0
    assert "no tables yet" in out
    assert "python -m atms db create" in err
    assert list(workdir.iterdir()) == []
    if not raw.is_sqlite(url):
        assert raw.tables(url) == []


def test_status_as_json_stands_alone_on_standard_output(url: str, cli: Cli) -> None:
    code, out, err = cli("db", "status", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found.pop("url").endswith(url.rpartition("@")[2])
    assert found == {"schema": None, "wanted": WANTED, "up_to_date": False, "rows": {}}


def test_status_counts_every_table(seeded: Seeded, cli: Cli) -> None:
    code, out, _ = cli("db", "status", "--json")
    found = json.loads(out)
    counts = raw.counts(seeded.url)
    assert counts.pop("alembic_version") == 1
    assert (code, found["schema"], found["up_to_date"]) == (0, WANTED, True)
    assert found["rows"] == counts
    assert set(counts) == TABLES


def test_status_for_people_has_a_line_a_table(seeded: Seeded, cli: Cli) -> None:
    code, out, err = cli("db", "status")
    assert (code, err) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert lines["bars"] == "25,352"
    assert set(lines) == {"ledger", "schema", *TABLES}


@pytest.mark.parametrize("verb", ["create", "upgrade"])
def test_create_and_upgrade_make_the_tables_once(verb: str, url: str, cli: Cli) -> None:
    code, out, err = cli("db", verb)
    assert (code, out) == (0, "")
    assert err.rstrip().endswith(f"schema no tables yet -> {WANTED}")
    made = dump(url)
    assert {*made} == {*TABLES, "alembic_version"}
    assert [name for _, name, _ in made["users"]] == ["local"]
    code, _, err = cli("db", verb)
    assert code == 0
    assert err.rstrip().endswith(f"schema {WANTED}, nothing to do")
    assert dump(url) == made


def test_create_as_json_tells_before_and_after(url: str, cli: Cli) -> None:
    for before in (None, WANTED):
        code, out, err = cli("db", "create", "--json")
        assert (code, err) == (0, "")
        found = json.loads(out)
        assert (found["before"], found["after"]) == (before, WANTED)


@pytest.mark.parametrize("name", ["plain", 'Odd "name" of-it'])
def test_create_makes_a_database_that_the_server_does_not_have(
    name: str, postgres_url: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = make_url(postgres_url).set(database=f"{make_url(postgres_url).database}_{name}")
    url = wanted.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    err = failed(cli("db", "status"), 4)
    assert "does not exist" in err
    assert "python -m atms db create" in err
    try:
        assert cli("db", "create")[0] == 0
        code, out, _ = cli("db", "status", "--json")
        assert (code, json.loads(out)["schema"]) == (0, WANTED)
        assert cli("db", "create")[0] == 0
    finally:
        quoted = str(wanted.database).replace('"', '""')
        execute(postgres_url, f'DROP DATABASE IF EXISTS "{quoted}" WITH (FORCE)')


# ---- seed ----------------------------------------------------------------------------------------
def test_seed_fills_the_ledger_and_the_runs_folder(seeded: Seeded, cli: Cli) -> None:
    assert seeded.printed["users"] == ["ada", "benoit"]
    assert seeded.printed["bars"] == raw.count(seeded.url, "bars") == 25_352
    runs = sorted(seeded.printed["runs"])
    assert sorted(run for (run,) in raw.stored(seeded.url, "SELECT id FROM runs")) == runs
    assert sorted(path.name for path in (seeded.folder / "runs").iterdir()) == runs
    code, out, _ = cli("runs", "list", "--json")
    assert (code, sorted(row["id"] for row in json.loads(out))) == (0, runs)


def test_seed_again_adds_nothing(seeded: Seeded, cli: Cli) -> None:
    before, folders = dump(seeded.url), sorted(seeded.folder.rglob("*"))
    code, out, err = cli("db", "seed")
    assert (code, out) == (0, "")
    assert err.strip() == "seeded: 0 run(s), 0 user(s), 0 bars"
    assert dump(seeded.url) == before
    assert sorted(seeded.folder.rglob("*")) == folders


# ---- downgrade -----------------------------------------------------------------------------------
@pytest.mark.parametrize("to", [("--to", "base"), ("--to", "-1"), ()], ids=" ".join)
def test_everything_survives_a_downgrade_and_an_upgrade(
    to: tuple[str, ...], seeded: Seeded, cli: Cli
) -> None:
    before = dump(seeded.url)
    assert all(before[table] for table in ("fills", "bars", "bar_blocks", "users", "equity"))
    code, _, err = cli("db", "downgrade", *to)
    assert code == 0, err
    there = None if "base" in to else BEFORE
    assert f"schema {WANTED} -> {there or 'no tables yet'}; no row is lost" in err
    assert set(raw.tables(seeded.url)) & TABLES == (TABLES - NEW if there else set())
    code, out, _ = cli("db", "status", "--json")
    assert (code, json.loads(out)["schema"]) == (0, there)
    assert cli("db", "upgrade")[0] == 0
    assert dump(seeded.url) == before


@pytest.mark.parametrize("verbs", ["downgrade upgrade", "downgrade downgrade"])
def test_runs_are_filed_after_a_downgrade_beside_those_before_it(
    verbs: str, url: str, cli: Cli, frame: Callable[..., Any]
) -> None:
    # From no tables at all the next run makes them anew, with what was parked in them.
    frame(60).to_csv("bars.csv")
    Path("c.yaml").write_text(CONFIG)
    assert cli("backtest", "-c", "c.yaml")[0] == 0
    before = raw.stored(url, "SELECT id FROM fills")
    for verb in verbs.split():
        assert cli("db", verb)[0] == 0
    assert cli("backtest", "-c", "c.yaml")[0] == 0
    assert raw.count(url, "runs") == 2
    ids = raw.stored(url, "SELECT id FROM fills ORDER BY id")
    assert ids == [*before, (max(before)[0] + 1,)]  # buy_and_hold buys once
    assert {*raw.tables(url)} == {*TABLES, "alembic_version"}
    assert cli("db", "check")[0] == 0


def test_an_unknown_schema_is_refused_with_those_that_there_are(seeded: Seeded, cli: Cli) -> None:
    before = dump(seeded.url)
    err = failed(cli("db", "downgrade", "--to", "0077"), 4)
    assert "'0077'" in err
    assert f"base, {BEFORE}, {WANTED}" in err
    assert dump(seeded.url) == before


def test_there_is_nothing_to_downgrade_in_nothing(url: str, cli: Cli, workdir: Path) -> None:
    err = failed(cli("db", "downgrade"), 4)
    assert "no schema to go back from" in err
    assert not raw.is_sqlite(url) or raw.tables(url) == []


# ---- check ---------------------------------------------------------------------------------------
def test_what_adds_up_is_said_so(seeded: Seeded, cli: Cli) -> None:
    assert cli("db", "check") == (0, "", "every stored run adds up\n")
    code, out, err = cli("db", "check", "--json")
    assert (code, json.loads(out), err) == (0, [], "")


def test_nothing_adds_up_too_and_makes_nothing(url: str, cli: Cli, workdir: Path) -> None:
    assert cli("db", "check")[0] == 0
    assert list(workdir.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "column"),
    [("fills", "price"), ("fill_fees", "amount"), ("balances", "final"), ("balances", "start")],
)
def test_a_planted_imbalance_is_found_and_named(
    table: str, column: str, seeded: Seeded, cli: Cli
) -> None:
    runs = "(SELECT id FROM runs WHERE label = 'seed ma_cross')"
    key = "fill_id" if table == "fill_fees" else "id" if table == "fills" else "run_id"
    source = f"SELECT min(id) FROM fills WHERE run_id IN {runs}" if key != "run_id" else runs[1:-1]
    ((target,),) = raw.stored(seeded.url, source)
    quoted = f"'{target}'" if isinstance(target, str) else target
    where = f"FROM {table} WHERE {key} = {quoted}"
    ((was,),) = raw.stored(seeded.url, f"SELECT {column} {where}")
    planted = Decimal(str(was)) + Decimal("0.01")
    change = f"UPDATE {table} SET {column} = '{{}}' WHERE {key} = {quoted}"
    raw.execute(seeded.url, change.format(planted))
    try:
        err = failed_after_lines(cli("db", "check"))
        code, out, _ = cli("db", "check", "--json")
    finally:
        raw.execute(seeded.url, change.format(was))
    ((run,),) = raw.stored(seeded.url, runs[1:-1])
    assert err[0].startswith(f"{run}: backtest:{run}, USD: ")
    assert err[-1] == "error: 1 account(s) do not add up"
    (found,) = json.loads(out)
    assert (code, found["run_id"], found["currency"]) == (4, run, "USD")
    assert cli("db", "check")[0] == 0


def failed_after_lines(done: tuple[int, str, str]) -> list[str]:
    """Return the lines of standard error of a check that failed."""
    assert done[:2] == (4, "")
    return done[2].splitlines()


# ---- what is refused -----------------------------------------------------------------------------
@pytest.mark.parametrize("verb", VERBS)
def test_a_server_that_does_not_answer_is_told_with_a_hint_and_without_the_password(
    verb: str, cli: Cli, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg2://me:hu5h@127.0.0.1:{port}/atms")
    code, out, err = cli("db", verb)
    failed((code, out, err), 4)
    assert out == ""
    assert f"me:***@127.0.0.1:{port}/atms" in err
    assert "is the server running, at that host and port?" in err
    assert "hu5h" not in err
    assert list(workdir.iterdir()) == []


@pytest.mark.parametrize("verb", VERBS)
def test_a_wrong_password_is_told_and_not_shown(
    verb: str, postgres_url: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = make_url(postgres_url).set(password="hu5h").render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", wrong)
    err = failed(cli("db", verb), 4)
    assert "look at user and password in ledger.url" in err
    assert "hu5h" not in err


@pytest.mark.parametrize(
    "verb",
    [
        ("db", "create"), ("db", "upgrade"), ("db", "downgrade"), ("db", "check"), ("db", "seed"),
        ("runs", "list"), ("runs", "sync"), ("runs", "prune", "--keep", "0", "--yes"),
        ("data", "list"), ("trades",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_newer_schema_is_refused_and_left_alone(
    verb: tuple[str, ...], newer: Seeded, cli: Cli
) -> None:
    before = dump(newer.url)
    err = failed(cli(*verb), 4)
    assert "schema is 0999, newer than this atms" in err
    assert "update atms" in err
    assert dump(newer.url) == before
    assert len(list((newer.folder / "runs").iterdir())) == 2


def test_status_of_a_newer_schema_says_that_atms_is_to_be_updated(newer: Seeded, cli: Cli) -> None:
    code, out, err = cli("db", "status")
    assert code == 0
    assert "0999" in out
    assert "update atms" in err


def test_tables_that_are_not_ours_are_left_alone(url: str, cli: Cli) -> None:
    raw.execute(url, "CREATE TABLE runs (id INTEGER)", "INSERT INTO runs VALUES (7)")
    for verb in VERBS:
        assert "is not this ledger's" in failed(cli("db", verb), 4)
    assert dump(url) == {"runs": [(7,)]}


@pytest.mark.parametrize("verb", VERBS)
def test_a_file_that_is_no_database_is_named_and_left_alone(
    verb: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("other.db").write_text("something else\n" * 99)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///other.db")
    err = failed(cli("db", verb), 4)
    assert "other.db" in err
    assert "not a database" in err
    assert Path("other.db").read_text() == "something else\n" * 99


def test_a_folder_that_is_not_there_is_told_with_a_hint(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, workdir: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///nowhere/atms.db")
    err = failed(cli("db", "create"), 4)
    assert "does its folder exist" in err
    assert list(workdir.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://me:hu5h@localhost/atms", "SQLite or PostgreSQL"),
        ("postgresql://me:hu5h@localhost/atms", "postgresql+psycopg2://"),
        ("sqlite://", "names no file"),
        ("hu5h", "holds no database URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_told_with_one_that_can(
    url: str, words: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    code, out, err = cli("db", "status")
    assert (code, out) in ((2, ""), (4, ""))
    assert words in err
    assert "hu5h" not in err

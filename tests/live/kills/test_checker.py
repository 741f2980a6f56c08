"""What compares venue, journal and ledger shares no code with what it compares."""

from __future__ import annotations

import ast
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.live import checking, journal_told, ledger_told, told

FILES = {Path(module.__file__ or "") for module in (checking, journal_told, ledger_told, told)}


def test_the_checker_imports_nothing_of_atms_and_itself_alone_of_the_tests() -> None:
    names = set()
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {one.name for one in node.names}
            if isinstance(node, ast.ImportFrom):
                names.add(str(node.module))
    assert {name for name in names if name.startswith("atms")} == set()
    own = {f"tests.live.{file.stem}" for file in FILES}
    assert {name for name in names if name.startswith("tests")} <= own


PREFIX, KEY = "j1", "j1-1-1"
INTENDED = {"is": "Intended", "ticket": {"key": KEY}}
REFUSED = {"is": "Closed", "key": KEY, "how": "refused"}


def journal(state: Path, *records: dict[str, Any]) -> None:
    """Write a journal of these records."""
    folder = state / "accounts" / "one"
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "journal.db")) as connection, connection:
        connection.execute("CREATE TABLE about (name, value)")
        connection.execute("INSERT INTO about VALUES ('id', ?)", (PREFIX,))
        connection.execute("CREATE TABLE entry (number, body)")
        rows = [(number, json.dumps(one)) for number, one in enumerate(records, 1)]
        connection.executemany("INSERT INTO entry VALUES (?, ?)", rows)


@pytest.mark.parametrize("last, lies", [("REJECTED", False), ("TRIGGERED", True)])
def test_a_stop_that_its_venue_refused_when_its_price_came_is_no_lie_of_the_journal(
    tmp_path: Path, last: str, lies: bool
) -> None:
    journal(tmp_path, INTENDED, REFUSED)
    line = {"what": "algo", "client_id": KEY, "order": None, "symbol": "BTCUSDT"}
    log = [{**line, "status": "NEW"}, {**line, "status": last}]
    found = [f"order {KEY}: said not to stand, and it does"] if lies else []
    assert checking.impossible(log, tmp_path) == found

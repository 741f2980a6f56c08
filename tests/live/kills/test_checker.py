"""What compares venue, journal and ledger shares no code with what it compares."""

from __future__ import annotations

import ast
from pathlib import Path

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

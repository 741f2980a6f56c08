"""What README and docs print is what a reader gets: commands, numbers, configs, snippets run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sqlalchemy import create_engine

from atms import registry
from atms.config import load_config
from atms.config.layers import settings_layer
from atms.ledger.schema import metadata
from atms.seeding import seed
from tests.conftest import ROOT

DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# These set up an environment of their own; tests/docs/test_fresh_start.py runs the first in a fresh
# copy, and the second is what runs this test.
SET_UP = ("sh scripts/quickstart", "sh scripts/test")
NUMBERED_ID = re.compile(r"\d{8}-\d{6}-[\w-]+")


def blocks(document: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(), re.M | re.S)


def commands(block: str) -> list[tuple[str, list[str]]]:
    """Return each ``$ command`` of a console block with the lines that follow it."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def matches(expected: list[str], got: str) -> bool:
    """Return whether *got* is *expected*; ``...`` stands for any lines, RUN-ID for an id."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(line.rstrip()) + r"\s*\n" for line in expected
    )
    text = "".join(line.rstrip() + "\n" for line in NUMBERED_ID.sub("RUN-ID", got).splitlines())
    return re.fullmatch(pattern, text) is not None


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_every_command_prints_what_the_page_says(document: Path, workdir: Path) -> None:
    for block in blocks(document, "yaml"):
        (workdir / "my.yaml").write_text(block)
    for script in ("research.py", "costs.py", "compare_strategies.py"):
        shutil.copy(ROOT / "scripts" / script, workdir)
    for block in blocks(document, "console"):
        for command, expected in commands(block):
            if command in SET_UP:
                continue
            words = shlex.split(command)
            assert words[0] == "python", f"{document.name}: {command}: runs something else"
            done = subprocess.run(
                [sys.executable, *words[1:]], capture_output=True, text=True, env=environment()
            )
            assert done.returncode == 0, f"{document.name}: {command}\n{done.stderr}"
            assert matches(expected, done.stdout), f"{document.name}: {command}\n{done.stdout}"


def environment() -> dict[str, str]:
    """Return an environment in which the terminal's width is the same everywhere."""
    return {**os.environ, "COLUMNS": "200", "PYTHONWARNINGS": "error::UserWarning"}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_every_query_on_the_ledgers_page_finds_something(
    database: str, request: pytest.FixtureRequest
) -> None:
    sqlite = database == "sqlite"
    url = "sqlite:///atms.db" if sqlite else request.getfixturevalue("postgres_url")
    seed(load_config(overrides=[settings_layer([f"ledger.url={url}"], "test")]).config)
    other = "-- PostgreSQL:" if sqlite else "-- SQLite:"
    engine = create_engine(url)
    with engine.connect() as connection:
        for block in blocks(ROOT / "docs" / "ledger.md", "sql"):
            for query in block.strip().split(";")[:-1] if not block.startswith(other) else []:
                assert connection.exec_driver_sql(query).all(), query
    engine.dispose()


def test_the_ledgers_page_names_every_table() -> None:
    page = (ROOT / "docs" / "ledger.md").read_text()
    drawn = re.findall(r"\w+", blocks(ROOT / "docs" / "ledger.md", "mermaid")[0])
    for table in metadata.tables:
        assert f"`{table}`" in page, table
        assert table in drawn, table


def test_the_strategies_page_compares_every_strategy_and_says_that_it_is_no_advice() -> None:
    page = (ROOT / "docs" / "strategies.md").read_text()
    compared = page.partition("$ python compare_strategies.py")[2].partition("```")[0]
    rows = [line.split()[0] for line in compared.splitlines() if line.strip()]
    assert set(registry.BUILT_IN["strategies"]) <= set(rows)
    assert "None of this is advice" in page


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_every_python_block_runs(document: Path) -> None:
    names: dict[str, object] = {"__name__": "docs"}
    sys.modules.setdefault("docs", type(sys)("docs"))  # Backtrader looks a class's module up
    for block in blocks(document, "python"):
        exec(compile(block, document.name, "exec"), names)


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_every_yaml_block_is_a_valid_config(document: Path) -> None:
    for block in blocks(document, "yaml"):
        load_config(yaml.safe_load(block))


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_ci_runs_exactly_the_readmes_test_command() -> None:
    shown = [command for b in blocks(ROOT / "README.md", "console") for command, _ in commands(b)]
    assert shown[:2] == list(SET_UP)
    last = (ROOT / ".ci" / "run").read_text().strip().splitlines()[-1]
    assert last == f"exec {shown[1]}"


def test_every_config_key_stands_in_the_configuration_page() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    missing = [
        key
        for key, _, _ in load_config().explain()
        if (name := key.split(".")[-1]) and f"`{name}`" not in page and name not in page
    ]
    assert not missing


def test_every_file_of_a_run_and_every_figure_stands_in_the_results_page(workdir: Path) -> None:
    import atms

    page = (ROOT / "docs" / "results.md").read_text()
    result = atms.backtest()
    for path in result.save().iterdir():
        assert f"`{path.name}`" in page
    for name in result.metrics:
        short = name.removeprefix("max_drawdown")
        assert name in page or f"{short}" in page, name
    for frame in (result.fills, result.trades, result.orders):
        columns = page.replace("\n", " ")
        assert ", ".join(frame.columns) in columns

"""The unit for systemd on the page about operations fits the program that it starts."""

from __future__ import annotations

import configparser
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.test_docs import blocks

PAGE = ROOT / "docs" / "operations.md"
Cli = Callable[..., tuple[int, str, str]]


def unit() -> configparser.ConfigParser:
    (text,) = blocks(PAGE, "ini")
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_the_unit_starts_a_verb_with_options_that_there_are(cli: Cli) -> None:
    python, dash_m, name, verb, *options = shlex.split(unit()["Service"]["ExecStart"])
    assert (python[0], dash_m, name) == ("/", "-m", "atms")
    code, out, _ = cli(verb, "--help")
    assert code == 0
    for option in (word for word in options if word.startswith("-")):
        assert option in out, option


def test_the_unit_waits_for_ready_and_watches_and_leaves_time_for_the_end() -> None:
    service = unit()["Service"]
    assert (service["Type"], service["Restart"]) == ("notify", "on-failure")
    assert int(service["WatchdogSec"]) > 2 * 10
    assert int(service["TimeoutStopSec"]) > 40  # Trading.close: 30 s and 10
    assert service["RestartPreventExitStatus"].split() == ["1", "2"]


def test_systemd_knows_every_key_of_the_unit(tmp_path: Path) -> None:
    checker = shutil.which("systemd-analyze")
    if checker is None:
        pytest.skip("systemd-analyze is not installed, which says what systemd makes of a unit")
    (text,) = blocks(PAGE, "ini")
    start = unit()["Service"]["ExecStart"]
    (tmp_path / "atms.service").write_text(text.replace(start.split()[0], sys.executable))
    done = subprocess.run(
        [checker, "verify", str(tmp_path / "atms.service")], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "atms.service" not in done.stderr, done.stderr  # an unknown key is a line, and no error


def test_a_backup_of_a_journal_in_use_can_be_read(tmp_path) -> None:
    """The page's snippet, on a journal that is open and has entries in its -wal file."""
    import os
    from datetime import UTC, datetime

    from atms.execution.disk.journal import Journal

    journal = Journal.open(tmp_path / "account", "account")
    journal.begin(datetime(2026, 1, 1, tzinfo=UTC))
    journal.append(["one", "two"])
    os.chdir(tmp_path / "account")
    (snippet,) = [block for block in blocks(PAGE, "py") if "backup" in block]
    exec(snippet, {})
    (tmp_path / "copy").mkdir(mode=0o700)
    Path("backup.db").replace(tmp_path / "copy" / "journal.db")
    copy = Journal(tmp_path / "copy" / "journal.db", "account")
    assert [body for _, body in copy.bodies()] == ["one", "two"]
    assert (copy.id, copy.epoch) == (journal.id, 1)
    copy.close()
    journal.close()

"""The README's first command, as a new user runs it: a fresh copy, no environment, one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.test_docs import blocks, commands, matches

MOST_PACKAGES, MOST_MEGABYTES = 46, 600  # Bokeh brought six


def copy_of_checkout(folder: Path) -> Path:
    """Copy what a clone of the present state would hold."""
    copy = folder / "atms"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in listed:
        if (ROOT / name).is_symlink() or (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    return copy


@pytest.mark.skipif(
    "FRESH_START" not in os.environ, reason="slow: scripts/test runs it once, with FRESH_START=1"
)
def test_the_first_command_sets_up_and_prints_the_table_of_the_readme(workdir: Path) -> None:
    copy = copy_of_checkout(workdir)
    command, expected = commands(blocks(ROOT / "README.md", "console")[0])[0]
    # Coverage's hooks belong to the process that tests, not to a new user's.
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("COV", "VIRTUAL_ENV"))}
    done = subprocess.run(
        command.split(), cwd=copy, capture_output=True, text=True, env={**clean, "COLUMNS": "200"}
    )
    assert done.returncode == 0, done.stderr
    assert matches(expected, done.stdout), done.stdout
    (run,) = (copy / "runs").iterdir()
    assert (run / "equity.png").stat().st_size > 10_000
    assert (copy / "atms.db").exists()
    installed = list((copy / ".venv").glob("lib/python*/site-packages/*.dist-info"))
    assert len(installed) <= MOST_PACKAGES
    size = sum(p.lstat().st_size for p in (copy / ".venv").rglob("*") if not p.is_symlink())
    assert size <= MOST_MEGABYTES * 1e6


def test_a_built_wheel_holds_everything_that_the_quick_start_needs(workdir: Path) -> None:
    copy = copy_of_checkout(workdir)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    # Without a compiler, which takes a minute: scripts/wheels builds both kinds.
    plain = {**os.environ, "CC": "/nonexistent/cc"}
    subprocess.run([*build, "--wheel-dir", ".", copy], check=True, capture_output=True, env=plain)
    (wheel,) = workdir.glob("*.whl")
    shutil.unpack_archive(wheel, workdir / "unpacked", format="zip")
    shutil.rmtree(copy)
    done = subprocess.run(
        [sys.executable, "-m", "atms", "backtest"],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(workdir / "unpacked")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "MovingAverageCross" in done.stdout

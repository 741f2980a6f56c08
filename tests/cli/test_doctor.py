"""``atms doctor`` and the library's ``examine``: each thing that can be wrong, and the way out."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import backtrader as bt
import numpy as np
import pytest
from sqlalchemy.engine import make_url

import atms
from atms.doctor import Check, clock, examine, ledger, packages, pictures, places, shadows
from atms.ledger import upgrade
from tests.conftest import ROOT
from tests.postgres import execute, postgres_server, postgres_url  # noqa: F401

CORE = """\
[metadata]
name = atms

[options]
install_requires =
    backtrader==1.9.78.123
    # why not older
    {more}

[options.extras_require]
ccxt =
    ccxt>=4
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Callable[..., Path]:
    """Write a checkout's setup.cfg and constraints.txt; return its folder."""

    def make(more: str = "numpy>=2", constraints: str | None = None) -> Path:
        folder = tmp_path / "checkout"
        folder.mkdir(exist_ok=True)
        (folder / "setup.cfg").write_text(CORE.format(more=more))
        if constraints is not None:
            (folder / "constraints.txt").write_text(constraints)
        return folder

    return make


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder that we may not write to; under root we are someone else for the test."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            if root:
                os.seteuid(0)
            Path(name).chmod(0o755)


@pytest.fixture
def filed(workdir: Path, frame) -> str:
    """The URL of a SQLite ledger that holds one run."""
    result = atms.backtest(
        strategy="ma_cross",
        data=frame(120),
        params={"fast": 3, "slow": 8},
        report__picture=False,
    )
    result.save()
    return str("".join(result.config.ledger.url))


def named(checks: list[Check], name: str) -> Check:
    """Return the only check of that name."""
    (found,) = [check for check in checks if check.name == name]
    return found


# ---- the whole -----------------------------------------------------------------------------------
def test_in_a_good_installation_nothing_fails(cli) -> None:
    code, out, err = cli("doctor")
    assert (code, err) == (0, ""), out
    assert "0 fail" in out


def test_each_check_is_a_line_with_its_verdict(cli, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    _, out, _ = cli("doctor")
    *lines, total = out.splitlines()
    assert {line.split()[0] for line in lines} <= {"ok", "info", "warn", "fail"}
    assert len(lines) == len(examine(atms.load_config().config))
    assert total.startswith(f"{len(lines)} checks: ")


def test_it_looks_at_everything_and_makes_nothing(workdir: Path) -> None:
    names = {check.name for check in examine()}
    expected = {
        "python", "packages", "backtrader", "current folder", "clock", "local zone", "time zones",
        "pictures", "runs", "ledger file", "ledger", "ledger schema",
    }  # fmt: skip
    assert expected <= names
    assert list(workdir.iterdir()) == []


def test_with_json_standard_output_is_json_alone(cli) -> None:
    code, out, err = cli("doctor", "--json")
    assert (code, err) == (0, "")
    assert {"name", "verdict", "found", "hint", "exit_code"} == set(json.loads(out)[0])


def test_on_eighty_columns_a_hint_stands_whole_below_its_line(cli, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TZ", "Nowhere/Atall")
    _, out, _ = cli("doctor")
    lines = out.splitlines()
    (index,) = [i for i, line in enumerate(lines) if line.startswith("warn  local zone")]
    assert lines[index + 1].strip() == "export TZ=Europe/Berlin, or unset TZ"
    assert "\x1b" not in out


def test_a_config_that_is_wrong_fails_and_the_rest_is_looked_at_all_the_same(cli) -> None:
    Path("bad.yaml").write_text("strategy: ma_cross\ndatta: {}\n")
    code, out, _ = cli("doctor", "-c", "bad.yaml")
    assert code == 2
    assert "datta: unknown key; did you mean 'data'?" in out
    assert "ok    ledger " in out


def test_a_config_that_names_what_is_not_there_fails_as_the_run_would(cli) -> None:
    Path("mine.yaml").write_text("strategy: ma_cross\ndata: {feeds: [{source: none.csv}]}\n")
    code, out, _ = cli("doctor", "-c", "mine.yaml")
    assert code == 3
    assert "none.csv: no such file" in out


def test_a_good_config_is_said_to_be_valid(cli) -> None:
    _, out, _ = cli("doctor")
    assert "valid: MovingAverageCross, 1 feed(s)" in out


def test_what_loading_the_config_warns_of_is_a_warning_here(cli, monkeypatch) -> None:
    monkeypatch.setenv("RISK_PER_TRADE", "0.01")
    code, out, _ = cli("doctor")
    assert code == 0
    assert "warn  config" in out
    assert "RISK_PER_TRADE is set, and nothing enforces it yet" in out


def test_an_unknown_flag_is_usage_and_help_has_examples(cli) -> None:
    assert cli("doctor", "--wrong")[0] == 2
    assert "python -m atms doctor -c config.yaml --json" in cli("doctor", "-h")[1]


# ---- Python and packages -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("version", "verdict"),
    [((3, 10), "fail"), ((3, 11), "ok"), ((3, 13), "ok"), ((3, 14), "warn")],
)
def test_python_is_fine_from_3_11_to_3_13(version, verdict) -> None:
    assert packages.python(version).verdict == verdict


def test_a_package_that_is_too_old_fails_with_the_command_that_mends_it(checkout) -> None:
    check = named(packages.requirements(checkout("numpy>=99,<100")), "packages")
    assert check.verdict == "fail"
    assert f"numpy {np.__version__} (needs" in check.found
    assert check.hint == "pip install 'numpy<100,>=99'"


def test_a_package_that_is_missing_fails(checkout) -> None:
    check = named(packages.requirements(checkout("no-such-package>=1")), "packages")
    assert (check.verdict, check.exit_code) == ("fail", 2)
    assert "no-such-package is missing" in check.found


def test_a_requirement_of_another_python_is_not_asked_for(checkout) -> None:
    folder = checkout('no-such-package>=1 ; python_version < "3"')
    assert named(packages.requirements(folder), "packages").verdict == "ok"


def test_another_backtrader_than_the_pinned_one_fails(checkout, monkeypatch) -> None:
    assert named(packages.requirements(checkout()), "backtrader").verdict == "ok"
    monkeypatch.setattr(bt, "__version__", "1.9.76.123")
    check = named(packages.requirements(checkout()), "backtrader")
    assert check.verdict == "fail"
    assert "backtrader==1.9.78.123" in check.hint


def test_other_versions_than_the_tested_ones_are_warned_of_and_few_are_listed(checkout) -> None:
    constraints = (
        "# What was tested.\n"
        f"numpy=={np.__version__}\n"
        "pandas==0.1\npydantic==0.1\nrich==0.1\nPyYAML==0.1\n"
        'typer==0.1 ; python_version < "3"\n'
        "no-such-package==0.1\n"
    )
    folder = checkout(constraints=constraints)
    check = named(packages.requirements(folder), "tested versions")
    assert check.verdict == "warn"
    assert check.found.startswith("4 of 5 differ: pandas ")
    assert check.found.endswith(" and 1 more")
    assert "(tested 0.1)" in check.found
    assert str(folder / "constraints.txt") in check.hint


def test_the_tested_versions_are_fine(checkout) -> None:
    folder = checkout(constraints=f"numpy=={np.__version__}\n")
    check = named(packages.requirements(folder), "tested versions")
    assert (check.verdict, check.found) == ("ok", "all 1 are the tested ones")


def test_where_there_is_no_checkout_the_installed_package_is_asked(tmp_path: Path) -> None:
    asked = packages.asked_for(tmp_path)
    assert "backtrader==1.9.78.123" in map(str, asked[""])
    assert {"ccxt", "talib"} <= set(asked)
    assert not {one.name for one in asked["ccxt"]} & {one.name for one in asked[""]}
    assert "tested versions" not in {check.name for check in packages.requirements(tmp_path)}


def test_this_checkout_is_asked_itself() -> None:
    asked = packages.asked_for(ROOT)
    assert "pytest" in {one.name for one in asked["test"]}


def test_an_extra_that_is_not_installed_is_no_fault_and_says_how_to_get_it(monkeypatch) -> None:
    monkeypatch.setattr(packages, "EXTRAS", {"no_such_module": "talib"})
    (check,) = packages.extras()
    assert (check.name, check.verdict) == ("extra talib", "info")
    assert "talib" in check.hint


def test_an_extra_of_a_version_that_is_not_wanted_is_warned_of(checkout, monkeypatch) -> None:
    monkeypatch.setattr(packages, "EXTRAS", {"numpy": "ccxt"})
    folder = checkout()
    setup = folder / "setup.cfg"
    setup.write_text(setup.read_text().replace("ccxt>=4", "numpy>=99"))
    (check,) = packages.extras(folder)
    assert (check.verdict, check.found) == ("warn", f"numpy {np.__version__} (needs numpy>=99)")


# ---- the current folder --------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["ib.py", "pandas.py", "pandas/__init__.py", "calendar.py"])
def test_a_file_with_a_packages_name_fails(name: str, workdir: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(workdir))
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("")
    check = shadows.shadows(workdir)
    assert check.verdict == "fail"
    assert name.partition("/")[0] in check.found
    assert "rename" in check.hint


def test_a_module_of_pythons_that_atms_does_not_import_is_warned_of(
    workdir: Path, monkeypatch
) -> None:
    monkeypatch.syspath_prepend(str(workdir))
    Path("mailbox.py").write_text("")
    monkeypatch.delitem(sys.modules, "mailbox", raising=False)
    check = shadows.shadows(workdir)
    assert check.verdict == "warn"
    assert check.found.startswith("mailbox.py: ")


def test_where_the_folder_is_not_first_on_the_path_it_is_a_warning(workdir: Path) -> None:
    Path("ib.py").write_text("")
    assert shadows.shadows(workdir).verdict == "warn"


@pytest.mark.parametrize("name", ["mine.py", "pandas/data.csv", "pandas.yaml", "strategies/a.py"])
def test_what_stands_in_no_modules_way_is_fine(name: str, workdir: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(workdir))
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("")
    assert shadows.shadows(workdir).verdict == "ok"


def test_a_checkout_does_not_stand_in_its_own_way(workdir: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))  # another atms on the path
    monkeypatch.syspath_prepend(str(workdir))
    Path("atms").mkdir()
    Path("atms/__init__.py").write_text("")
    assert shadows.shadows(workdir).verdict == "ok"
    assert shadows.shadows(ROOT).verdict == "ok"


# ---- the clock -----------------------------------------------------------------------------------
def test_a_clock_before_the_package_was_made_fails() -> None:
    early = named(clock.clock(clock.EARLIEST - timedelta(days=1)), "clock")
    assert early.verdict == "fail"
    assert "set the clock" in early.hint


def test_a_clock_before_the_installation_is_warned_of() -> None:
    installed = datetime.fromtimestamp((ROOT / "atms/_version.py").stat().st_mtime, UTC)
    before = max(installed - timedelta(days=2), clock.EARLIEST)
    verdict = named(clock.clock(before), "clock").verdict
    assert verdict == ("warn" if before < installed - timedelta(days=1) else "ok")


def test_the_clock_is_fine_now() -> None:
    assert {check.verdict for check in clock.clock()} == {"ok"}


@pytest.mark.parametrize(
    ("zone", "verdict"),
    [("Nowhere/Atall", "warn"), ("Europe/Berlin", "ok"), ("EST5EDT", "ok"), ("", "ok")],
)
def test_a_local_zone_that_does_not_exist_is_warned_of(zone, verdict, monkeypatch) -> None:
    monkeypatch.setenv("TZ", zone)
    assert named(clock.clock(), "local zone").verdict == verdict


def test_without_a_database_of_time_zones_it_fails(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tzdata.zoneinfo.America", None)  # as if not installed
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([])
    zoneinfo.ZoneInfo.clear_cache(only_keys=["America/New_York"])
    try:
        check = named(clock.clock(), "time zones")
    finally:
        zoneinfo.reset_tzpath(before)
        zoneinfo.ZoneInfo.clear_cache(only_keys=["America/New_York"])
    assert (check.verdict, check.hint) == ("fail", "pip install tzdata")


# ---- pictures ------------------------------------------------------------------------------------
def test_pictures_are_drawn_without_a_display() -> None:
    assert pictures.pictures().verdict == "ok"


def test_a_backend_that_does_not_exist_fails_with_the_way_out() -> None:
    # In a process of its own: matplotlib reads the variable when it is first imported.
    done = subprocess.run(
        [sys.executable, "-c", "from atms.doctor import pictures; print(pictures.pictures())"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MPLBACKEND": "nonsense"},
    )
    assert "verdict='fail'" in done.stdout
    assert "unset MPLBACKEND" in done.stdout


# ---- places --------------------------------------------------------------------------------------
def test_a_folder_is_shown_whole_with_its_room_before_it_is_made(workdir: Path) -> None:
    check = places.folder("runs", Path("deep/runs"))
    assert check.verdict == "ok"
    assert check.found.startswith(f"{workdir}/deep/runs, ")
    assert "free" in check.found
    assert not Path("deep").exists()


@pytest.mark.parametrize(
    ("free", "verdict", "shown"),
    [
        (2_000_000_000, "ok", "2.0 GB"),
        (999_000_000, "warn", "999 MB"),
        (49_000_000, "fail", "49 MB"),
    ],
)
def test_little_room_is_warned_of_and_hardly_any_fails(free, verdict, shown, monkeypatch) -> None:
    monkeypatch.setattr(places.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    check = places.folder("runs", Path("runs"))
    assert check.verdict == verdict
    assert f"{shown} free" in check.found


def test_a_folder_that_cannot_be_written_fails(unprivileged: Path) -> None:
    check = places.folder("runs", unprivileged / "runs")
    assert (check.verdict, check.exit_code) == ("fail", 1)
    assert "Permission denied" in check.found
    assert "run.out" in check.hint


def test_a_file_in_the_folders_place_fails(workdir: Path) -> None:
    Path("runs").write_text("")
    check = places.folder("runs", Path("runs"))
    assert check.verdict == "fail"
    assert "Not a directory" in check.found


@pytest.mark.parametrize(
    ("kind", "name", "verdict"),
    [
        ("ext4", "runs", "ok"),
        ("tmpfs", "runs", "warn"),
        ("tmpfs", "ledger file", "warn"),
        ("nfs4", "ledger file", "warn"),
        ("nfs4", "runs", "ok"),  # slower, and as good
    ],
)
def test_a_file_system_that_does_not_last_or_lock_is_warned_of(
    kind, name, verdict, tmp_path: Path
) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    mounts = tmp_path / "mounts"
    point = str(folder).replace(" ", "\\040")
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nx {point} {kind} rw 0 0\nproc /proc proc rw 0 0\n")
    check = places.folder(name, folder, mounts)
    assert check.verdict == verdict
    assert f"({kind})" in check.found


def test_of_two_file_systems_on_one_point_the_later_is_meant(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("a / rootfs rw 0 0\nb / ext4 rw 0 0\nc /elsewhere nfs rw 0 0\n")
    assert places.file_system(tmp_path, mounts) == "ext4"


def test_where_file_systems_are_not_told_nothing_is_said_of_them(tmp_path: Path) -> None:
    check = places.folder("runs", tmp_path, tmp_path / "no such file")
    assert check.verdict == "ok"
    assert check.found.endswith("free")


# ---- the ledger ----------------------------------------------------------------------------------
def test_a_ledger_that_is_not_there_yet_is_fine_and_is_not_made(workdir: Path) -> None:
    checks = ledger.checks("sqlite:///atms.db")
    assert {check.verdict for check in checks} == {"ok"}
    assert named(checks, "ledger").found == f"sqlite:///atms.db: {workdir / 'atms.db'}"
    assert "first run" in named(checks, "ledger schema").found
    assert not Path("atms.db").exists()


def test_a_ledger_tells_its_schema_and_how_many_runs_it_holds(filed: str) -> None:
    checks = ledger.checks(filed)
    assert {check.verdict for check in checks} == {"ok"}
    assert named(checks, "runs filed").found == "1"
    assert named(checks, "ledger writable").found == "yes"


@pytest.mark.parametrize("version", ["0000", "9999"])
def test_a_schema_that_this_atms_does_not_know_fails(version: str, filed: str, cli) -> None:
    with sqlite3.connect("atms.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.close()
    check = named(ledger.checks(filed), "ledger schema")
    assert (check.verdict, check.exit_code) == ("fail", 4)
    assert check.found.startswith(f"{version}; this atms works with ")
    assert cli("doctor")[0] == 4


def test_a_file_that_is_no_database_fails_with_the_ledgers_code(cli) -> None:
    Path("atms.db").write_text("this is text, and long enough to be taken for something\n" * 40)
    code, out, _ = cli("doctor")
    assert code == 4
    assert "fail  ledger " in out
    assert "not a database" in out


def test_a_ledger_that_cannot_be_written_fails(filed: str, monkeypatch) -> None:
    Path("atms.db").chmod(0o444)
    if os.geteuid() == 0:  # whom no mode keeps out
        monkeypatch.setattr(ledger.os, "access", lambda path, mode, **_: False)
    check = named(ledger.checks(filed), "ledger writable")
    assert (check.verdict, check.exit_code) == ("fail", 4)
    assert "chmod" in check.hint


def test_a_server_is_looked_at_like_a_file(postgres_url: str) -> None:  # noqa: F811
    (reached, schema) = ledger.checks(postgres_url)
    assert (reached.verdict, schema.verdict) == ("ok", "ok")
    assert ":***@127.0.0.1:" in reached.found
    upgrade(postgres_url)
    checks = ledger.checks(postgres_url)
    assert named(checks, "ledger writable").verdict == "ok"
    assert named(checks, "runs filed").found == "0"


def test_a_user_who_may_only_read_fails_with_what_to_grant(postgres_url: str) -> None:  # noqa: F811
    upgrade(postgres_url)
    database = make_url(postgres_url).database
    execute(postgres_url, f"CREATE ROLE looker_{database} LOGIN PASSWORD 'geheim'")
    execute(postgres_url, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker_{database}")
    url = make_url(postgres_url).set(username=f"looker_{database}", password="geheim")
    checks = ledger.checks(url.render_as_string(hide_password=False))
    execute(postgres_url, f"DROP OWNED BY looker_{database}; DROP ROLE looker_{database}")
    check = named(checks, "ledger writable")
    assert (check.verdict, check.exit_code) == ("fail", 4)
    assert check.hint.endswith(f" TO looker_{database}")


def test_a_server_that_cannot_be_reached_fails_and_its_password_is_not_shown(cli, monkeypatch):
    with socket.socket() as taken:  # a port on which nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        url = f"postgresql+psycopg2://me:geheim@127.0.0.1:{port}/atms"
        monkeypatch.setenv("DATABASE_URL", url)
        code, out, err = cli("doctor")
    assert code == 4
    assert f"me:***@127.0.0.1:{port}" in out
    assert "geheim" not in out + err


def test_a_server_that_does_not_answer_is_not_waited_for(monkeypatch) -> None:
    def silent(*_: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", silent)
    (check,) = ledger.checks("postgresql+psycopg2://me:geheim@203.0.113.1/atms")
    assert (check.verdict, check.exit_code) == ("fail", 4)
    assert "no answer within 2 s" in check.found
    assert "geheim" not in check.found


def test_a_ledger_that_is_switched_off_is_not_looked_at() -> None:
    feeds = [{"source": "sample:SPY_1d"}]
    config = atms.load_config(
        {"ledger": {"enabled": False}, "strategy": "ma_cross", "data": {"feeds": feeds}}
    ).config
    check = named(examine(config), "ledger")
    assert (check.verdict, check.found) == ("info", "off: ledger.enabled is false")

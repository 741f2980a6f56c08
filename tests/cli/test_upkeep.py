"""``atms runs sync`` and ``atms runs prune``: folders and ledger in step, and nothing harmed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import atms
from atms import ledger
from tests.kills import truth
from tests.ledger import raw
from tests.postgres import session_of

CONFIG = """\
data:
  feeds:
    - {source: bars.csv, symbol: X/Y}
strategy: {name: ma_cross, params: {fast: 3, slow: 8}}
report: {picture: false}
"""
BREAKS = """\
class Breaks(bt.Strategy):
    def next(self):
        if len(self) == 30:
            raise RuntimeError("on the thirtieth bar")
"""
DAY = 86_400_000_000
Cli = Callable[..., tuple[int, str, str]]

NO_LIVE: dict[str, object] = {"written": {}, "settled": [], "running": [], "left": {}}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database of each kind, that the command line works with."""
    file = f"sqlite:///{workdir}/atms.db"
    found: str = file if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    monkeypatch.setenv("DATABASE_URL", found)
    return found


@pytest.fixture
def file_url(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty SQLite file, where the database does not matter."""
    found = f"sqlite:///{workdir}/atms.db"
    monkeypatch.setenv("DATABASE_URL", found)
    return found


@pytest.fixture
def make(cli: Cli, frame: Callable[..., Any], workdir: Path) -> Callable[..., Path]:
    """Run a backtest; return its folder."""
    frame(60).to_csv("bars.csv")
    Path("c.yaml").write_text(CONFIG)

    def call(*options: str, code: int = 0) -> Path:
        before = set(Path("runs").glob("*"))
        found, _, err = cli("backtest", "-c", "c.yaml", *options)
        assert found == code, err
        (folder,) = set(Path("runs").glob("*")) - before
        return folder

    return call


@pytest.fixture
def closed_port() -> str:
    """A database on a port at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"postgresql+psycopg2://me:hu5h@127.0.0.1:{taken.getsockname()[1]}/atms"


def said(cli: Cli, *args: str) -> str:
    """Return what a command that succeeds says on standard error."""
    code, out, err = cli(*args)
    assert (code, out) == (0, ""), err
    return err


def printed(cli: Cli, *args: str) -> Any:
    """Return what a command that succeeds prints with --json."""
    code, out, err = cli(*args, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def refused(cli: Cli, code: int, *args: str) -> str:
    """Return the error of a command that does nothing."""
    found, out, err = cli(*args)
    assert (found, out) == (code, ""), err
    assert "Traceback" not in err
    assert "bug in atms" not in err
    return err


def runs_of(url: str) -> set[str]:
    """Return the ids of the runs that are filed."""
    return {run for (run,) in raw.stored(url, "SELECT id FROM runs")}


def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(raw.stored(url, f"SELECT * FROM {table}"), key=repr)
            for table in raw.tables(url)}  # fmt: skip


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, with what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}  # fmt: skip


# ---- sync ----------------------------------------------------------------------------------------
def test_after_an_outage_the_run_is_filed_from_its_folder(
    url: str, make: Callable[..., Path], cli: Cli, closed_port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", closed_port)
    folder = make(code=4)
    before = tree(folder)
    monkeypatch.setenv("DATABASE_URL", url)
    err = said(cli, "runs", "sync")
    assert err.splitlines() == [f"filed: {folder}", "1 filed, 0 known already, 0 left"]
    truth.assert_filed_once(url, folder)
    assert tree(folder) == before


def test_an_outage_is_told_with_the_folder_and_a_hint_and_without_the_password(
    make: Callable[..., Path], cli: Cli, closed_port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("--set", "ledger.enabled=false")
    monkeypatch.setenv("DATABASE_URL", closed_port)
    code, _, err = cli("backtest", "-c", "c.yaml")
    (folder,) = [path for path in Path("runs").iterdir() if str(path) in err]
    assert code == 4
    assert "is the server running, at that host and port?" in err
    assert f"the run's files are kept in {folder}" in err
    assert "hu5h" not in err
    truth.assert_whole(folder)
    for verb in (["sync"], ["prune", "--keep", "0", "--yes"]):
        assert "is the server running" in refused(cli, 4, "runs", *verb)
    assert len(list(Path("runs").iterdir())) == 2


def test_a_second_sync_adds_nothing(url: str, make: Callable[..., Path], cli: Cli) -> None:
    make()
    before = everything(url)
    for _ in range(2):
        assert said(cli, "runs", "sync") == "0 filed, 1 known already, 0 left\n"
    assert everything(url) == before


def test_a_new_ledger_gets_every_run(
    url: str, make: Callable[..., Path], cli: Cli, write_strategy: Callable[[str], str],
    file_url: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("DATABASE_URL", "sqlite:///first.db")
    folders = [make(), make("--set", "run.name=other"), make("-s", write_strategy(BREAKS), code=1)]
    monkeypatch.setenv("DATABASE_URL", url)
    found = printed(cli, "runs", "sync")
    assert found == {
        "filed": sorted(map(str, folders)), "moved": [], "known": [], "left": {}, "live": NO_LIVE,
    }  # fmt: skip
    for folder in folders:
        truth.assert_filed_once(url, folder)
    statuses = raw.stored(url, "SELECT status FROM runs ORDER BY status")
    assert statuses == [("failed",), ("finished",), ("finished",)]
    counts = raw.counts("sqlite:///first.db")
    assert raw.counts(url) == counts
    assert counts["fills"] > 0
    assert said(cli, "db", "check") == "every stored run adds up\n"


def test_where_nothing_was_run_sync_files_and_makes_nothing(
    file_url: str, cli: Cli, workdir: Path
) -> None:
    assert said(cli, "runs", "sync") == "0 filed, 0 known already, 0 left\n"
    assert list(workdir.iterdir()) == []
    Path("runs").mkdir()
    assert printed(cli, "runs", "sync") == {
        "filed": [], "moved": [], "known": [], "left": {}, "live": NO_LIVE,
    }  # fmt: skip


def test_runs_lie_where_the_config_says(file_url: str, make: Callable[..., Path], cli: Cli) -> None:
    folder = make()
    Path("runs").rename("elsewhere")
    Path("atms.db").unlink()
    assert said(cli, "runs", "sync").startswith("0 filed")
    Path("c.yaml").write_text(CONFIG + "run: {out: elsewhere}\n")
    assert f"filed: elsewhere/{folder.name}" in said(cli, "runs", "sync", "-c", "c.yaml")


def test_a_folder_that_is_no_run_is_passed_over(
    file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    make()
    Path("runs/notes").mkdir()
    Path("runs/notes/ideas.txt").write_text("buy low")
    Path("runs/stray.txt").write_text("sell high")
    assert said(cli, "runs", "sync") == "0 filed, 1 known already, 0 left\n"


@pytest.mark.parametrize("name", ["runs/notes", "nowhere"])
def test_a_named_folder_that_is_no_run_is_left_with_the_reason(
    name: str, file_url: str, cli: Cli
) -> None:
    Path("runs/notes").mkdir(parents=True)
    code, _, err = cli("runs", "sync", name)
    assert code == 1
    assert f"left: {name}: the run's files are gone" in err
    assert "there is no manifest.json" in err
    assert "0 filed, 0 known already, 1 left" in err


@pytest.mark.parametrize(
    "manifest", ["", "{", "no JSON", "{}", "[]", "null", "3", '["run_id"]', '{"run_id": "x"}']
)
def test_a_damaged_manifest_is_left_with_the_reason_and_the_others_are_filed(
    manifest: str, file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    good, damaged = make("--set", "run.name=good"), make()
    Path("atms.db").unlink()
    (damaged / "manifest.json").write_text(manifest)
    err = said(cli, "runs", "sync")
    assert f"left: {damaged}: " in err
    assert "1 filed, 0 known already, 1 left" in err
    truth.assert_filed_once(file_url, good)
    assert runs_of(file_url) == {good.name}


@pytest.mark.parametrize("name", ["fills.csv", "orders.parquet", "metrics.json", "audit.json"])
@pytest.mark.parametrize("how", ["gone", "cut"])
def test_a_folder_that_lacks_something_is_left_with_the_reason(
    how: str, name: str, file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    good, damaged = make("--set", "run.name=good"), make()
    Path("atms.db").unlink()
    content = (damaged / name).read_bytes()
    (damaged / name).unlink() if how == "gone" else (damaged / name).write_bytes(content[:20])
    err = said(cli, "runs", "sync")
    assert f"left: {damaged}: " in err
    assert runs_of(file_url) == {good.name}


def test_a_run_without_a_ledger_is_filed_only_when_it_is_named(
    url: str, make: Callable[..., Path], cli: Cli
) -> None:
    folder = make("--set", "ledger.enabled=false")
    err = said(cli, "runs", "sync")
    assert f"left: {folder}: made with ledger.enabled: false; name it" in err
    assert raw.tables(url) == []
    assert f"filed: {folder}" in said(cli, "runs", "sync", str(folder))
    truth.assert_filed_once(url, folder)


def test_named_folders_are_filed_alone_and_from_anywhere(
    file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    folders = [make("--set", f"run.name=n{n}") for n in range(3)]
    Path("atms.db").unlink()
    moved = Path("archive") / folders[0].name
    shutil.copytree(folders[0], moved)
    found = printed(cli, "runs", "sync", str(moved), str(folders[1].resolve()))
    assert found["filed"] == [str(moved), str(folders[1].resolve())]
    assert runs_of(file_url) == {folders[0].name, folders[1].name}
    truth.assert_filed_once(file_url, moved)


def test_a_file_that_was_changed_keeps_its_run_out(
    file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    folder = make()
    Path("atms.db").unlink()
    with (folder / "fills.csv").open("a") as stream:
        stream.write("\n")
    assert f"left: {folder}: fills.csv: not what the manifest has" in said(cli, "runs", "sync")
    assert not Path("atms.db").exists()


def test_the_ledger_learns_where_a_run_was_moved(
    url: str, make: Callable[..., Path], cli: Cli
) -> None:
    folder = make()
    moved = folder.rename(folder.with_name("moved"))
    assert printed(cli, "runs", "sync")["moved"] == [str(moved)]
    assert printed(cli, "runs", "sync")["known"] == [str(moved)]
    (row,) = ledger.list_runs(url)
    assert row["folder"] == str(moved.resolve())


def test_half_written_folders_of_killed_runs_are_removed_after_a_day(
    file_url: str, make: Callable[..., Path]
) -> None:
    old, new = Path("runs/.a.partial-77"), Path("runs/.b.partial-78")
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "fills.csv").write_text("half")
    os.utime(old, (time.time() - 90_000,) * 2)
    make()
    assert (old.exists(), new.exists()) == (False, True)


def test_two_folders_of_one_run_are_one_run(
    file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    folder = make()
    shutil.copytree(folder, f"{folder}-copy")
    Path("atms.db").unlink()
    found = printed(cli, "runs", "sync")
    assert runs_of(file_url) == {folder.name}
    assert (found["filed"], found["known"]) == ([str(folder)], [f"{folder}-copy"])
    truth.assert_filed_once(file_url, folder)


def test_what_a_killed_run_left_half_written_is_no_run(
    file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    # Killed in the instant before the folder got its name: the manifest is there already.
    folder = make()
    Path("atms.db").unlink()
    folder.rename(folder.with_name(f".{folder.name}.partial-77"))
    assert printed(cli, "runs", "sync")["filed"] == []
    assert not Path("atms.db").exists()


# ---- prune: which ones ---------------------------------------------------------------------------
def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def make_four(url: str) -> list[Path]:
    """Make runs of three days ago, two, one and of now; the second of them failed."""
    folders = []
    for number in range(4):
        strategy = {"strategy": "mine.py:Breaks"} if number == 1 else {}
        config = atms.load_config("c.yaml", {"ledger": {"url": url}, **strategy}, environment={})
        try:
            result = atms.backtest(config)
        except atms.StrategyError as error:
            assert error.result is not None
            result = error.result
        folders.append(result.save())
        days = 3 - number
        past = f"started - {days * DAY}" if raw.is_sqlite(url) else f"started - interval '{days} d'"
        raw.execute(url, f"UPDATE runs SET started = {past} WHERE id = '{result.id}'")
    return folders


@pytest.fixture
def four(url: str, make: Callable[..., Path]) -> list[Path]:
    """Four runs, the oldest first."""
    Path("mine.py").write_text("import backtrader as bt\n\n\n" + BREAKS)
    return make_four(url)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def four_once(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, list[Path]]:
    """Four runs that are only looked at: the ledger, the folder they lie in, and their own."""
    place = tmp_path_factory.mktemp("four")
    url = f"sqlite:///{place}/atms.db"
    if request.param == "postgresql":
        url = session_of(request.config).shared_database()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr(sys, "path", list(sys.path))  # the strategy's folder goes in front
        hours = pd.date_range("2024-01-01", periods=60, freq="1h", tz="UTC", name="datetime")
        wave = 100 + 5 * np.sin(np.arange(60) / 4)
        prices = dict.fromkeys(("open", "high", "low", "close"), wave)
        pd.DataFrame(prices, index=hours).to_csv("bars.csv")
        Path("c.yaml").write_text(CONFIG)
        Path("mine.py").write_text("import backtrader as bt\n\n\n" + BREAKS)
        return url, place, make_four(url)


@pytest.fixture
def seen(
    four_once: tuple[str, Path, list[Path]], workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> list[Path]:
    """The same four, from the command line."""
    monkeypatch.chdir(four_once[1])
    monkeypatch.setenv("DATABASE_URL", four_once[0])
    return four_once[2]


@pytest.mark.parametrize(
    ("options", "gone"),
    [
        (["--older", "36h"], 2),
        (["--older", "2d"], 2),  # the second oldest is two days and a moment old
        (["--older", "1w"], 0),
        (["--older", "0d"], 4),
        (["--keep", "0"], 4),
        (["--keep", "1"], 3),
        (["--keep", "9"], 0),
        (["--max-size", "0"], 4),
        (["--max-size", "2T"], 0),
        (["--keep", "3", "--older", "12h"], 3),
        (["--keep", "1", "--older", "60h"], 3),
        (["--keep", "3", "--older", "30d", "--max-size", "1G"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_the_oldest_fall_under_the_rules(
    options: list[str], gone: int, seen: list[Path], cli: Cli
) -> None:
    found = printed(cli, "runs", "prune", *options)
    assert not found["pruned"]
    assert [run["id"] for run in found["runs"]] == [folder.name for folder in seen[:gone]]
    assert [run["folder"] for run in found["runs"]] == [str(f.resolve()) for f in seen[:gone]]
    assert [run["size"] for run in found["runs"]] == [size(folder) for folder in seen[:gone]]


@pytest.mark.parametrize("stay", [1, 2, 3])
def test_the_newest_stay_within_the_size(stay: int, seen: list[Path], cli: Cli) -> None:
    limit = sum(size(folder) for folder in seen[4 - stay :])
    for spare, left in ((0, stay), (-1, stay - 1)):
        found = printed(cli, "runs", "prune", "--max-size", str(limit + spare))
        assert [run["id"] for run in found["runs"]] == [folder.name for folder in seen[: 4 - left]]


def test_sizes_are_read_with_their_units(
    file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    folder = make()
    (folder / "padding").write_bytes(bytes(1_500_000 - size(folder)))
    for text, gone in {
        "1.5M": 0, "1.5m": 0, "1.5MB": 0, "1500k": 0, "1500 K": 0, "1500000": 0, "0.0015g": 0,
        "1.4M": 1, "1499k": 1, "1499999": 1, "0.001G": 1,
    }.items():  # fmt: skip
        found = printed(cli, "runs", "prune", "--max-size", text)
        assert len(found["runs"]) == gone, text


def test_without_yes_it_only_shows(
    four_once: tuple[str, Path, list[Path]], seen: list[Path], cli: Cli
) -> None:
    before, files = everything(four_once[0]), tree(Path("runs"))
    err = said(cli, "runs", "prune", "--keep", "2")
    lines = err.splitlines()
    for folder, line in zip(seen[:2], lines, strict=False):
        assert line.startswith(f"{folder.name}  ")
        assert line.endswith(str(folder.resolve()))
        assert "beyond the newest 2" in line
    assert lines[2].startswith("2 run(s), ")
    assert lines[2].endswith("would go; add --yes to take them away")
    assert (everything(four_once[0]), tree(Path("runs"))) == (before, files)


def test_with_yes_they_are_gone_from_folder_and_ledger_and_the_others_are_whole(
    url: str, four: list[Path], cli: Cli
) -> None:
    kept = {folder: tree(folder) for folder in four[2:]}
    err = said(cli, "runs", "prune", "--keep", "2", "--yes")
    assert err.splitlines()[-1].endswith("taken away")
    assert set(Path("runs").iterdir()) == set(kept)
    for folder, files in kept.items():
        assert tree(folder) == files
        for table in set(raw.tables(url)) - {"runs"}:
            names = [c[0] for c in raw.stored(url, _columns(url, table))]
            if "run_id" in names:
                ids = {run for (run,) in raw.stored(url, f"SELECT run_id FROM {table}")}
                assert ids <= {path.name for path in kept}, table
    assert runs_of(url) == {folder.name for folder in kept}
    accounts = raw.stored(url, "SELECT id FROM accounts ORDER BY id")
    assert accounts == sorted((f"backtest:{folder.name}",) for folder in kept)
    assert raw.stored(url, "SELECT count(*) FROM fill_fees WHERE fill_id NOT IN "
                           "(SELECT id FROM fills)") == [(0,)]  # fmt: skip
    assert said(cli, "runs", "sync") == "0 filed, 2 known already, 0 left\n"
    assert said(cli, "runs", "prune", "--keep", "2", "--yes") == "no run falls under that\n"


def _columns(url: str, table: str) -> str:
    if raw.is_sqlite(url):
        return f"SELECT name FROM pragma_table_info('{table}')"
    return f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"


def test_json_tells_what_was_taken_away(url: str, four: list[Path], cli: Cli) -> None:
    (four[0] / "notes.txt").write_text("mine")
    found = printed(cli, "runs", "prune", "--keep", "2", "--yes")
    assert found["pruned"]
    assert [run["id"] for run in found["runs"]] == [folder.name for folder in four[:2]]
    assert {*found["runs"][0]} == {"id", "folder", "size", "started", "why"}
    assert found["folders_that_stay"] == [str(four[0].resolve())]


def test_an_empty_ledger_has_nothing_to_prune_and_is_not_made(
    file_url: str, cli: Cli, workdir: Path
) -> None:
    err = said(cli, "runs", "prune", "--keep", "0", "--yes")
    assert err == "no run falls under that\n"
    assert list(workdir.iterdir()) == []


# ---- prune: what is not the run's ----------------------------------------------------------------
@pytest.mark.parametrize("name", ["notes.txt", "plots/mine.png", "equity.parquet.bak", ".hidden"])
def test_files_of_the_user_in_a_runs_folder_stay_and_are_told(
    name: str, file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    folder = make()
    mine = folder / name
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    err = said(cli, "runs", "prune", "--keep", "0", "--yes")
    assert f"{folder.resolve()}: holds files that are not the run's; these stay" in err
    assert tree(folder) == {name: b"mine"}
    assert runs_of(file_url) == set()
    assert said(cli, "runs", "sync").startswith("0 filed, 0 known already, 0 left")


@pytest.mark.parametrize("with_notes", [False, True])
def test_nothing_outside_the_folder_goes_whatever_a_manifest_names(
    with_notes: bool, file_url: str, make: Callable[..., Path], cli: Cli, workdir: Path
) -> None:
    folder = make()
    Path("precious.csv").write_text("mine")
    Path("runs/precious.csv").write_text("mine")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] |= {
        "../precious.csv": "", "../../precious.csv": "", str(workdir / "bars.csv"): "",
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    if with_notes:
        (folder / "notes.txt").write_text("mine")
    cli("runs", "prune", "--keep", "0", "--yes")
    for path in ("precious.csv", "runs/precious.csv", "bars.csv"):
        assert Path(path).exists(), path


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"run_id": "RUN"}', '{"run_id": "RUN", "files": 3}']
)
def test_a_folder_whose_manifest_is_damaged_stays_or_goes_without_a_crash(
    damage: str, file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    damaged, good = make(), make()
    (damaged / "manifest.json").write_text(damage.replace("RUN", damaged.name))
    code, _, err = cli("runs", "prune", "--keep", "0", "--yes")
    assert code in (0, 1), err
    assert "Traceback" not in err
    assert "bug in atms" not in err
    assert (damaged / "fills.csv").exists()  # it is not known to be ours
    assert not good.exists()
    assert runs_of(file_url) == set()


def test_a_run_whose_folder_is_gone_already_goes_from_the_ledger(
    url: str, make: Callable[..., Path], cli: Cli
) -> None:
    gone, stays = make(), make()
    shutil.rmtree(gone)
    (found,) = printed(cli, "runs", "prune", "--keep", "1")["runs"]
    assert (found["id"], found["folder"], found["size"]) == (gone.name, None, 0)
    err = said(cli, "runs", "prune", "--keep", "1", "--yes")
    assert "its files are gone already" in err
    assert runs_of(url) == {stays.name}
    assert stays.exists()


def test_a_folder_in_which_another_run_lies_now_stays(
    url: str, make: Callable[..., Path], cli: Cli
) -> None:
    old, new = make(), make()
    shutil.rmtree(old)
    new.rename(old)  # the ledger says that the old run is here
    before = tree(old)
    err = said(cli, "runs", "prune", "--keep", "1", "--yes")
    assert "1 run(s)" in err
    assert tree(old) == before
    assert runs_of(url) == {new.name}


def test_a_folder_that_cannot_be_removed_is_told_with_the_reason(
    file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    moved, other = make(), make()
    Path("disk").mkdir()
    shutil.move(moved, "disk")
    moved.symlink_to(Path("disk").resolve() / moved.name)
    code, _, err = cli("runs", "prune", "--keep", "0", "--yes")
    assert "None" not in err
    assert not other.exists()
    assert (code, str(moved) in err) in ((0, False), (0, True))
    assert tree(Path("disk"))  # what a link leads to is left


def test_a_copy_of_a_pruned_run_can_be_filed_again(
    url: str, make: Callable[..., Path], cli: Cli
) -> None:
    folder = make()
    copy = Path("archive") / folder.name
    shutil.copytree(folder, copy)
    assert cli("runs", "prune", "--keep", "0", "--yes")[0] == 0
    assert not folder.exists()
    assert f"filed: {copy}" in said(cli, "runs", "sync", str(copy))
    truth.assert_filed_once(url, copy)


# ---- prune: broken off ---------------------------------------------------------------------------
def test_killed_between_ledger_and_folder_it_has_harmed_nothing(
    url: str, make: Callable[..., Path], cli: Cli
) -> None:
    first, second = make(), make()
    before = raw.counts(url)
    ledger.delete_runs(url, [first.name])  # what prune does first
    assert f"filed: {first}" in said(cli, "runs", "sync")
    for folder in (first, second):
        truth.assert_filed_once(url, folder)
    assert raw.counts(url) == before
    assert cli("runs", "prune", "--keep", "1", "--yes")[0] == 0
    assert not first.exists()
    assert runs_of(url) == {second.name}


@pytest.mark.parametrize("left", ["manifest.json", "fills.csv", "equity.parquet", "config.yaml"])
def test_killed_within_the_folder_it_leaves_no_run_that_is_half(
    left: str, file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    half, whole = make(), make()
    ledger.delete_runs(file_url, [half.name])
    for path in half.iterdir():
        if path.name != left:
            path.unlink()
    err = said(cli, "runs", "sync")
    assert "0 filed, 1 known already" in err
    assert (f"left: {half}: " in err) == (left == "manifest.json")
    assert runs_of(file_url) == {whole.name}
    assert said(cli, "runs", "prune", "--keep", "1", "--yes") == "no run falls under that\n"


# ---- bad values ----------------------------------------------------------------------------------
def test_prune_without_a_rule_is_refused_with_the_rules(
    file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    folder = make()
    err = refused(cli, 2, "runs", "prune", "--yes")
    assert "--older 30d, --keep 20, --max-size 2G" in err
    assert folder.exists()


@pytest.mark.parametrize(
    ("option", "value", "way_out"),
    [
        *(("--older", value, "as in 30d")
          for value in ("30", "d", "", "-3d", "3 d x", "1.5d", "3m", "3y", "1d2h", "inf", "nan")),
        ("--older", "99999999999999w", "longer than any run"),
        *(("--max-size", value, "as in 2G")
          for value in ("", "G", "-1G", "1X", "1.2.3G", "1,5G", "nan", "inf", "1e3", "10%")),
        ("--max-size", "9" * 400, "--max-size"),
        *(("--keep", value, "--keep") for value in ("-1", "x", "", "1.5", "all")),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_with_the_way_out(
    option: str, value: str, way_out: str, file_url: str, cli: Cli
) -> None:
    err = refused(cli, 2, "runs", "prune", f"{option}={value}", "--yes")
    assert way_out in err


def test_an_age_beyond_every_run_takes_none(
    file_url: str, make: Callable[..., Path], cli: Cli
) -> None:
    make()
    assert said(cli, "runs", "prune", "--older", "99999w") == "no run falls under that\n"

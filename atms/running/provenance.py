"""What a run was made of: hashes of config, data and code, and versions."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import json
import os
import platform
import secrets
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import backtrader as bt

from atms._version import __version__
from atms.config import Config, public_values
from atms.result import Provenance
from atms.usercode import local_sources

_PACKAGES = ("backtrader", "numpy", "pandas", "pyarrow", "pydantic", "sqlalchemy", "matplotlib")


def collect(config: Config, classes: Sequence[type[Any]], data: Mapping[str, str]) -> Provenance:
    """Hash what a run was made of.

    The config's hash covers what decides the result: not where results go, nor what is drawn.

    Args:
        config: the run's config.
        classes: the strategy's class, then those of sizer, analyzers and feeds.
        data: feed -> hash of its bars.
    """
    values = public_values(config)
    elsewhere = {"run": ("out", "name"), "report": ("picture", "html", "max_mb")}
    for section, keys in elsewhere.items():
        for key in keys:
            values[section].pop(key)
    for section in ("ledger", "operations"):
        values.pop(section)
    code: dict[str, str] = {}
    for kind in dict.fromkeys(classes):
        code.update(_code(kind))
    strategy = next(kind for kind in classes if issubclass(kind, bt.Strategy))
    return Provenance(
        hashes={"config": _digest(values), "data": _digest(dict(data)), "code": _digest(code)},
        code=code,
        data=dict(data),
        versions=_versions(),
        strategy=f"{strategy.__module__}:{strategy.__qualname__}",
    )


@functools.cache
def _versions() -> dict[str, str]:
    packages = {name: metadata.version(name) for name in _PACKAGES}
    return {"atms": __version__, "python": platform.python_version(), **packages}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _code(kind: type[Any]) -> dict[str, str]:
    """Return file name -> hash of a class's module and of what it imports from near it.

    Of Backtrader's own classes none: its version stands in the manifest.
    """
    if kind.__module__.partition(".")[0] == "backtrader":
        return {}
    name = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if not name or not name.endswith(".py"):  # typed into a notebook or a prompt
        with contextlib.suppress(OSError, TypeError):
            return {kind.__qualname__: _digest(inspect.getsource(kind))}
        return {kind.__qualname__: f"unknown, {secrets.token_hex(16)}"}
    own = Path(name).resolve()
    return {
        os.path.relpath(file, own.parent): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in local_sources(own)
        if file.is_file()
    }

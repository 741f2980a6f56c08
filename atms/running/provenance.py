"""What a run was made of: hashes of config, data and code, and versions."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import json
import platform
import secrets
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import backtrader as bt

from atms._version import __version__
from atms.config import Config, public_values
from atms.feeds.bars import Bars
from atms.result import Provenance
from atms.usercode import local_sources

_PACKAGES = ("backtrader", "numpy", "pandas", "pyarrow", "pydantic", "sqlalchemy", "matplotlib")


def collect(config: Config, strategy: type[bt.Strategy], bars: Mapping[str, Bars]) -> Provenance:
    """Hash what a run was made of.

    The config's hash covers what decides the result: not where results go, nor what is drawn.
    """
    values = public_values(config)
    for section, key in (("run", "out"), ("run", "name"), ("report", "picture")):
        values[section].pop(key)
    values.pop("ledger")
    data = {name: found.digest() for name, found in bars.items()}
    code = _code(strategy)
    return Provenance(
        hashes={"config": _digest(values), "data": _digest(data), "code": _digest(code)},
        code=code,
        data=data,
        versions=_versions(),
        strategy=f"{strategy.__module__}:{strategy.__qualname__}",
    )


@functools.cache
def _versions() -> dict[str, str]:
    packages = {name: metadata.version(name) for name in _PACKAGES}
    return {"atms": __version__, "python": platform.python_version(), **packages}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _code(strategy: type[bt.Strategy]) -> dict[str, str]:
    """Return file name -> hash of the strategy's module and of what it imports from beside it."""
    name = getattr(sys.modules.get(strategy.__module__), "__file__", None)
    if not name or not name.endswith(".py"):  # typed into a notebook or a prompt
        with contextlib.suppress(OSError, TypeError):
            return {strategy.__qualname__: _digest(inspect.getsource(strategy))}
        return {strategy.__qualname__: f"unknown, {secrets.token_hex(16)}"}
    own = Path(name).resolve()
    return {
        str(file.relative_to(own.parent)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in local_sources(own)
        if file.is_file()
    }

"""Python and the packages: what is installed, against what is asked for and what was tested."""

from __future__ import annotations

import configparser
import platform
import shlex
import sys
from collections.abc import Iterable
from importlib import metadata, util
from pathlib import Path

import backtrader as bt
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from atms.doctor.check import Check
from atms.extras import EXTRAS, install_hint

OLDEST, NEWEST = (3, 11), (3, 13)
_CHECKOUT = Path(__file__).resolve().parent.parent.parent
_MOST_NAMED = 3


def python(version: tuple[int, int] = sys.version_info[:2]) -> Check:
    """Check the interpreter's *version*."""
    found = f"{platform.python_version()}, {sys.executable}"
    tested = f"3.{OLDEST[1]} to 3.{NEWEST[1]}"
    if version < OLDEST:
        return Check("python", "fail", found, f"atms needs Python {tested}")
    if version > NEWEST:
        return Check("python", "warn", found, f"atms was tried on Python {tested} only")
    return Check("python", "ok", found)


def requirements(checkout: Path = _CHECKOUT) -> list[Check]:
    """Check what setup.cfg asks for, what constraints.txt says was tested, and Backtrader.

    Args:
        checkout: where the two files are, if atms runs from a checkout.
    """
    asked = asked_for(checkout)
    core = asked.get("", [])
    if not core:
        hint = "install it with pip, which then knows what it needs"
        return [Check("packages", "warn", "atms is not installed, so nothing is asked for", hint)]
    checks = [_core(core), _backtrader(core)]
    constraints = checkout / "constraints.txt"
    if constraints.is_file():
        checks.append(_tested(constraints))
    return checks


def asked_for(checkout: Path) -> dict[str, list[Requirement]]:
    """Return extra -> its requirements, ``""`` for the core; empty if atms is not installed.

    A checkout is asked itself: what its installation noted may be older.
    """
    setup = configparser.ConfigParser()
    setup.read(checkout / "setup.cfg", encoding="utf-8")
    if setup.get("metadata", "name", fallback="") == "atms":
        texts = {"": setup["options"]["install_requires"], **setup["options.extras_require"]}
        return {extra: _applying(_lines(text)) for extra, text in texts.items()}
    try:
        noted = metadata.requires("atms") or []
    except metadata.PackageNotFoundError:
        return {}
    core = _applying(noted)
    extras = metadata.metadata("atms").get_all("Provides-Extra") or []
    more = {extra: [r for r in _applying(noted, extra) if r not in core] for extra in extras}
    return {"": core, **more}


def _applying(texts: Iterable[str], extra: str = "") -> list[Requirement]:
    """Return the requirements that hold on this Python and platform, with *extra* chosen."""
    found = map(Requirement, texts)
    return [one for one in found if one.marker is None or one.marker.evaluate({"extra": extra})]


def _lines(text: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _misfits(requirements: Iterable[Requirement]) -> dict[str, str]:
    """Return requirement -> what is there instead, of those that are not met."""
    wrong = {}
    for one in requirements:
        version = _version(one.name)
        if version is None or not one.specifier.contains(version, prereleases=True):
            wrong[f"{one.name}{one.specifier}"] = f"{one.name} {version or 'is missing'}"
    return wrong


def _core(core: list[Requirement]) -> Check:
    wrong = _misfits(core)
    if not wrong:
        return Check("packages", "ok", f"the {len(core)} that atms needs are there")
    found = ", ".join(f"{there} (needs {asked})" for asked, there in wrong.items())
    return Check("packages", "fail", found, f"pip install {shlex.join(wrong)}")


def _backtrader(core: list[Requirement]) -> Check:
    pinned = next(one for one in core if canonicalize_name(one.name) == "backtrader")
    found = f"{bt.__version__}, {Path(bt.__file__).parent}"
    if not pinned.specifier.contains(bt.__version__):
        # A fork, or a copy in the current folder: its fills may be others.
        hint = f"atms is tested with {pinned}: pip install {shlex.quote(str(pinned))}"
        return Check("backtrader", "fail", found, hint)
    return Check("backtrader", "ok", found)


def _tested(constraints: Path) -> Check:
    """Compare with the versions that were tested; what is not installed is not looked at."""
    here = _applying(_lines(constraints.read_text(encoding="utf-8")))
    versions = {one: _version(one.name) for one in here}
    installed = {one: version for one, version in versions.items() if version is not None}
    other = [
        f"{one.name} {version} (tested {str(one.specifier).removeprefix('==')})"
        for one, version in installed.items()
        if not one.specifier.contains(version, prereleases=True)
    ]
    if not other:
        return Check("tested versions", "ok", f"all {len(installed)} are the tested ones")
    more = f" and {len(other) - _MOST_NAMED} more" if len(other) > _MOST_NAMED else ""
    return Check(
        "tested versions",
        "warn",
        f"{len(other)} of {len(installed)} differ: {', '.join(other[:_MOST_NAMED])}{more}",
        shlex.join(["pip", "install", "-c", str(constraints), "-e", str(constraints.parent)]),
    )


def extras(checkout: Path = _CHECKOUT) -> list[Check]:
    """Check each optional package: there, not there, or of a version that atms does not want."""
    asked = asked_for(checkout)
    checks = []
    for module, extra in EXTRAS.items():
        name, wanted = f"extra {extra}", asked.get(extra, [])
        if util.find_spec(module) is None:
            checks.append(Check(name, "info", "not installed", install_hint(extra)))
            continue
        # Another package may bring the same module: psycopg2 does, beside psycopg2-binary.
        there = [one for one in wanted if _version(one.name) is not None]
        wrong = _misfits(there)
        if wrong:
            found = ", ".join(f"{there} (needs {asked})" for asked, there in wrong.items())
            checks.append(Check(name, "warn", found, install_hint(extra)))
        else:
            versions = ", ".join(f"{one.name} {_version(one.name)}" for one in there)
            checks.append(Check(name, "ok", versions or f"{module} is installed"))
    return checks

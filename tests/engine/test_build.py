"""The engine's extension is optional: what is packed, and what is there without a compiler.

Every build is made of a copy of the checkout, so that nothing is left in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.version import Version

from atms.engine.extension import digest, must_match
from atms.errors import ConfigError
from tests.conftest import ROOT

MISSING = "/nonexistent/cc"
PACKED = ("setup.py", "setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")
FOLDERS = ("atms", "analyzers", "configs", "feeds", "stores", "strategies")
SOURCE = '''\
"""A module."""

from __future__ import annotations


def answer() -> int:
    """Return the answer."""
    return 42
'''


def can_build() -> bool:
    """Return whether the build's own requirements are installed here."""
    if find_spec("Cython") is None or find_spec("setuptools") is None:
        return False
    return Version(metadata.version("setuptools")) >= Version("77")


def can_compile() -> bool:
    """Return whether there is a compiler, and Python's headers."""
    compiler = os.environ.get("CC", sysconfig.get_config_var("CC") or "cc").split()[0]
    headers = Path(sysconfig.get_path("include"), "Python.h")
    return shutil.which(compiler) is not None and headers.exists()


builds = pytest.mark.skipif(not can_build(), reason="needs Cython and setuptools 77 or newer")
compiles = pytest.mark.skipif(not can_compile(), reason="needs a C compiler, Python's headers")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what is packed, with one small module to compile instead of the engine's own."""
    copy = tmp_path / "checkout"
    copy.mkdir()
    for name in PACKED:
        shutil.copy(ROOT / name, copy)
    for folder in FOLDERS:
        skip = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(ROOT / folder, copy / folder, symlinks=True, ignore=skip)
    (copy / "atms" / "engine" / "small.py").write_text(SOURCE)
    (copy / "atms" / "engine" / "small.pxd").write_text("cpdef int answer()\n")
    compile_only(copy, "atms.engine.small")
    return copy


def compile_only(copy: Path, *modules: str) -> None:
    setup = copy / "setup.py"
    text = setup.read_text()
    start = text.index("COMPILED = (")
    end = text.index(")\n", start) + 2
    setup.write_text(f"{text[:start]}COMPILED = {modules!r}\n{text[end:]}")


@pytest.fixture
def build(checkout: Path) -> Callable[..., Path]:
    """Build what is asked for, "sdist" or "wheel", of the copy; return its file."""

    def call(kind: str, **environment: str) -> Path:
        code = f"from setuptools import build_meta; build_meta.build_{kind}('made')"
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=checkout,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (made,) = (checkout / "made").iterdir()
        return made

    return call


def engine_files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as packed:
        return {name for name in packed.namelist() if name.startswith("atms/engine/small")}


def run_installed(wheel: Path, code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run *code* where the wheel alone has atms."""
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    return run_there(code, folder)


def run_there(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)


WHICH = """
import atms.engine, atms.engine.small
from atms.doctor.extension import extension
print(atms.engine.small.answer(), atms.engine.compiled())
print(extension().verdict, extension().found)
"""


@builds
def test_a_source_distribution_has_the_types_and_nothing_compiled(build) -> None:
    with tarfile.open(build("sdist")) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {"setup.py", "atms/engine/small.py", "atms/engine/small.pxd"} <= names
    assert "feeds/bars.py" in names  # the mapped folders too
    assert not [name for name in names if name.endswith((".c", ".so"))]


@builds
@compiles
def test_a_wheel_has_the_module_compiled_and_as_it_is_written(build, workdir: Path) -> None:
    wheel = build("wheel")
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    assert engine_files(wheel) == {"atms/engine/small.py", f"atms/engine/small{suffix}"}
    done = run_installed(wheel, WHICH, workdir / "installed")
    assert done.stdout == "42 ('atms.engine.small',)\nok compiled: small\n", done.stderr


@builds
def test_without_a_compiler_a_wheel_is_built_and_runs(build, workdir: Path) -> None:
    wheel = build("wheel", CC=MISSING)
    assert engine_files(wheel) == {"atms/engine/small.py"}
    done = run_installed(wheel, WHICH, workdir / "installed")
    assert done.stdout == "42 ()\ninfo not compiled: the same results, slower\n", done.stderr


@builds
def test_a_module_that_cannot_be_translated_does_not_stop_the_build(build, checkout) -> None:
    (checkout / "atms" / "engine" / "small.pxd").write_text("cpdef nonsense nonsense\n")
    assert engine_files(build("wheel")) == {"atms/engine/small.py"}


@builds
@compiles
def test_typed_modules_are_compiled_all_or_none(build, checkout: Path, workdir: Path) -> None:
    engine = checkout / "atms" / "engine"
    (engine / "large.py").write_text(SOURCE.replace("42", "43"))
    (engine / "large.pxd").write_text(
        "from atms.engine.small cimport answer as less\n"
        'cdef extern from "nowhere.h":\n    int here\n'
        "cpdef int answer()\n"
    )
    compile_only(checkout, "atms.engine.small", "atms.engine.large")
    wheel = build("wheel")
    assert engine_files(wheel) == {"atms/engine/small.py"}
    done = run_installed(wheel, WHICH, workdir / "installed")
    assert done.stdout.startswith("42 ()\n"), done.stderr


@builds
@compiles
def test_a_compiled_module_refuses_to_run_when_its_source_was_changed(build, workdir: Path) -> None:
    wheel = build("wheel")
    run_installed(wheel, WHICH, workdir / "installed")
    changed = workdir / "installed" / "atms" / "engine" / "small.py"
    changed.write_text(SOURCE.replace("42", "43"))
    done = run_there(WHICH, workdir / "installed")
    assert "small.py: changed since it was compiled" in done.stderr
    assert "pip install --no-deps -e ." in done.stderr


def test_what_was_compiled_from_the_same_source_is_taken(workdir: Path) -> None:
    (workdir / "one.py").write_text("a = 1\n")
    must_match(str(workdir / "one.cpython.so"), digest(workdir / "one.py"), "")


def test_other_types_than_those_compiled_in_are_noticed(workdir: Path) -> None:
    (workdir / "one.py").write_text("a = 1\n")
    (workdir / "one.pxd").write_text("cdef int a\n")
    with pytest.raises(ConfigError, match=r"one\.py: changed since it was compiled"):
        must_match(str(workdir / "one.cpython.so"), digest(workdir / "one.py"), "other")


def test_a_compiled_module_without_its_source_runs(workdir: Path) -> None:
    must_match(str(workdir / "one.cpython.so"), "anything", "anything")

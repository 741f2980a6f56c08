"""A new project folder: its files, from the templates beside this module, written all or none."""

from __future__ import annotations

import contextlib
import importlib.util
import keyword
import os
import re
from pathlib import Path
from string import Template

from atms import registry
from atms.errors import ConfigError, OutputError

STRATEGY = "channel"
_TEMPLATES = Path(__file__).parent
# file in the project -> template; $name stands for the strategy's name
_FILES = {
    "README.md": "readme.txt",
    "config.yaml": "config.txt",
    "strategies/$name.py": "strategy.txt",
    # A package, else a folder of that name elsewhere on the path would be taken for it.
    "strategies/__init__.py": "package.txt",
    "tests/test_$name.py": "test.txt",
    "pytest.ini": "pytest.txt",
    ".gitignore": "gitignore.txt",
}


def make(folder: Path, strategy: str = STRATEGY) -> list[Path]:
    """Write a project to *folder*, made if it is not there, and return its files.

    A folder that holds other files is fine. No file is ever overwritten, and if one cannot be
    written, those before it are taken away again.

    Args:
        folder: where.
        strategy: the strategy's name, ``my_idea`` or ``MyIdea``.

    Raises:
        ConfigError: the name cannot be used, *folder* is a file, or a file of the project is
            there already; nothing was written.
        OutputError: a file could not be written; nothing is left.
    """
    for path in (folder, *folder.parents):
        if os.path.lexists(path) and not path.is_dir():
            raise ConfigError(f"{path}: is no folder; name another: python -m atms init my-project")
    name = file_name(strategy)
    words = {
        "name": name,
        "kind": "".join(part.capitalize() for part in name.split("_")),
        "title": folder.resolve().name or name,
    }
    texts = {
        folder / Template(path).substitute(words): Template(
            (_TEMPLATES / template).read_text(encoding="utf-8")
        ).substitute(words)
        for path, template in _FILES.items()
    }
    _refuse_what_is_there(folder, list(texts))
    _write(texts)
    return list(texts)


def file_name(strategy: str) -> str:
    """Return the module's name for a strategy's name; ConfigError if it cannot be one."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", strategy).lower()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", snake):
        near = re.sub(r"\W+", "_", snake, flags=re.ASCII).strip("_0123456789") or "my_idea"
        raise ConfigError(
            f"--strategy {strategy!r}: is no name; begin with a letter and write letters, digits "
            f"and _: {near}"
        )
    if snake in registry.names("strategies"):
        raise ConfigError(
            f"--strategy {strategy}: comes with atms: python -m atms strategies show {snake}; "
            f"give your own another name: my_{snake}"
        )
    # A file of that name would stand in the way of the module.
    if keyword.iskeyword(snake) or importlib.util.find_spec(snake) is not None:
        raise ConfigError(
            f"--strategy {strategy}: is a word or a module of Python's; choose another: my_{snake}"
        )
    return snake


def _refuse_what_is_there(folder: Path, files: list[Path]) -> None:
    there = []
    for file in files:
        above = [parent for parent in file.parents if parent.is_relative_to(folder)]
        if os.path.lexists(file):
            there.append(file)
        else:
            there += [path for path in above if os.path.lexists(path) and not path.is_dir()]
    if there:
        names = ", ".join(str(path.relative_to(folder)) for path in dict.fromkeys(there))
        raise ConfigError(
            f"{folder}: has {names} already; nothing is overwritten, and nothing was written. "
            "Move what is there away, or name another folder: python -m atms init DIR"
        )


def _write(texts: dict[Path, str]) -> None:
    """Write every file, or none; a file that another process made meanwhile is left alone."""
    made: list[Path] = []
    target = next(iter(texts))
    try:
        for target, text in texts.items():
            _make_folders(target.parent, made)
            with target.open("x", encoding="utf-8", newline="\n") as stream:
                made.append(target)
                stream.write(text)
    except BaseException as error:
        _take_away(made)
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise OutputError(
                f"{error.filename or target}: cannot be written: {reason}; nothing is left. "
                "Name another folder: python -m atms init DIR"
            ) from error
        raise


def _make_folders(folder: Path, made: list[Path]) -> None:
    missing = [path for path in (folder, *folder.parents) if not path.is_dir()]
    for path in reversed(missing):
        path.mkdir()
        made.append(path)


def _take_away(made: list[Path]) -> None:
    for path in reversed(made):
        with contextlib.suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()

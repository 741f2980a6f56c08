"""The user's own modules: loaded from a file, and named in errors by their own lines."""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, TracebackType

import backtrader as bt

from atms.errors import MissingExtra, StrategyError, UnknownName
from atms.extras import EXTRAS, install_hint

_NO_TALIB = re.compile(r"module 'backtrader(\.talib)?' has no attribute")
_MOST_FRAMES = 8
_NOT_THEIRS = (
    Path(bt.__file__).parent,
    Path(sysconfig.get_paths()["stdlib"]),
    Path(sysconfig.get_paths()["purelib"]),
)
_OURS = Path(__file__).parent


def load_module(spec: str) -> ModuleType:
    """Import ``package.module`` or ``path/to/file.py``.

    A file's siblings can be imported by their plain names, as when it is run as a script.

    Raises:
        UnknownName: there is no such module or file.
        MissingExtra: it needs a package that is not installed.
        StrategyError: it raised, or is no Python.
    """
    path = Path(spec).expanduser()
    try:
        if "" not in sys.path and str(Path.cwd()) not in sys.path:
            sys.path.append(str(Path.cwd()))  # as `python -m` has it
        if path.suffix == ".py":
            return _load_file(path)
        if not all(part.isidentifier() for part in spec.split(".")):
            raise UnknownName(
                f"{spec!r} is no module; write package.module:Class, or file.py:Class"
            )
        return importlib.import_module(spec)
    except ModuleNotFoundError as error:
        raise _not_found(spec, error) from error
    except SyntaxError as error:
        line = (error.text or "").strip()
        where = f"{error.filename or spec}:{error.lineno or 1}"
        raise StrategyError(f"{where}: {error.msg}{f': {line}' if line else ''}") from error
    except UnknownName:
        raise
    except (Exception, SystemExit) as error:
        hint = extra_for(error)
        if hint:
            raise hint from error
        raise StrategyError(f"{spec}: cannot be imported: {describe(error)}") from error


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UnknownName(f"{path}: no such file")
    path = path.resolve()
    _prefer_folder(path.parent)
    if _above_package(path) != path.parent:
        sys.path.insert(1, str(_above_package(path)))  # for `from its_package import ...`
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    name = f"{path.stem}_{digest}"  # Backtrader looks a class's module up by name
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    before = set(sys.modules)
    try:
        # Compiled here: a cached .pyc is taken for new if the file is as long and as old as before.
        exec(compile(path.read_bytes(), path, "exec"), module.__dict__)  # noqa: S102
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        _BROUGHT.update(set(sys.modules) - before)
    return module


_FOLDERS: set[Path] = set()
_BROUGHT: set[str] = set()


def _prefer_folder(folder: Path) -> None:
    """Let modules of *folder* be imported by plain names, fresh from their files.

    What files before this one imported from their folders is forgotten: two projects may each
    have a ``helpers.py``, and a person who edits one expects the next run to see it.
    """
    with contextlib.suppress(ValueError):
        sys.path.remove(str(folder))
    sys.path.insert(0, str(folder))
    _FOLDERS.add(folder)
    for name in list(_BROUGHT):
        file = getattr(sys.modules.get(name), "__file__", None)
        if file and any(Path(file).resolve().is_relative_to(known) for known in _FOLDERS):
            del sys.modules[name]
            _BROUGHT.discard(name)
    importlib.invalidate_caches()


def local_sources(path: Path) -> list[Path]:
    """Return a module's file and the files near it that it imports, directly or not.

    Near is its own folder, the folder above its package, and the current one.
    """
    roots = list(dict.fromkeys([path.parent, _above_package(path), Path.cwd().resolve()]))
    found, todo, asked = set[Path](), [path], set[tuple[Path, str]]()
    while todo:
        file = todo.pop()
        if file in found:
            continue
        found.add(file)
        wanted = {(place, name) for folder, name in _imports(file) for place in (folder or roots)}
        todo += [source for place, name in wanted - asked for source in _files_of(place, name)]
        asked |= wanted
    return sorted(found)


def _imports(file: Path) -> tuple[tuple[tuple[Path, ...], str], ...]:
    """Return what a file imports; nothing if it cannot be read or is no Python."""
    with contextlib.suppress(OSError, SyntaxError, ValueError):
        stat = file.stat()
        return _parsed(file, stat.st_mtime_ns, stat.st_size)
    return ()


@functools.lru_cache(maxsize=4096)
def _parsed(file: Path, _changed: int, _size: int) -> tuple[tuple[tuple[Path, ...], str], ...]:
    """Return the imports of a file as it stood at that time: a process may run a thousand runs."""
    return tuple(_imported(ast.parse(file.read_bytes()), file))


def _above_package(path: Path) -> Path:
    """Return the folder from which the package that a file is in can be imported."""
    folder = path.parent
    while (folder / "__init__.py").exists() and folder.parent != folder:
        folder = folder.parent
    return folder


def _imported(tree: ast.AST, file: Path) -> Iterator[tuple[tuple[Path, ...], str]]:
    """Yield (folder, dotted name) of each import; the folder of relative ones only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (((), alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            folder = (file.parents[node.level - 1],) if node.level else ()
            base = node.module or ""
            yield folder, base
            yield from ((folder, f"{base}.{alias.name}".strip(".")) for alias in node.names)


def _files_of(folder: Path, module: str) -> list[Path]:
    base = folder.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return [file.resolve() for file in candidates if module and file.is_file()]


def _not_found(spec: str, error: ModuleNotFoundError) -> UnknownName | MissingExtra | StrategyError:
    missing = error.name or ""
    if missing and (spec == missing or spec.startswith(missing + ".")):
        return UnknownName(f"{spec}: there is no such module; is its folder the current one?")
    return extra_for(error) or StrategyError(f"{spec}: cannot be imported: {describe(error)}")


def extra_for(error: BaseException) -> MissingExtra | None:
    """Return what to install, if *error* comes from an optional package that is missing."""
    missing = getattr(error, "name", None) if isinstance(error, ImportError) else None
    if isinstance(error, AttributeError) and _NO_TALIB.search(str(error)):
        missing = "talib"  # backtrader's wrapper is empty without it, and says nothing
    extra = EXTRAS.get((missing or "").partition(".")[0])
    return MissingExtra(f"needs {missing}: {install_hint(extra)}") if extra else None


def describe(error: BaseException) -> str:
    """Return the error, and below it the lines of the user's own code that led to it."""
    lines = [f"{type(error).__name__}: {error}"]
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_theirs(f.filename)]
    for index, frame in enumerate(frames):
        if _MOST_FRAMES <= index < len(frames) - _MOST_FRAMES:  # an endless recursion
            if index == _MOST_FRAMES:
                lines.append(f"  ... {len(frames) - 2 * _MOST_FRAMES} more")
            continue
        lines.append(f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}")
    return "\n".join(lines)


def where_raised(trace: TracebackType | None) -> str:
    """Return the name of the user's outermost function in *trace*, or an empty string."""
    for frame in traceback.extract_tb(trace):
        if is_theirs(frame.filename):
            return frame.name
    return ""


def is_theirs(filename: str) -> bool:
    """Return whether a file is the user's, neither a library's nor the frame's."""
    # What was compiled names its file from the project's root.
    if filename.startswith(("<", "atms/")):
        return False
    path = Path(filename)
    if path.parent.name == "strategies" or "strategies" in path.parts[-3:-1]:
        return True
    resolved = path.resolve()
    return not any(
        resolved.is_relative_to(folder.resolve()) or path.is_relative_to(folder)
        for folder in (*_NOT_THEIRS, _OURS, *_ROOMS)
    )


_ROOMS = tuple(
    (Path(__file__).parent / room).resolve() for room in ("stores", "feeds", "analyzers", "configs")
)

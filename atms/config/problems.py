"""pydantic's complaints -> lines that say where, which key, what was expected, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from atms.config.yamlfile import Key
from atms.errors import ConfigError, did_you_mean


def config_error(
    error: ValidationError, model: type[BaseModel], origins: dict[Key, str]
) -> ConfigError:
    """Return one ConfigError with a line for each problem of *error*."""
    found = error.errors()
    paths = [_clean(problem["loc"]) for problem in found]
    lines = [
        _line(problem, path, model, origins)
        for problem, path in zip(found, paths, strict=True)
        # A list or a section is wrong only because something in it is.
        if not any(len(other) > len(path) and other[: len(path)] == path for other in paths)
    ]
    return ConfigError("\n".join(dict.fromkeys(lines)))


def misfit_error(found: Iterable[tuple[Key, str]], origins: dict[Key, str]) -> ConfigError:
    """Return one ConfigError for problems that stand already in words."""
    return ConfigError("\n".join(_say(path, message, origins) for path, message in found))


def _say(path: Key, message: str, origins: dict[Key, str]) -> str:
    key = ".".join(map(str, path)) or "the config"
    where = _origin(path, origins)
    # An option says its key already: --set broker.csh
    return f"{where}: {message}" if where.endswith(f" {key}") else f"{where}: {key}: {message}"


def _line(problem: Any, path: Key, model: type[BaseModel], origins: dict[Key, str]) -> str:
    return _say(path, _what(problem, path, model), origins)


def _what(problem: Any, path: Key, model: type[BaseModel]) -> str:
    kind = problem["type"]
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return "must be a mapping of keys"
    if kind == "extra_forbidden":
        known = sorted(_fields(model, path[:-1]))
        near = did_you_mean(str(path[-1]), known)
        return f"unknown key{near or '; known: ' + ', '.join(known)}"
    if kind == "missing":
        return "is required and not given"
    message = str(problem["msg"]).removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    given = problem.get("input")
    # Never echo what stands where a secret belongs.
    if path[:1] == ("stores",) or "url" in path or isinstance(given, dict | list) or given is None:
        return message
    return message if repr(given) in message else f"{message}, not {given!r}"


def _clean(loc: tuple[Any, ...]) -> Key:
    """Drop the parts that pydantic adds for the arms of a union."""
    return tuple(
        part
        for part in loc
        if isinstance(part, int)
        or not (
            "[" in part or part in ("constrained-int", "int", "str", "literal", "share", "schedule")
        )
    )


def _origin(path: Key, origins: dict[Key, str]) -> str:
    for length in range(len(path), -1, -1):
        if path[:length] in origins:
            return origins[path[:length]]
    return "config"


def _fields(model: type[BaseModel], path: Key) -> set[str]:
    """Return the keys allowed at *path*."""
    here: Any = model
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            info = here.model_fields.get(str(part))
            here = info.annotation if info else None
        else:
            here = _model_in(here)  # a list's or a mapping's entry
            continue
        if not _is_container(here):
            here = _model_in(here)
    here = _model_in(here)
    return set(here.model_fields) if here else set()


def _is_container(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) in (tuple, list, dict)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation: itself, or in a union, a list or a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = _model_in(argument)
        if found:
            return found
    return None

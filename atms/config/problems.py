"""pydantic's complaints -> lines that say where, which key, what was expected, and the way out."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from atms.config.yamlfile import Key
from atms.errors import ConfigError, did_you_mean

_EMPTY_SECTIONS = {
    "risk": "limits are not enforced yet, so none is accepted; remove it",
    "execution": "nothing is configurable here yet; remove it",
}


def config_error(
    error: ValidationError, model: type[BaseModel], origins: dict[Key, str]
) -> ConfigError:
    """Return one ConfigError with a line for each problem of *error*."""
    lines = dict.fromkeys(_line(problem, model, origins) for problem in error.errors())
    return ConfigError("\n".join(lines))


def _line(problem: Any, model: type[BaseModel], origins: dict[Key, str]) -> str:
    path = _clean(problem["loc"], model)
    key = ".".join(map(str, path)) or "the config"
    where = _origin(path, origins)
    return f"{where}: {key}: {_what(problem, path, model)}"


def _what(problem: Any, path: Key, model: type[BaseModel]) -> str:
    kind = problem["type"]
    if kind == "extra_forbidden":
        if path[0] in _EMPTY_SECTIONS:
            return _EMPTY_SECTIONS[str(path[0])]
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


def _clean(loc: tuple[Any, ...], model: type[BaseModel]) -> Key:
    """Drop the parts that pydantic adds for the arms of a union."""
    return tuple(
        part
        for part in loc
        if isinstance(part, int)
        or not ("[" in part or part in ("constrained-int", "int", "str", "literal"))
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

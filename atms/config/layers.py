"""Where settings come from, and which wins: command line, environment, .env, files, defaults."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream

from atms.config.yamlfile import Key, Layer, parse_scalar
from atms.errors import ConfigError

PREFIX = "ATMS__"
# Variables that other tools use too: name -> our key.
COMMON = {
    "DATABASE_URL": ("ledger", "url"),
    "PAPER_TRADING": ("run", "paper_trading"),
    "MAX_POSITION_SIZE": ("risk", "max_position"),
}
STORE_SECRETS = {
    "EXCHANGE_API_KEY": "key",
    "EXCHANGE_API_SECRET": "secret",
    "EXCHANGE_API_PASSPHRASE": "passphrase",
}
# Safety keys that have no enforcement yet: setting one must not feel safe.
NOT_ENFORCED = ("RISK_PER_TRADE",)


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the variables of a .env file, an empty dict if there is none.

    Raises:
        ConfigError: a line that is no assignment, by number.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    for binding in bindings:
        if binding.error:
            text = binding.original.string
            line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
            raise ConfigError(
                f"{path}:{line}: is no assignment; write NAME=value, with quotes that close"
            )
    return {binding.key: binding.value or "" for binding in bindings if binding.key}


def environment_layer(variables: Mapping[str, str], where: str) -> Layer:
    """Return the settings in *variables*: the common names, and ``ATMS__SECTION__KEY``.

    *where* names the place in `explain` ("environment", ".env").
    """
    layer = Layer()
    for name, key in COMMON.items():
        if variables.get(name):  # set to nothing is not set
            # The URL stays a reference, so that no password is copied into the config.
            value = (
                f"${{{name}}}"
                if name == "DATABASE_URL"
                else parse_scalar(variables[name], f"{where} {name}")
            )
            put(layer, key, value, f"{where} {name}")
    for name in sorted(variables):
        if name.upper().startswith(PREFIX) and variables[name]:
            path = tuple(_part(part) for part in name[len(PREFIX) :].lower().split("__"))
            put(layer, path, parse_scalar(variables[name], f"{where} {name}"), f"{where} {name}")
    return layer


def add_store_secrets(merged: Layer, variables: Mapping[str, str], where: str) -> list[str]:
    """Let EXCHANGE_API_KEY, _SECRET and _PASSPHRASE fill the only store's; return warnings."""
    given = [name for name in STORE_SECRETS if variables.get(name)]
    if not given:
        return []
    stores = merged.values.get("stores") or {}
    if not isinstance(stores, dict) or not stores:
        return []
    if len(stores) > 1:
        names = " and ".join(given)
        return [
            f"{where}: {names} ignored: there are several stores, so say key: ${{NAME}} in each"
        ]
    (store,) = stores
    for name in given:
        key = STORE_SECRETS[name]
        if isinstance(stores[store], dict) and key not in stores[store]:
            put(merged, ("stores", store, key), f"${{{name}}}", f"{where} {name}")
    return []


def safety_warnings(variables: Mapping[str, str], where: str) -> list[str]:
    """Return a line for each safety variable that is set and that nothing enforces yet."""
    return [
        f"{where}: {name} is set, and nothing enforces it yet: do not rely on it"
        for name in NOT_ENFORCED
        if variables.get(name)
    ]


def settings_layer(settings: Iterable[str], option: str, prefix: Key = ()) -> Layer:
    """Return ``a.b=c`` texts of a command-line *option* as a layer, each under *prefix*.

    Raises:
        ConfigError: a text without ``=``.
    """
    layer = Layer()
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ConfigError(f"{option} {text!r}: write NAME=VALUE")
        path = (*prefix, *(_part(part) for part in name.strip().split(".")))
        origin = f"{option} {name.strip()}"
        put(layer, path, parse_scalar(value, origin), origin)
    return layer


def _part(text: str) -> str | int:
    return int(text) if text.isdigit() else text


def put(layer: Layer, path: Key, value: Any, origin: str) -> None:
    """Set *path* in *layer*, making the mappings on the way."""
    here: Any = layer.values
    for depth, part in enumerate(path[:-1]):
        layer.origins.setdefault(path[: depth + 1], origin)
        nested = here.get(part)
        if not isinstance(nested, dict):
            nested = here[part] = {}
        here = nested
    here[path[-1]] = value
    layer.origins[path] = origin


def merge(below: Layer, above: Layer) -> None:
    """Lay *above* over *below*: mappings key by key, all else replaced whole.

    A list's entry may be addressed by number or by its ``name``. Another strategy or sizer
    drops the parameters of the one it replaces.
    """
    for section in ("strategy", "sizer"):
        _drop_other_params(below, above, section)
    _merge(below.values, above.values, (), below, above)


def _merge(low: Any, high: Any, path: Key, below: Layer, above: Layer, source: Key = ()) -> None:
    for key, value in high.items():
        from_path = (*source, key)
        at = _index(low, key) if isinstance(low, list) else _known_key(low, key)
        to_path = (*path, at)
        known = low[at] if _has(low, at) else None
        if isinstance(value, dict) and isinstance(known, dict | list) and known:
            _merge(known, value, to_path, below, above, from_path)
            continue
        if isinstance(low, list) and not _has(low, at):
            raise ConfigError(
                f"{above.origins.get(from_path, '?')}: "
                f"{'.'.join(map(str, from_path))}: there is no such entry"
            )
        low[at] = value
        for old in [p for p in below.origins if p[: len(to_path)] == to_path]:
            del below.origins[old]
        for new, origin in above.origins.items():
            if new[: len(from_path)] == from_path:
                below.origins[to_path + new[len(from_path) :]] = origin


def _has(holder: Any, key: Any) -> bool:
    if isinstance(holder, list):
        return isinstance(key, int) and 0 <= key < len(holder)
    return key in holder


def _index(entries: list[Any], key: str | int) -> str | int:
    """Return the position of the entry called *key*, or *key* itself."""
    wanted = str(key).lower()
    for index, entry in enumerate(entries):
        names = (entry.get("name"), entry.get("symbol")) if isinstance(entry, dict) else ()
        if wanted in (str(name).lower() for name in names):
            return index
    return int(key) if wanted.isdigit() else key


def _known_key(low: dict[str, Any], key: str | int) -> str | int:
    """Return the key that *low* has for *key*; a variable's name carries no case."""
    if key in low:
        return key
    same = [known for known in low if known.lower() == str(key).lower()]
    return same[0] if len(same) == 1 else key


def _drop_other_params(below: Layer, above: Layer, section: str) -> None:
    def name_of(value: Any) -> Any:
        return value.get("name") if isinstance(value, dict) else value

    old, new = below.values.get(section), above.values.get(section)
    if isinstance(old, str):
        below.values[section] = {"name": old}
        below.origins[(section, "name")] = below.origins.get((section,), "?")
    if new is not None and name_of(new) not in (None, name_of(old)) and isinstance(old, dict):
        old.pop("params", None)
        for path in [p for p in below.origins if p[:2] == (section, "params")]:
            del below.origins[path]
    if isinstance(new, str):
        above.values[section] = {"name": new}
        above.origins[(section, "name")] = above.origins.get((section,), "?")


def process_environment() -> Mapping[str, str]:
    """Return the process's environment; the one place that reads it."""
    return os.environ

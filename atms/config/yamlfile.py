"""YAML with the place of every key, by the rules of YAML 1.2's core schema.

PyYAML alone reads YAML 1.1: ``on`` is a truth value, ``12:30`` is 750 and ``1e5`` is text. Here
they are text, text and a number; a key written twice is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from atms.errors import ConfigError

Key = tuple[str | int, ...]
_MOST_KEYS = 20_000


@dataclass
class Layer:
    """One source of settings: a tree of values, and where each came from.

    Attributes:
        values: nested dicts and lists.
        origins: path of a key -> where it was set, ``file.yaml:12``.
    """

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[Key, str] = field(default_factory=dict)


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2's scalars."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )
# PyYAML's own int reads a leading zero as octal.
_Loader.add_constructor(
    "tag:yaml.org,2002:int",
    lambda loader, node: int(node.value, 0) if node.value[:2] in ("0o", "0x") else int(node.value),
)
_Loader.add_constructor(
    "tag:yaml.org,2002:float",
    lambda loader, node: float(re.sub(r"\.(inf|nan)$", r"\1", node.value.lower())),
)


def parse_scalar(text: str, where: str = "the value") -> Any:
    """Read *text* as YAML would: a number, a truth value, a list ``[a, b]``, or text.

    Raises:
        ConfigError: the text is no YAML; *where* names it, and it is not repeated: it may be a
            secret in a wrong place.
    """
    if re.search(r"(^|\s)#", text) and not text.lstrip().startswith(('"', "'", "[", "{")):
        return text  # one value has no comments: my run #3
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, KeyError) as error:
        raise ConfigError(f"{where}: cannot be read as YAML; put it in quotes") from error


def read_layer(text: str, name: str) -> Layer:
    """Read one config file's *text*; *name* is how errors call it.

    Raises:
        ConfigError: with file, line and column, when it is no YAML mapping.
    """
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            layer = Layer()
            if root is None:
                raise ConfigError(f"{name}: is empty; see `atms config show` for a whole config")
            value = _walk(loader, root, (), layer.origins, name)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise ConfigError(f"{place}: not YAML: {_reason(error)}") from error
    except RecursionError as error:
        raise ConfigError(f"{name}: not YAML: it is nested too deeply") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{name}: must be a mapping of sections, like `strategy: ma_cross`")
    layer.values = value
    return layer


def _reason(error: yaml.YAMLError) -> str:
    if getattr(error, "context", None) == "expected a single document in the stream":
        return "it has more than one document; give each a file of its own, or take out this ---"
    if isinstance(error, yaml.composer.ComposerError | yaml.constructor.ConstructorError):
        # These repeat the value, which may be a secret in a wrong place.
        return "an alias or a tag that is not known; put the value in quotes"
    problem = getattr(error, "problem", None)
    reason = str(problem or error).splitlines()[0]
    return f"{reason}; indent with spaces, not with tabs" if r"'\t'" in reason else reason


def _walk(loader: _Loader, node: yaml.Node, path: Key, origins: dict[Key, str], name: str) -> Any:
    """Return the value of *node*, noting the line of every key below it."""
    line = f"{name}:{node.start_mark.line + 1}"
    origins.setdefault(path, line)
    if len(origins) > _MOST_KEYS:  # aliases of aliases grow without end
        raise ConfigError(f"{line}: holds more than {_MOST_KEYS:,} keys")
    if isinstance(node, yaml.MappingNode):
        values: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            place = f"{name}:{key_node.start_mark.line + 1}"
            dotted = ".".join(map(str, (*path, key)))
            if not isinstance(key, str):
                key = key_node.value if isinstance(key_node, yaml.ScalarNode) else str(key)
            if key in values:
                raise ConfigError(f"{place}: {dotted}: the key stands here a second time")
            origins[(*path, key)] = place
            values[key] = _walk(loader, value_node, (*path, key), origins, name)
        return values
    if isinstance(node, yaml.SequenceNode):
        return [
            _walk(loader, item, (*path, index), origins, name)
            for index, item in enumerate(node.value)
        ]
    try:
        return loader.construct_object(node, deep=True)
    except (ValueError, KeyError) as error:
        dotted = ".".join(map(str, path))
        raise ConfigError(f"{line}: {dotted}: is not what its form says; quote it") from error


def resolve_paths(layer: Layer, folder: Path) -> None:
    """Make a config file's paths relative to it, unless only the current folder has them."""
    sections = layer.values
    for name in ("strategy", "sizer"):
        _fix(sections, name, folder)
        _fix(sections.get(name), "name", folder)
    data, report, stores = (sections.get(name) for name in ("data", "report", "stores"))
    feeds = data.get("feeds") if isinstance(data, dict) else None
    for feed in feeds if isinstance(feeds, list) else []:
        _fix(feed, "source", folder)
        _fix(feed, "feed", folder)
    analyzers = report.get("analyzers") if isinstance(report, dict) else None
    for analyzer in analyzers if isinstance(analyzers, list) else []:
        _fix(analyzer, "name", folder)
    for store in stores.values() if isinstance(stores, dict) else []:
        for key in ("key", "secret", "passphrase"):
            _fix(store, key, folder)


def _fix(holder: Any, key: str, folder: Path) -> None:
    text = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(text, str):
        return
    prefix = "file:" if text.startswith("file:") else ""
    path, colon, rest = text.removeprefix(prefix).partition(".py:")
    file = Path(path + ".py" if colon else path)
    is_path = prefix or file.suffix.lower() in (".py", ".csv", ".parquet", ".gz", ".txt")
    if not is_path or file.is_absolute() or path.startswith(("~", "sample:")):
        return
    if (folder / file).exists() or not file.exists():
        holder[key] = f"{prefix}{folder / path}{colon}{rest}"

"""Config files, environment and options -> one validated Config, and where its values came from."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from atms.config import layers
from atms.config.live import live_misfits
from atms.config.problems import config_error, misfit_error
from atms.config.secrets import Secret
from atms.config.sections import Config, misfits
from atms.config.units import duration_text
from atms.config.yamlfile import Key, Layer, read_layer, resolve_paths
from atms.errors import ConfigError, did_you_mean

DEFAULT = "default"
PACKAGED = Path(__file__).parent.parent / "configs"
QUICKSTART = PACKAGED / "quickstart.yaml"


@dataclass(frozen=True)
class LoadedConfig:
    """A Config, with where its values came from.

    Attributes:
        config: the frozen, validated config.
        origins: path of a key -> where it was set; what is missing is a default.
        warnings: lines that the user should read.
    """

    config: Config
    origins: dict[Key, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def require_live(self) -> None:
        """Refuse what paper and live cannot run.

        Raises:
            ConfigError: one line for each problem, with file, line and key.
        """
        wrong = list(live_misfits(self.config))
        if wrong:
            raise misfit_error(wrong, self.origins)

    def explain(self) -> Iterator[tuple[str, str, str]]:
        """Yield (key, value, where it came from) for every value; secrets as fingerprints."""
        laid_under = self.config.broker.from_preset
        for path, value, origin in _explain(self.config, (), self.origins):
            if origin == DEFAULT and path[:1] == ("broker",) and path[1] in laid_under:
                origin = f"preset {self.config.broker.preset}"
            yield ".".join(map(str, path)), value, origin


def _explain(value: Any, path: Key, origins: dict[Key, str]) -> Iterator[tuple[Key, str, str]]:
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, dict) and value:
        for key, nested in value.items():
            yield from _explain(nested, (*path, key), origins)
        return
    if isinstance(value, tuple | list) and value:
        for index, nested in enumerate(value):
            yield from _explain(nested, (*path, index), origins)
        return
    yield path, _shown(value, path), origins.get(path, DEFAULT)


def _shown(value: Any, path: Key) -> str:
    if isinstance(value, Secret):
        return f"{value.reference} ({value.fingerprint()})"
    if isinstance(value, timedelta):
        return duration_text(value)
    return "(none)" if value in (None, (), {}) else str(value)


def public_values(config: Config) -> dict[str, Any]:
    """Return *config* as JSON values; secrets as references, the database without its password."""
    values: dict[str, Any] = config.model_dump(mode="json", fallback=_name_of)
    return values


def _name_of(value: Any) -> str:
    """Name a value that JSON has no word for; a parameter given from Python, never by address."""
    if isinstance(value, Secret):
        return value.reference
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return f"a {type(value).__module__}.{type(value).__qualname__}"


def load_config(
    *sources: str | Path | Mapping[str, Any],
    overrides: Iterable[Layer] = (),
    environment: Mapping[str, str] | None = None,
    dotenv: Path | None = Path(".env"),
) -> LoadedConfig:
    """Read config files or mappings, later over earlier, then .env, environment and *overrides*.

    Args:
        sources: YAML files, ``-`` for standard input, or nested dicts; none: the quick-start.
        overrides: layers above all else, lowest first (the command line).
        environment: variables to read; default: the process's.
        dotenv: the .env file; None to read none.

    Raises:
        ConfigError: one line for each problem, with file, line and key.
    """
    variables = layers.process_environment() if environment is None else environment
    from_file = layers.read_dotenv(dotenv) if dotenv else {}
    merged = Layer()
    for source in sources or (QUICKSTART,):
        layer = _file_layer(source)
        layers.merge(merged, layer)
        merged.origins[()] = layer.origins.get((), "config").partition(":")[0]
    warnings: list[str] = []
    places = {str(dotenv): from_file, "environment": variables}
    for where, found in places.items():
        layers.merge(merged, layers.environment_layer(found, where))
        warnings += layers.safety_warnings(found, where)
    for layer in overrides:
        layers.merge(merged, layer)
    for where, found in reversed(places.items()):  # the environment before .env
        warnings += layers.add_store_secrets(merged, found, where)
    config = _validated(merged, {**from_file, **variables})
    return LoadedConfig(config, merged.origins, tuple(warnings))


def _validated(merged: Layer, environment: Mapping[str, str]) -> Config:
    try:
        config = Config.model_validate(merged.values, context={"environment": environment})
    except ValidationError as error:
        raise config_error(error, Config, merged.origins) from None
    wrong = list(misfits(config))
    if wrong:
        raise misfit_error(wrong, merged.origins)
    return config


def _file_layer(source: str | Path | Mapping[str, Any]) -> Layer:
    if isinstance(source, Mapping):
        return Layer(values=copy.deepcopy(dict(source)))
    if str(source) == "-":
        return read_layer(sys.stdin.read(), "standard input")
    path = Path(source)
    if not path.exists():
        path = packaged(str(source)) or path
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        near = did_you_mean(str(path), packaged_names())
        raise ConfigError(f"{path}: no such config file{near}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {_unreadable(error)}") from error
    layer = read_layer(text, _short(path))
    resolve_paths(layer, path.parent)
    return layer


def packaged_names() -> list[str]:
    """Return the names of the configs that come with the package."""
    return sorted(path.stem for path in PACKAGED.glob("*.yaml"))


def packaged(name: str) -> Path | None:
    """Return the packaged config of a name, if there is one."""
    return PACKAGED / f"{name}.yaml" if name in packaged_names() else None


def _short(path: Path) -> str:
    """Return *path* as errors call it."""
    return f"configs/{path.name}" if path.parent == PACKAGED else str(path)


def _unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Return why a file cannot be read, and the way out."""
    if isinstance(error, IsADirectoryError):
        return "it is a folder; name a file in it"
    if isinstance(error, UnicodeDecodeError):
        return f"it is no text in UTF-8 (at byte {error.start}); is it the right file?"
    return error.strerror or str(error)

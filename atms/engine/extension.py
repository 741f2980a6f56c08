"""Which of the engine's modules run compiled, and that they are compiled from what stands there."""

from __future__ import annotations

import hashlib
import pkgutil
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

PACKAGE = "atms.engine"


def compiled() -> tuple[str, ...]:
    """Return the names of the engine's modules that run compiled, sorted; none: no compiler was
    there when atms was installed.

    Raises:
        ConfigError: one of them is older than its source.
    """
    package = import_module(PACKAGE)
    found = pkgutil.walk_packages(package.__path__, f"{PACKAGE}.")
    return tuple(sorted(one.name for one in found if not one.ispkg and _runs_compiled(one.name)))


def _runs_compiled(name: str) -> bool:
    file = import_module(name).__file__ or ""
    return file.endswith(tuple(EXTENSION_SUFFIXES))


def digest(source: Path) -> str:
    """Return the hash of a source file, as it is compiled in."""
    return hashlib.sha256(source.read_bytes()).hexdigest()


def must_match(file: str, source: str, types: str) -> None:
    """Refuse a compiled module whose source has changed since; called by the module itself.

    Without it an edited .py would be without effect, and nobody would notice.

    Args:
        file: the compiled module's own file.
        source: the hash of the .py that it was compiled from.
        types: that of the .pxd beside it; empty: there was none.

    Raises:
        ConfigError: the .py that stands beside it is another one.
    """
    path = Path(file)
    text = path.with_name(path.name.partition(".")[0] + ".py")
    declared = text.with_suffix(".pxd")
    same = not text.exists() or digest(text) == source
    # A wheel has no .pxd.
    if same and (not declared.exists() or digest(declared) == types):
        return
    from atms.errors import ConfigError

    raise ConfigError(
        f"{text}: changed since it was compiled; compile it again, in the checkout, with "
        f"pip install --no-deps -e . or delete every {path.suffix} file in {path.parent}"
    )

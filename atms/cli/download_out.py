"""Where a download writes its files: one file, or a folder with one a symbol."""

from __future__ import annotations

from pathlib import Path

from atms.errors import ConfigError, OutputError

_ENDINGS = (".parquet", ".csv", ".csv.gz")


def target(out: Path, venue: str, symbol: str, what: str) -> Path:
    """Return the file of a symbol; *what*: the last part of its name in a folder."""
    if not _is_folder(out):
        return out
    name = symbol.replace("/", "-").replace(":", "_")
    return out / f"{venue}-{name}-{what}.parquet"


def check_out(out: Path, symbols: list[str], *, overwrite: bool) -> None:
    """Refuse what could not be written before hours are spent.

    Args:
        overwrite: a file that is there is no reason.

    Raises:
        ConfigError: a file, for several symbols.
        OutputError: it is there already, or its folder is not.
    """
    folder = _is_folder(out)
    if not folder and len(set(symbols)) > 1:
        raise ConfigError(f"--out {out}: several symbols go into a folder; name one")
    if out.is_file() and (folder or not overwrite):
        raise OutputError(f"{out}: is there already; choose another name, or --force")
    if not out.parent.is_dir():
        raise OutputError(f"{out}: there is no folder {out.parent}")
    if folder:
        out.mkdir(exist_ok=True)


def _is_folder(out: Path) -> bool:
    return not out.name.lower().endswith(_ENDINGS)

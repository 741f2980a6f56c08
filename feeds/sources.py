"""Where bars lie: files, and the samples that come with atms."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pandas as pd

from atms import samples
from atms.errors import DataError, did_you_mean

SAMPLES = Path(samples.__file__).parent
_TEXT = (".csv", ".csv.gz", ".txt")


def sample_names() -> list[str]:
    """Return the names of the bundled bars, for ``sample:NAME``."""
    return sorted(path.stem for path in SAMPLES.iterdir() if path.suffix in (".csv", ".parquet"))


def find_source(source: str, name: str) -> Path:
    """Return the file that *source* names; DataError if it is not there, or of no known kind."""
    if source.startswith("sample:"):
        wanted = source.removeprefix("sample:")
        found = [p for p in SAMPLES.glob(f"{wanted}.*") if p.suffix in (".csv", ".parquet")]
        if not found:
            known = sample_names()
            near = did_you_mean(wanted, known) or "; bundled: " + ", ".join(known)
            raise DataError(f"{name}: there is no bundled {wanted!r}{near}")
        return found[0]
    path = Path(source).expanduser()
    if not path.name.lower().endswith((*_TEXT, ".parquet")):
        raise DataError(f"{name}: {path}: not a .csv or .parquet file")
    if not path.exists():
        raise DataError(f"{name}: {path}: no such file")
    return path


def read_file(path: Path, name: str) -> pd.DataFrame:
    """Return a file's table; DataError if it cannot be read as one."""
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        with warnings.catch_warnings():
            # More fields than the header names would silently shift or lose columns.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(path, skipinitialspace=True, index_col=False)
    except pd.errors.EmptyDataError:
        raise DataError(f"{name}: {path}: the file is empty") from None
    # Parser, decoding and arrow errors are ValueErrors.
    except (OSError, ValueError, pd.errors.ParserWarning) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{name}: {path}: cannot be read: {reason}") from error
    if len(frame.columns) == 1 and (other := re.search(r"[;\t|]", str(frame.columns[0]))):
        raise DataError(f"{name}: {path}: is separated by {other[0]!r}; write it with commas")
    return frame

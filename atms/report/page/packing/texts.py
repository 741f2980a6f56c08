"""Columns of texts: the words that there are and which stands in each row; or lists of numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import numpy as np

from atms.report.page.packing import integers
from atms.report.page.packing.streams import Spec, cost, piece

_LIST = re.compile(r"(0|[1-9]\d{0,14})(;(0|[1-9]\d{0,14}))*")


def encode(values: Sequence[str | None]) -> Spec:
    """Return how *values* are stored; any text is, lone surrogates too."""
    words: dict[str | None, int] = {}
    places = [words.setdefault(value, len(words)) for value in values]
    if len(words) > 16 and (lists := _lists(values)) is not None:
        return lists
    listed = json.dumps(list(words)).encode("ascii")
    spec: Spec = {"kind": "texts", "n": len(places), "words": listed}
    if len(words) > 1:
        spec["places"] = _shortest(np.array(places, dtype=np.int64))
    return spec


def decode(spec: Spec, streams: list[bytes]) -> list[str | None]:
    """Return the column that *spec* describes."""
    if spec["kind"] == "lists":
        counts, numbers = (integers.decode(spec[name], streams) for name in ("counts", "numbers"))
        ends = np.cumsum(counts)
        flat = [str(number) for number in numbers.tolist()]
        pairs = zip((ends - counts).tolist(), ends.tolist(), strict=True)
        return [";".join(flat[start:end]) if end > start else None for start, end in pairs]
    words: list[str | None] = json.loads(piece(spec["words"], streams).tobytes())
    if "places" not in spec:
        return words * int(spec["n"])
    return [words[place] for place in integers.decode(spec["places"], streams)]


def _lists(values: Sequence[str | None]) -> Spec | None:
    """Return texts such as ``7`` and ``7;8`` as numbers; None where there are others."""
    if not all(value is None or _LIST.fullmatch(value) for value in values):
        return None
    parts = [value.split(";") if value is not None else [] for value in values]
    counts = np.array([len(part) for part in parts], dtype=np.int64)
    numbers = np.array([int(number) for part in parts for number in part], dtype=np.int64)
    return {
        "kind": "lists",
        "n": len(values),
        "counts": _shortest(counts),
        "numbers": _shortest(numbers),
    }


def _shortest(numbers: np.ndarray) -> Spec:
    """Return *numbers* as they are, or as their changes."""
    found = [integers.encode(numbers, (way,)) for way in integers.WAYS]
    return min((spec for spec in found if spec is not None), key=cost)

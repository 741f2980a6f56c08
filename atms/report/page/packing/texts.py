"""Columns of texts: the words that there are, and which of them stands in each row."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from atms.report.page.packing import integers
from atms.report.page.packing.integers import Spec
from atms.report.page.packing.streams import Writer


def encode(values: Sequence[str | None], writer: Writer) -> Spec:
    """Return how *values* are stored; any text is, lone surrogates too."""
    words: dict[str | None, int] = {}
    places = [words.setdefault(value, len(words)) for value in values]
    listed = json.dumps(list(words)).encode("ascii")
    spec = {"kind": "text", "n": len(places), "words": writer.add(listed)}
    if len(words) > 1:
        spec["places"] = integers.encode(np.array(places, dtype=np.int64), writer)
    return spec


def decode(spec: Spec, streams: list[bytes]) -> list[str | None]:
    """Return the column that *spec* describes."""
    words: list[str | None] = json.loads(integers.piece(spec["words"], streams, np.uint8).tobytes())
    if "places" not in spec:
        return words * int(spec["n"])
    return [words[place] for place in integers.decode(spec["places"], streams)]

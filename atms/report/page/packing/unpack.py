"""The page's unpacking once more in Python: what it gives is what was packed, or the test fails."""

from __future__ import annotations

import json
from typing import Any

from atms.report.page.packing import numbers, texts
from atms.report.page.packing.streams import opened
from atms.report.page.series_values import Values


def unpack(data: dict[str, Any]) -> dict[str, dict[str, Values]]:
    """Return the columns that *data* of a ``Packed`` holds, as ``unpack.js`` does."""
    streams = opened(data["streams"])
    index = json.loads(opened([data["index"]])[0])
    found: dict[str, dict[str, Values]] = {name: {} for name in index["series"]}
    for name, column, spec in index["columns"]:
        found[name][column] = _decode(spec, streams)
    return {
        name: {column: found[name][column] for column in columns if column in found[name]}
        for name, columns in index["series"].items()
    }


def _decode(spec: dict[str, Any], streams: list[bytes]) -> Values:
    if spec["kind"] == "text":
        return texts.decode(spec, streams)
    return numbers.decode(spec, streams)

"""The page's unpacking once more in Python: what it gives is what was packed, or the test fails."""

from __future__ import annotations

import json
from typing import Any

from atms.report.page.packing import columns
from atms.report.page.packing.known import Known
from atms.report.page.packing.streams import opened
from atms.report.page.series_values import Values


def unpack(data: dict[str, Any]) -> dict[str, dict[str, Values]]:
    """Return the columns that *data* of a ``Packed`` holds, as ``unpack.js`` does."""
    streams = opened(data["streams"])
    index = json.loads(opened([data["index"]])[0])
    known = Known()
    for name, column, spec in index["columns"]:
        known.add(name, column, columns.decode(spec, name, known, streams))
    found = known.columns
    return {
        name: {column: found[name][column] for column in listed if column in found.get(name, {})}
        for name, listed in index["series"].items()
    }

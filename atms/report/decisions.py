"""What a strategy said on its bars, in rows: its signals, and the gates that they met."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from atms.report.recording import FeedRecord
from atms.report.summary import json_safe

DECISION_COLUMNS = ("number", "ts", "feed", "symbol", "signal", "confidence", "numbers")
GATE_COLUMNS = ("number", "place", "name", "passed", "value", "limit_value")
Row = dict[str, Any]


def decisions(
    notes: Sequence[tuple[Any, ...]], feeds: Sequence[FeedRecord]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the signals and the gates of a run, columns DECISION_COLUMNS and GATE_COLUMNS.

    Args:
        notes: of a strategy that is mixed with ``Explain``, in their order.
        feeds: its datas; a signal's ``ts`` is the source's own stamp of its data's bar.
    """
    stamps = _stamps(notes, feeds)
    symbols = {feed.name: feed.symbol for feed in feeds}
    rows, gates = [], []
    for number, (note, stamp) in enumerate(zip(notes, stamps, strict=True), start=1):
        said = plain(note)
        symbol = symbols.get(said["feed"], said["feed"])
        rows.append({**said, "number": number, "ts": stamp, "symbol": symbol})
        gates += gate_rows(number, said["gates"])
    return frames(rows, gates)


def frames(
    rows: Sequence[Mapping[str, Any]], gates: Sequence[Mapping[str, Any]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rows as frames; ``ts`` in microseconds UTC or aware, ``numbers`` plain or as JSON."""
    found = pd.DataFrame(rows, columns=list(DECISION_COLUMNS))
    unit = {"unit": "us"} if pd.api.types.is_integer_dtype(found["ts"]) else {}
    found["ts"] = pd.to_datetime(found["ts"], utc=True, **unit)
    found["number"] = found["number"].astype("int64")
    found["confidence"] = found["confidence"].astype("float64")
    found["numbers"] = [v if isinstance(v, str) else json.dumps(v) for v in found["numbers"]]
    met = pd.DataFrame(gates, columns=list(GATE_COLUMNS))
    for name, kind in (("number", "int64"), ("place", "int64"), ("passed", "bool")):
        met[name] = met[name].astype(kind)
    for name in ("value", "limit_value"):
        met[name] = met[name].astype("float64")
    return found, met


def plain(note: Sequence[Any]) -> Row:
    """Return a note as plain values: what is no finite number is None."""
    days, feed, signal, confidence, numbers, gates = note
    return {
        "days": days,
        "feed": feed,
        "signal": text_of(signal) or "",
        "confidence": number_of(confidence),
        "numbers": json_safe(numbers),
        "gates": [
            [text_of(name), bool(passed), number_of(value), number_of(limit)]
            for name, passed, value, limit in gates
        ],
    }


def gate_rows(number: int, gates: Iterable[Sequence[Any]]) -> list[Row]:
    """Return a note's gates as rows; *number* is the note's."""
    return [
        dict(zip(GATE_COLUMNS, (number, place, *gate), strict=True))
        for place, gate in enumerate(gates, start=1)
    ]


def text_of(value: Any) -> str | None:
    """Return a text that every database takes; None stays."""
    if value is None:
        return None
    return str(value).replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def number_of(value: Any) -> float | None:
    """Return a number, None for what is none or is not finite."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def refused(gates: pd.DataFrame) -> Mapping[int, str]:
    """Return note -> the first gate that it did not pass."""
    failed = gates[~gates["passed"]].drop_duplicates("number")
    return dict(zip(failed["number"], failed["name"], strict=True))


def _stamps(notes: Sequence[tuple[Any, ...]], feeds: Sequence[FeedRecord]) -> list[int]:
    """Return the source's own stamp of each note's bar, microseconds since 1970 UTC."""
    days = np.array([note[0] for note in notes], dtype=np.float64)
    names = np.array([note[1] for note in notes], dtype=object)
    found = np.zeros(len(notes), dtype=np.int64)
    for feed in feeds:
        mine = names == feed.name
        if mine.any() and len(feed.days):
            bars = np.searchsorted(feed.days, days[mine], side="right") - 1
            found[mine] = feed.stamps[np.maximum(bars, 0)]
    return [int(stamp) for stamp in found]

"""Random bars: walks with gaps, bars that touch round prices, empty volumes, finer bars."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from tests.simulation.reference.scenario import Feed, Row

PARTS = 4


def feeds(rng: np.random.Generator, columns: set[str], *, finer: bool) -> tuple[Feed, ...]:
    """Draw one or two feeds of 30 to 50 bars; *columns* are groups: spread, funding, mark_..."""
    hours = int(rng.choice([1, 4, 7, 24]))
    count = int(rng.integers(30, 51))
    start = datetime(2024, 2, 26) + timedelta(hours=int(rng.integers(0, 24)))
    stamps = [start + timedelta(hours=hours * i) for i in range(count)]
    first = _feed(rng, "A", stamps, columns, finer)
    if rng.random() < 0.5:
        return (first,)
    if rng.random() < 0.3:  # the second feed has fewer bars
        kept = [0, *(i for i in range(1, count) if rng.random() < 0.8)]
        stamps = [stamps[i] for i in kept]
    return first, _feed(rng, "B", stamps, columns, finer and rng.random() < 0.5)


def _feed(
    rng: np.random.Generator, name: str, stamps: list[datetime], columns: set[str], finer: bool
) -> Feed:
    grid = 0.5 if rng.random() < 0.3 else 0.0  # prices of orders and bars then often meet exactly
    step = min(b - a for a, b in pairwise(stamps)) / PARTS
    price, rows, within = float(rng.uniform(80, 120)), [], []
    for stamp in stamps:
        pieces = []
        for _ in range(PARTS if finer else 1):
            row = _bar(rng, price, grid)
            price = row["close"]
            pieces.append(row)
        rows.append(_whole(rng, pieces, columns))
        if finer and rng.random() < 0.9:
            within += [(stamp - step * (PARTS - 1 - i), row) for i, row in enumerate(pieces)]
    return Feed(name, tuple(stamps), tuple(rows), tuple(within), step)


def _bar(rng: np.random.Generator, price: float, grid: float) -> Row:
    gap = rng.normal(0, 0.06 if rng.random() < 0.2 else 0.006)
    start = price * float(np.exp(gap))
    end = start * float(np.exp(rng.normal(0, 0.015)))
    high = max(start, end) * float(np.exp(abs(rng.normal(0, 0.008))))
    low = min(start, end) * float(np.exp(-abs(rng.normal(0, 0.008))))
    volume = 0.0 if rng.random() < 0.03 else float(round(rng.lognormal(4, 0.8)))
    row = {"open": start, "high": high, "low": low, "close": end}
    if grid:
        row = {key: round(value / grid) * grid for key, value in row.items()}
    return {**row, "volume": volume}


def _whole(rng: np.random.Generator, pieces: list[Row], columns: set[str]) -> Row:
    row = {
        "open": pieces[0]["open"], "high": max(p["high"] for p in pieces),
        "low": min(p["low"] for p in pieces), "close": pieces[-1]["close"],
        "volume": sum(p["volume"] for p in pieces),
    }  # fmt: skip
    if "spread" in columns:
        half = row["close"] * float(rng.uniform(0, 0.002))
        row |= {"bid": row["close"] - half, "ask": row["close"] + half}
    if "mark" in columns or "mark_ends" in columns:
        names = ("open", "high", "low", "close") if "mark" in columns else ("open", "close")
        shift = 1 + float(rng.normal(0, 0.001))
        row |= {f"mark_{name}": row[name] * shift for name in names}
    if "funding" in columns:
        due = rng.random() < 0.25
        rest = float(rng.choice([0.0, np.nan]))
        row["funding_rate"] = float(rng.normal(0, 0.002)) if due else rest
    return row

"""The day's equity, kept over a restart, so that a crash forgives no loss."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

from atms.risk import Day


def load_day(path: Path) -> Day | None:
    """Return the day that was kept; None: there is none that can be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Day(
            date=date.fromisoformat(values["date"]), opening=Decimal(values["opening"]),
            latest=Decimal(values["latest"]), stopped=bool(values["stopped"]),
        )  # fmt: skip
    except (FileNotFoundError, ValueError, KeyError, TypeError, ArithmeticError):
        return None


def save_day(path: Path, day: Day) -> None:
    """Keep a day.

    Raises:
        OSError: it cannot be written.
    """
    values = {
        "date": day.date.isoformat(), "opening": str(day.opening), "latest": str(day.latest),
        "stopped": day.stopped,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(values), encoding="utf-8")
    new.replace(path)

"""What was downloaded is known on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from atms import ledger
from atms.ledger.bars import Mark, Series
from atms.ledger.coverage import downloaded_stretches, stretch_mark
from atms.model import Timeframe

HOURS = Series("v", "A/B", Timeframe(1, "h"), "start")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, workdir: Path) -> str:
    """An empty database of each kind."""
    file = f"sqlite:///{workdir}/atms.db"
    return file if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


def at(hour: int) -> datetime:
    return datetime(2024, 1, 1, hour, tzinfo=UTC)


def test_stretches_are_those_of_their_series_and_files_marks_are_none(url: str) -> None:
    assert downloaded_stretches(url, HOURS) == []
    ledger.end_import(url, HOURS, stretch_mark(at(1), at(3), finished=True))
    ledger.end_import(url, HOURS, stretch_mark(at(5), at(6), finished=False))
    ledger.end_import(url, HOURS, stretch_mark(at(5), at(7), finished=True))
    ledger.end_import(url, HOURS, Mark("sha256 of a file", 12))
    other = Series("v", "A/B", Timeframe(1, "d"), "start")
    ledger.end_import(url, other, stretch_mark(at(1), at(9), finished=True))
    assert sorted(downloaded_stretches(url, HOURS)) == [(at(1), at(3)), (at(5), at(7))]

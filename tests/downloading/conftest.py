"""What the tests of downloads share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.downloading.past import Past, serving_past
from tests.live.conftest import one_starter, starter

__all__ = ["one_starter", "starter"]

pytest.importorskip("ccxt", reason="downloads are tested with ccxt")


@pytest.fixture
def past(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, frame: Callable[..., pd.DataFrame]
) -> Iterator[Past]:
    """A venue with 2,300 bars of an hour behind it; the 2,301st grows."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{workdir}/atms.db")
    with serving_past(frame(2302)) as served:
        monkeypatch.setenv("ATMS_SANDBOX_URL", served.venue.sandbox.url)
        yield served

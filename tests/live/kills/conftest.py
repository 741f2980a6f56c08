"""What these tests share: an episode that ends with everything compared."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.live.kills.episodes import Episode, Tally
from tests.live.processes import Starter
from tests.live.venue import Venue, serving_futures

SEED = 3


@pytest.fixture
def episode(starter: Starter) -> Callable[..., Episode]:
    """Make an episode of a venue's account and a ledger."""

    def make(venue: Venue, ledger: Path | str = Path("ledger.db"), settle: str = "") -> Episode:
        return Episode(starter, venue, ledger, random.Random(SEED), Tally(), settle=settle)

    return make


@pytest.fixture
def serve_futures(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Venue]]:
    """Serve futures until the test is over, and point the environment at them."""
    with ExitStack() as stack:

        def call(**options: Any) -> Venue:
            venue = stack.enter_context(serving_futures(**options))
            for name, value in venue.env.items():
                monkeypatch.setenv(name, value)
            return venue

        yield call

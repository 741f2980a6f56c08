"""What the tests of live runs share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.live.processes import Starter
from tests.live.venue import Venue, serving

pytest.importorskip("ccxt", reason="live runs are tested with ccxt")


@pytest.fixture(scope="session")
def one_starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """Starts ``python -m atms``."""
    made = Starter(tmp_path_factory.mktemp("live"))
    yield made
    made.close()


@pytest.fixture
def starter(one_starter: Starter) -> Iterator[Starter]:
    """The same; what a test leaves running is ended."""
    yield one_starter
    one_starter.end_all()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Venue]]:
    """Serve a sandbox until the test is over, and point the environment at it."""
    with ExitStack() as stack:

        def call(**options: Any) -> Venue:
            venue = stack.enter_context(serving(**options))
            for name, value in venue.env.items():
                monkeypatch.setenv(name, value)
            return venue

        yield call

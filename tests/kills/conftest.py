"""Processes to be killed, and what they work on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import pandas as pd
import pytest

from tests.kills.making import write_bars, write_run
from tests.kills.truth import Bars
from tests.kills.victims import Starter


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """Starts ``python -m atms``, one after the other."""
    made = Starter(tmp_path_factory.mktemp("victims"))
    yield made
    made.close()


@pytest.fixture
def timed(starter: Starter) -> Callable[..., float]:
    """Run command lines to their end; return how long the last one took, in seconds."""

    def call(*commands: Sequence[str], rows: int | None = None) -> float:
        for args in commands:
            begun = time.monotonic()
            ended = starter.run(*args, rows=rows)
            seconds = time.monotonic() - begun
            assert ended.code == 0, ended.err
        return seconds

    return call


@pytest.fixture
def files(frame: Callable[..., pd.DataFrame]) -> dict[str, Bars]:
    """Stand in a folder with files of bars; return what is in each."""
    return write_bars(frame)


@pytest.fixture
def a_run(frame: Callable[..., pd.DataFrame]) -> None:
    """Stand in a folder with a config to run."""
    write_run(frame)

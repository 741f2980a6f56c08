"""A pytest plugin that puts our Cerebro in the place of Backtrader's.

``python -m pytest -p tests.engine.in_place`` runs whatever tests with it: all that says
``bt.Cerebro`` then gets ours. Both names are changed, for Backtrader finds a strategy's Cerebro by
looking for an instance of ``bt.Cerebro`` on the stack.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import backtrader as bt
import pytest

from atms.engine import Cerebro

# Tests that compare ours with stock's would compare ours with itself; they have nothing to say.
AGAINST_STOCK = ("tests/engine/",)


@contextmanager
def in_place() -> Iterator[None]:
    """Let ``bt.Cerebro`` and ``bt.cerebro.Cerebro`` be ours for a while."""
    with patch.object(bt, "Cerebro", Cerebro), patch.object(bt.cerebro, "Cerebro", Cerebro):
        yield


_patches = in_place()


def pytest_configure(config: pytest.Config) -> None:
    """Change the names before any test is imported."""
    _patches.__enter__()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Change them back."""
    _patches.__exit__(None, None, None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs Backtrader's own."""
    left_out = [item for item in items if item.nodeid.startswith(AGAINST_STOCK)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_report_header(config: pytest.Config) -> str:
    """Say so at the head of the report."""
    return "bt.Cerebro: atms.engine.Cerebro"

"""One browser for all tests of this folder; without one they are skipped, and say why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from atms.bench.browser import chromium, missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.register_assert_rewrite("tests.browser.looking")
lacking = missing()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    if lacking:
        pytest.skip(lacking)
    with chromium() as found:
        yield found

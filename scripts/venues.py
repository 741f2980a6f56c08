"""Run the contract of stores on every venue's sandbox, and write docs/venues.md.

python scripts/venues.py            every venue
python scripts/venues.py okx kraken these alone; the others' rows stay as they are
python scripts/venues.py --from     only where the lines of the profiles are from: runs nothing
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pytest  # noqa: E402

from tests.stores.ccxt import venues_page as page  # noqa: E402
from tests.stores.ccxt.conformance import FOLDER, PAGE, is_of_a_venue, venue_of  # noqa: E402

_WORST = (page.FAILED, page.PASSED, page.ABSENT)  # of a test that is run with several values


class Results:
    """What the suites say, kept by venue and test.

    Args:
        wanted: of these venues; none: of all.
    """

    def __init__(self, wanted: list[str]) -> None:
        self.cells: dict[str, dict[str, tuple[str, str]]] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._wanted = wanted

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Leave all but the contract on venues out."""
        items[:] = [item for item in items if is_of_a_venue(item.cls)]
        if self._wanted:
            items[:] = [item for item in items if venue_of(item.cls) in self._wanted]
        for item in items:
            self._names[item.nodeid] = (venue_of(item.cls), item.originalname)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep the worst of what was found."""
        if report.when != "call" and report.passed:
            return
        venue, test = self._names[report.nodeid]
        cell, why = page.PASSED if report.passed else page.FAILED, ""
        if report.skipped:
            cell, why = page.ABSENT, str(report.longrepr[2]).removeprefix("Skipped: ")
        found = self.cells.setdefault(venue, {})
        known = found.get(test, (cell, why))
        found[test] = min((cell, why), known, key=lambda one: _WORST.index(one[0]))


def main() -> int:
    """Write the page; 1: a suite failed."""
    text, status = PAGE.read_text(), 0
    if "--from" not in sys.argv[1:]:
        wanted = sys.argv[1:]
        results = Results(wanted)
        status = int(pytest.main(["-q", str(ROOT / "tests/stores/ccxt")], plugins=[results]))
        before = page.read_back(page.between(text, page.TRIED)) if wanted else {}
        cells = dict(sorted({**before, **results.cells}.items()))
        text = page.replaced(text, page.TRIED, page.tried(cells))
    venues = sorted(path.parent.name for path in FOLDER.glob("*/sources.yaml"))
    PAGE.write_text(page.replaced(text, page.FROM, page.lines_from(venues)))
    return int(status != 0)


if __name__ == "__main__":
    sys.exit(main())

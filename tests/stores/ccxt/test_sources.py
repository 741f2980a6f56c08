"""Each line of a profile says where it is from, and docs/venues.md is not older than the code."""

from __future__ import annotations

import pytest

from atms.stores.ccxt import profiles
from tests.stores.ccxt import venues_page as page
from tests.stores.ccxt.conformance import (
    PAGE,
    behaviours,
    needed,
    sources_of,
    words,
)

VENUES = sorted(profiles.PROFILES)


@pytest.mark.parametrize("exchange", VENUES)
def test_every_line_of_a_profile_has_a_source_or_is_unconfirmed(exchange: str) -> None:
    missing = needed(profiles.profile(exchange).capabilities) - set(sources_of(exchange)["fields"])
    assert not missing, "add them to sources.yaml, with a source or as: unconfirmed"


@pytest.mark.parametrize("exchange", VENUES)
def test_a_source_is_named_and_no_line_is_of_another_venue(exchange: str) -> None:
    told = sources_of(exchange)
    assert not set(told["fields"]) - words(profiles.profile(exchange).capabilities)
    for field, source in told["fields"].items():
        first = str(source).partition(",")[0].partition(";")[0].strip()
        own = first.startswith(("unconfirmed", "ours: "))
        assert own or first in told["sources"], f"{field}: {source!r} names no source of the file"


@pytest.mark.parametrize("exchange", VENUES)
def test_the_page_says_of_each_line_what_the_profile_says(exchange: str) -> None:
    written = page.between(PAGE.read_text(), page.FROM)
    assert page.lines_from([exchange]) in written, "run: python scripts/venues.py --from"


@pytest.mark.parametrize("heading", behaviours())
def test_the_page_has_a_row_a_venue_and_a_column_a_behaviour(heading: str) -> None:
    columns = behaviours()[heading]
    written = page.between(PAGE.read_text(), page.TRIED)
    part = written.partition(f"### {heading}\n")[2].partition("###")[0]
    rows = [line.split(" | ")[0] for line in part.splitlines() if line.startswith("| ")]
    assert page.row(["venue", *columns]) in part, "run: python scripts/venues.py"
    assert {name.removeprefix("| ") for name in rows[2:]} == set(VENUES)
    for column, test in columns.items():
        assert f"- **{column}** {page.spoken(test)}" in part

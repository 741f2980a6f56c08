"""Each line of a profile's capabilities says where it is from, or that nobody confirmed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from atms.stores.ccxt import profiles
from tests.stores.ccxt.conformance import needed, words

FOLDER = Path(profiles.__file__).parent
# Their files are still written; the set is empty when every venue of the table has one.
UNWRITTEN = frozenset({"bybit", "coinbase", "kraken", "kucoin", "okx"})
WRITTEN = [
    name
    for name in profiles.PROFILES
    if name not in UNWRITTEN or (FOLDER / name / "sources.yaml").exists()
]


def told(exchange: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((FOLDER / exchange / "sources.yaml").read_text())
    return values


@pytest.mark.parametrize("exchange", WRITTEN)
def test_every_line_of_a_profile_has_a_source_or_is_unconfirmed(exchange: str) -> None:
    missing = needed(profiles.profile(exchange).capabilities) - set(told(exchange)["fields"])
    assert not missing, "add them to sources.yaml, with a source or as: unconfirmed"


@pytest.mark.parametrize("exchange", WRITTEN)
def test_a_source_is_named_and_no_line_is_of_another_venue(exchange: str) -> None:
    values = told(exchange)
    can = profiles.profile(exchange).capabilities
    unknown = set(values["fields"]) - words(can)
    assert not unknown
    for field, source in values["fields"].items():
        first = str(source).partition(",")[0].partition(";")[0].strip()
        own = first.startswith(("unconfirmed", "ours: "))
        assert own or first in values["sources"], f"{field}: {source!r} names no source of the file"

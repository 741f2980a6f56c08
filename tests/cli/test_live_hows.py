"""What `live` says of how orders are done."""

from __future__ import annotations

from dataclasses import replace

from atms.execution.emulation import hows
from atms.running.live_hows import lines_of
from atms.stores.ccxt.profiles.binance.profile import BinanceSpot
from atms.stores.requests import Kind


def test_a_spot_exchange_in_three_lines() -> None:
    found = hows.table(BinanceSpot.capabilities, consent=False)
    lines = lines_of(found)
    assert len(lines) <= 3
    assert "brackets (legs sent when the entry fills)" in lines[1]
    assert "valid until (taken back at its time)" in lines[1]
    assert "trailing stops" in lines[1]
    assert "OCO" in lines[0]


def test_what_needs_consent_is_told_with_its_setting() -> None:
    lines = lines_of({"market": hows.NATIVE, "stop": "NEEDS_CONSENT", "trail": "NEEDS_CONSENT"})
    assert lines == [
        "done by the venue: market",
        "refused without execution.emulated_protection: stops, trailing stops; and OCO and "
        "brackets with one of these",
    ]


def test_a_bracket_is_not_promised_where_its_stop_would_be_refused() -> None:
    plain = replace(BinanceSpot.capabilities, kinds=frozenset({Kind.MARKET, Kind.LIMIT}))
    without, with_ = (hows.table(plain, consent=consent) for consent in (False, True))
    assert without["bracket"] == "NEEDS_CONSENT"
    assert with_["bracket"] == hows.LEGS
    assert not any("brackets (legs" in line for line in lines_of(without))
    assert any("brackets (legs" in line for line in lines_of(with_))


def test_what_the_venue_lacks_is_told() -> None:
    assert lines_of({"on_close": "UNSUPPORTED"}) == ["refused, the venue has none: on close"]


def test_nothing_is_said_of_an_account_of_which_nothing_is_known() -> None:
    assert lines_of({}) == []

"""How orders are done at a venue: one table, without a venue."""

from __future__ import annotations

from typing import Any

import pytest

from atms.execution.emulation import hows
from atms.stores.requests import Kind
from tests.execution.core_world import BTC, instrument, manners, ticket

PLAIN = frozenset({Kind.MARKET, Kind.LIMIT})
STOPS = PLAIN | {Kind.STOP, Kind.STOP_LIMIT}


def table(*, consent: bool = False, **manner: Any) -> dict[str, str]:
    return hows.table(manners(**manner), consent=consent)


def test_a_venue_that_does_everything_needs_nothing_from_here() -> None:
    able = {
        "links": frozenset({"oco", "bracket"}), "protection_scales": True,
        "tifs": frozenset({"gtc", "gtd"}),
    }  # fmt: skip
    assert set(table(**able).values()) == {hows.NATIVE}


def test_a_spot_exchange() -> None:
    found = table(kinds=STOPS, links=frozenset({"oco"}))
    assert found == {
        "market": "native", "limit": "native", "stop": "native", "stop_limit": "native",
        "trail": "emulated:amend", "trail_limit": "emulated:amend", "on_close": "UNSUPPORTED",
        "oco": "native", "bracket": "emulated:legs", "valid": "emulated:process",
    }  # fmt: skip


@pytest.mark.parametrize(("consent", "how"), [(False, "NEEDS_CONSENT"), (True, hows.PROCESS)])
def test_stops_that_no_venue_holds_need_consent(consent: bool, how: str) -> None:
    found = table(kinds=PLAIN, consent=consent)
    assert {found[kind] for kind in ("stop", "stop_limit", "trail", "trail_limit")} == {how}


@pytest.mark.parametrize(
    ("manner", "held"),
    [
        ({}, False),
        ({"links": frozenset({"bracket"})}, False),
        ({"links": frozenset({"bracket"}), "protection_scales": True}, True),
        ({"links": frozenset({"bracket"}), "partial_fills": False}, True),
        ({"links": frozenset({"bracket"}), "as_backtest": True}, True),
        ({"protection_scales": True}, False),
    ],
)
def test_a_bracket_is_held_by_a_venue_whose_legs_fit_every_part(
    manner: dict[str, Any], held: bool
) -> None:
    venue = manners(**manner)
    assert hows.holds("bracket", venue) is held
    leg = ticket(kind=Kind.STOP)
    how = hows.how_of(leg, venue, instrument(BTC), "bracket", leg=True)
    assert how == (hows.NATIVE if held else hows.LEGS)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("kinds", [PLAIN, STOPS, frozenset(Kind)])
@pytest.mark.parametrize("consent", [False, True])
def test_the_table_says_what_becomes_of_an_order(
    kind: Kind, kinds: frozenset[Kind], consent: bool
) -> None:
    venue = manners(kinds=kinds)
    said = hows.table(venue, consent=consent)[kind.value]
    one = ticket(kind=kind)
    code, _ = hows.refusal_of(one, venue, consent=consent)
    assert said == (code or hows.how_of(one, venue, instrument(BTC)))

"""The places at which a live run dies are there, and it dies at them."""

from __future__ import annotations

import pytest

from tests.live.kills.dying import found
from tests.live.kills.points import BY_NAME, POINTS, Point


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_a_place_to_die_at_is_in_the_code(point: Point) -> None:
    owner, name = found(point.place)
    assert callable(getattr(owner, name))
    assert BY_NAME[point.name] is point

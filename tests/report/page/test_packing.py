"""What is packed comes back bit by bit."""

from __future__ import annotations

import json

import pytest

from atms.report.page.packing import pack, unpack
from tests.report.page.vectors import hard, same

SERIES = hard()


@pytest.mark.parametrize(
    ("name", "column"), [(name, column) for name, one in SERIES.items() for column in one]
)
def test_a_hard_column_comes_back_bit_by_bit(name: str, column: str) -> None:
    data = json.loads(json.dumps(pack(SERIES, 10**9).data, allow_nan=False))
    assert same(SERIES[name][column], unpack(data)[name][column])


def test_columns_come_back_in_their_order() -> None:
    found = unpack(pack(SERIES, 10**9).data)
    assert {name: list(one) for name, one in found.items()} == {
        name: list(one) for name, one in SERIES.items()
    }

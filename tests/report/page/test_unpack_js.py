"""The page's scripts unpack what Python packed, to the last bit."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atms.report.page import assets
from atms.report.page.packing import Packed, pack, unpack
from atms.report.page.series import series
from atms.report.page.series_values import Columns
from tests.report.page.runs import bars, ran
from tests.report.page.strategies import PageFlip, PageIndicators, PageSaver, PageSwing
from tests.report.page.vectors import hard, same

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None, reason="node is not installed; the browser's tests unpack pages too"
)
SCRIPTS = [str(assets.FOLDER / name) for name in assets.SCRIPTS if name.startswith("unpack")]


def in_node(packed: Packed) -> dict[str, Any]:
    """Return what the scripts unpack: series -> column -> array or texts; and what was told."""
    script = str(Path(__file__).with_name("unpacked.js"))
    done = subprocess.run(
        [str(NODE), script, *SCRIPTS],
        input=json.dumps(packed.data, allow_nan=False).encode(),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    return {
        "told": found["told"],
        "series": {
            name: {
                column: np.frombuffer(bytes.fromhex(values), "<f8")
                if isinstance(values, str)
                else values
                for column, values in columns.items()
            }
            for name, columns in found["series"].items()
        },
    }


def differing(given: Mapping[str, Columns], found: Mapping[str, Columns]) -> list[tuple[str, str]]:
    return [
        (name, column)
        for name, columns in given.items()
        for column, values in columns.items()
        if not same(values, found[name][column])
    ]


def test_all_of_the_hard_columns_come_back_in_their_order() -> None:
    given = hard()
    found = in_node(pack(given, 10**9))
    assert differing(given, found["series"]) == []
    assert {name: list(one) for name, one in found["series"].items()} == {
        name: list(one) for name, one in given.items()
    }
    assert found["told"] == sorted(found["told"])
    assert found["told"][-1] == 1


@pytest.mark.parametrize(
    "made",
    [
        lambda: ran(PageFlip, bars(1200), commission="0.1%", broker__slippage="0.05%"),
        lambda: ran(PageSaver, bars(400)),
        lambda: ran(PageIndicators, bars(900)),
        lambda: ran(PageSwing, {f"feed{n}": bars(90, seed=n) for n in range(9)}),
    ],
    ids=["all kinds of fills", "cash added and taken", "indicators", "many feeds"],
)
def test_a_runs_series_come_back_bit_by_bit(made: Any) -> None:
    given = series(made())
    assert differing(given, in_node(pack(given, 10**9))["series"]) == []


@pytest.mark.parametrize("share", [0.7, 0.5, 0.3, 0.2, 0.05])
def test_what_was_made_coarser_is_what_python_unpacks(share: float) -> None:
    random = np.random.default_rng(11)
    count = 20_000
    gone = np.arange(count) % 4000 < 30
    given = {
        "bars:0": {"time": 6e7 * np.arange(count), "volume": random.lognormal(3, 2, count)},
        "lines:0": {"time": 6e7 * np.arange(count), "RSI(14)": random.normal(50, 9, count)},
        "lines:1": {"signal": np.where(gone, np.nan, random.normal(0, 1e-5, count))},
    }
    whole = len(json.dumps(pack(given, 10**9).data))
    packed = pack(given, int(whole * share))
    assert packed.notes
    assert len(json.dumps(packed.data)) <= whole * share
    expected = unpack(packed.data)
    assert differing(expected, in_node(packed)["series"]) == []

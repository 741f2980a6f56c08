"""Winners beside losers, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from atms.report.page.blocks import Table
from atms.report.page.parts.given import Given
from atms.report.page.parts.outcomes import in_a_row, outcomes
from tests.report.page.runs import held, ran
from tests.report.page.strategies import PageIdle


def test_each_row_has_its_own_figures_and_runs_in_the_order_of_exits() -> None:
    # By their exits: +10, +6, -4, 0, +2; so two winners and one loser in a row at the most.
    trades = pd.DataFrame(
        {
            "status": "closed",
            "exit_ts": pd.to_datetime(["2024-01-03", "2024-01-01", "2024-01-02", "2024-01-04",
                                       "2024-01-05"], utc=True),
            "net_pnl": [-4.0, 10.0, 6.0, 0.0, 2.0],
            "net_pnl_pct": [-0.04, 0.10, None, 0.0, 0.02],
            "bars": [5, 1, 3, 2, 9],
        }
    )  # fmt: skip
    (table,) = outcomes(Given(replace(held([100.0]), trades=trades)))
    assert isinstance(table, Table)
    every, winners, losers = table.rows
    assert every == ["all", 5, 14.0, 2.8, pytest.approx(0.02), 4.0, 9, None]
    assert winners == ["winners", 3, 18.0, 6.0, pytest.approx(0.06), pytest.approx(13 / 3), 9, 2]
    assert losers == ["losers", 1, -4.0, -4.0, pytest.approx(-0.04), 5.0, 5, 1]


@pytest.mark.parametrize(
    ("mine", "longest"), [([], 0), ([0, 0], 0), ([1], 1), ([1, 1, 0, 1, 1, 1], 3), ([1, 1, 0], 2)]
)
def test_the_longest_run_is_counted(mine: list[int], longest: int) -> None:
    assert in_a_row(np.array(mine, dtype=bool)) == longest


def test_no_closed_trade_no_table() -> None:
    assert outcomes(Given(ran(PageIdle))) == []

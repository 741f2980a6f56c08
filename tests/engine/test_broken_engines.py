"""The corpus finds engines that are wrong: one test for each way to be wrong."""

from __future__ import annotations

import backtrader as bt
import pytest

from tests.engine.corpus.answers import check, stored
from tests.engine.corpus.broken import BROKEN
from tests.engine.corpus.cases import draw

BOUND = 250  # a tenth of what is always run


@pytest.mark.parametrize("fault", BROKEN)
def test_an_engine_with_a_fault_differs_within_a_tenth_of_the_seeds(
    fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, answers = stored()
    for seed in range(BOUND):
        answer = answers.get(seed)
        if answer is None:
            continue
        found = check(draw(seed), bt.Cerebro, answer, within=BROKEN[fault])
        if found.difference is not None and not found.stale:
            with capsys.disabled():
                print(f"\n{fault}: {found.difference}", end="")
            return
    pytest.fail(f"no seed below {BOUND} finds it")

"""Reasons with numbers: by hand."""

from __future__ import annotations

from dataclasses import replace

from atms.report.page.blocks import Table
from atms.report.page.parts.breakdowns import breakdowns
from atms.report.page.parts.given import Given
from atms.report.page.parts.phrases import phrases
from tests.report.page.runs import bars, ran
from tests.report.page.strategies import PageSwing


def test_many_reasons_that_differ_in_one_number_are_one_and_the_other_number_stays() -> None:
    texts = [f"RSI {40 + n}.5 is back at 50" for n in range(9)]
    assert set(phrases(texts).values()) == {"RSI … is back at 50"}


def test_a_few_numbered_names_stay_apart() -> None:
    texts = [f"target {n}" for n in range(1, 9)]
    assert phrases(texts) == {text: text for text in texts}


def test_a_number_that_is_a_part_of_a_word_is_none() -> None:
    texts = [f"TP{n}" for n in range(20)]
    assert phrases(texts) == {text: text for text in texts}


def test_signs_and_thousands_belong_to_the_number() -> None:
    texts = [f"at level {n:+d} of {6_000 + n:,.2f}" for n in range(-5, 5)]
    assert set(phrases(texts).values()) == {"at level … of …"}


def test_no_reason_gives_no_phrase() -> None:
    assert phrases([]) == {}


def test_the_breakdown_by_exit_reason_has_a_row_a_phrase() -> None:
    result = ran(PageSwing, bars(400))
    words = [f"z {n / 7:.2f} is back" for n in range(len(result.trades))]
    assert len(set(words)) > 8
    told = replace(result, trades=result.trades.assign(exit_reason=words))
    tables = {one.id: one for one in breakdowns(Given(told)) if isinstance(one, Table)}
    assert [row[:2] for row in tables["by_exit_reason"].rows] == [
        ["z … is back", result.metrics["trades"]]
    ]

"""Costs, orders, funnel and audit of the page, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from atms.feeds.audit import Audit
from atms.feeds.checks import Finding
from atms.report.page.blocks import Section, Table, Text
from atms.report.page.parts.audits import audits
from atms.report.page.parts.costs import costs, gross_profit, traded_value
from atms.report.page.parts.funnels import funnel
from atms.report.page.parts.given import Given
from atms.report.page.parts.orders import orders
from tests.report.page.runs import bars, held, ran
from tests.report.page.strategies import PageIdle, PageOnce, PagePoor, PageSwing


def table(section: Section, ident: str) -> Table:
    (found,) = [b for b in section.blocks if isinstance(b, Table) and b.id == ident]
    return found


def rows(section: Section, ident: str) -> dict[Any, list[Any]]:
    return {row[0]: list(row[1:]) for row in table(section, ident).rows}


# ---- costs ---------------------------------------------------------------------------------------
def test_costs_are_the_metrics_set_against_what_was_made_and_moved() -> None:
    # Flat bars but for a rise from 100 to 110 between the fills: bought at 100, sold at 110, each
    # at a fee of 1 %: 1.00 + 1.10 of a profit of 10 and of 210 moved, by two fills.
    prices = [100.0] * 10 + [110.0] * 30
    flat = bars(40).assign(open=prices, high=prices, low=prices, close=prices)
    given = Given(ran(PageOnce, flat, commission=0.01, data__audit="warn"))
    assert traded_value(given) == 210.0
    assert gross_profit(given) == 10.0
    found = rows(costs(given), "costs")
    assert found["Fees"] == pytest.approx([2.1, 0.21, 0.01, 1.05])
    assert found["Total"] == pytest.approx([2.1, 0.21, 0.01, 1.05])
    assert found["Funding"] == [0.0, 0.0, 0.0, None]


def test_each_cost_is_exactly_that_of_the_metrics() -> None:
    result = ran(PageSwing, bars(300), commission=0.001, broker__slippage=0.0005)
    found = [row[1] for row in table(costs(Given(result)), "costs").rows]
    names = ("fees", "spread_cost", "slippage_cost", "impact_cost", "funding_cost", "borrow_cost",
             "interest_cost", "liquidation_cost", "total_costs")  # fmt: skip
    assert found == [result.metrics[name] for name in names]
    assert found[2] > 0
    mean = result.equity["value"].mean()
    assert traded_value(Given(result)) / mean == pytest.approx(result.metrics["turnover"])


def test_without_a_winner_there_is_no_share_of_gross_profit() -> None:
    prices = [100.0] * 10 + [90.0] * 30
    flat = bars(40).assign(open=prices, high=prices, low=prices, close=prices)
    given = Given(ran(PageOnce, flat, commission=0.01, data__audit="warn"))
    assert rows(costs(given), "costs")["Fees"][1] is None


def test_a_fill_that_was_taken_back_moved_nothing() -> None:
    result = ran(PageOnce)
    undone = replace(result, fills=result.fills.assign(row=["fill", "reversal"]))
    first, second = (result.fills["size"] * result.fills["price"]).tolist()
    assert traded_value(Given(undone)) == pytest.approx(first - second)


def test_no_fill_no_cost() -> None:
    (found,) = costs(Given(ran(PageIdle))).blocks
    assert isinstance(found, Text)


# ---- orders and funnel ---------------------------------------------------------------------------
def test_orders_are_counted_by_status_with_their_types() -> None:
    section = orders(Given(ran(PagePoor)))
    found = rows(section, "statuses")
    assert found == {
        "margin": [3, 0.6, "3 market"],
        "accepted": [1, 0.2, "1 limit"],
        "completed": [1, 0.2, "1 market"],
    }
    (refused,) = table(section, "refusals").rows
    assert refused[:3] == ["margin", "data", 3]
    listed = table(section, "orders")
    assert len(listed.rows) == 5
    assert listed.rows[3][6] == 1.0


def test_refusals_name_the_code_and_the_last_reason() -> None:
    result = ran(PagePoor)
    frame = result.orders.assign(
        code=["MAX_ORDER"] * 2 + [None] * 3, reason=["one", "two", "three", None, None]
    )
    found = table(orders(Given(replace(result, orders=frame))), "refusals")
    assert [list(row) for row in found.rows] == [
        ["MAX_ORDER", "data", 2, "two"], ["margin", "data", 1, "three"],
    ]  # fmt: skip


def test_of_many_orders_the_page_says_where_they_are() -> None:
    section = orders(Given(ran(PageSwing, bars(1200))))
    (said,) = [b.text for b in section.blocks if isinstance(b, Text) and "parquet" in b.text]
    assert said.startswith("There are 342 orders")


def test_a_strategy_that_ordered_nothing_is_told() -> None:
    (found,) = orders(Given(ran(PageIdle))).blocks
    assert isinstance(found, Text)
    assert "placed no order on 200 bars" in found.text


def test_the_funnel_goes_from_bars_to_trades() -> None:
    section = funnel(Given(ran(PagePoor)))
    found = rows(section, "funnel")
    assert found["bars"] == [200, None]
    assert found["orders that filled"] == [1, 0.2]
    assert "signals" not in found  # it does not explain itself: unknown, not none
    assert [list(row) for row in table(section, "refused_most").rows] == [
        ["the broker", "margin", 3]
    ]


# ---- audit ---------------------------------------------------------------------------------------
def test_findings_are_listed_where_there_was_something() -> None:
    findings = (
        Finding("gaps", "warn", 3, "2024-01-01T00:00:00Z, row 7", "3 bars are missing"),
        Finding("flat_bars", "info", 2, None, "2 flat bars"),
        Finding("calendar", "info", 0, None, "no calendar"),
        Finding("unsorted", "pass", 0, None, "none"),
    )
    audit = Audit("btc", 10, ("a", "b"), "1h", "24/7", findings)
    section = audits(Given(replace(held([100.0]), audit=(audit,))))
    assert rows(section, "audits")["btc"] == ["warn", 10, "a", "b", "1h", "24/7", 1]
    found = table(section, "findings")
    assert [row[1] for row in found.rows] == ["gaps", "flat_bars"]
    assert found.note == "2 other checks found nothing."


def test_data_that_nobody_audited_are_told() -> None:
    (found,) = audits(Given(replace(held([100.0]), audit=()))).blocks
    assert isinstance(found, Text)

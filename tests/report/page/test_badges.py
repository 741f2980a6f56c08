"""The verdicts in the header: what makes each good, a warning, or bad."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from atms.feeds.audit import Audit
from atms.feeds.checks import Finding
from atms.report.page.blocks import Badge
from atms.report.page.parts.badges import badges
from atms.report.page.parts.given import Given
from atms.result import FeedInfo, Result
from tests.report.page.runs import bars, held, ran
from tests.report.page.strategies import PageBroken, PageIdle, PageSaver, PageSwing


def badge(result: Result, ident: str, **given: Any) -> Badge | None:
    found = {one.id: one for one in badges(Given(result, **given))}
    return found.get(ident)


def there(result: Result, ident: str, **given: Any) -> Badge:
    found = badge(result, ident, **given)
    assert found is not None, ident
    return found


# ---- the run -------------------------------------------------------------------------------------
def test_a_run_that_broke_off_is_bad_and_says_why() -> None:
    found = there(ran(PageBroken), "status")
    assert (found.title, found.state) == ("Run failed", "bad")
    assert "no such luck" in found.detail


def test_a_run_that_finished_needs_no_badge() -> None:
    assert badge(ran(PageIdle), "status") is None


def test_a_run_that_still_goes_on_says_so() -> None:
    found = there(replace(held([100.0]), status="running", mode="live"), "status")
    assert (found.title, found.state) == ("Still running", "none")


def test_what_is_missing_is_named() -> None:
    found = there(held([100.0]), "missing", missing=("The bars are gone.",))
    assert (found.state, found.detail) == ("bad", "The bars are gone.")


def test_an_account_that_went_broke_is_bad() -> None:
    assert there(held([100.0, 0.0]), "broke").state == "bad"
    assert badge(held([100.0, 1.0]), "broke") is None


# ---- the data ------------------------------------------------------------------------------------
def audited(*verdicts: str) -> Result:
    findings = tuple(Finding("gaps", verdict, 1, None, f"a {verdict}") for verdict in verdicts)
    audit = Audit("btc", 10, ("", ""), "1h", "24/7", findings)
    return replace(held([100.0]), audit=(audit,))


@pytest.mark.parametrize(
    ("verdicts", "title", "state"),
    [
        (("pass", "info"), "Data OK", "good"),
        (("pass", "warn", "warn"), "Data: 2 warnings", "warn"),
        (("warn", "fail"), "Data fail the audit", "bad"),
    ],
)
def test_the_audit_is_as_bad_as_its_worst_finding(
    verdicts: tuple[str, ...], title: str, state: str
) -> None:
    found = there(audited(*verdicts), "audit")
    assert (found.title, found.state) == (title, state)


def test_the_audit_names_the_worst_first_and_says_how_many_more() -> None:
    found = there(audited(*["warn"] * 6, "fail"), "audit")
    assert found.detail.startswith("btc: a fail; btc: a warn")
    assert "and 2 more" in found.detail


def test_data_that_nobody_looked_at_are_not_called_good() -> None:
    assert there(replace(held([100.0]), audit=()), "audit").state == "none"


@pytest.mark.parametrize(
    ("warmup", "title", "state"),
    [
        ("", "No warm-up", "none"),
        ("20 bars of btc before the time range (data.warmup)", "Warm-up OK", "good"),
        ("20 bars of btc (all there are; 50 were wanted)", "Short warm-up", "warn"),
    ],
)
def test_the_warm_up_is_told_as_it_was(warmup: str, title: str, state: str) -> None:
    found = there(replace(held([100.0]), warmup=warmup), "warmup")
    assert (found.title, found.state) == (title, state)


def test_the_runner_says_of_a_short_warm_up_what_the_badge_looks_for() -> None:
    result = ran(PageSwing, bars(100), timerange="2024-01-02..", warmup=50)
    assert there(result, "warmup").title == "Short warm-up"
    enough = ran(PageSwing, bars(100), timerange="2024-01-02..", warmup=10)
    assert there(enough, "warmup").title == "Warm-up OK"


# ---- costs ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("settings", "title", "state"),
    [
        ({}, "No costs", "warn"),
        ({"commission": 0.001}, "Fees only", "warn"),
        ({"commission": 0.001, "broker__slippage": 0.0005}, "Costs on", "good"),
        ({"broker__preset": "kraken"}, "Fees only", "warn"),
        ({"commission": 0.001, "broker__slippage": 0}, "Fees only", "warn"),
        ({"broker__interest": {"debit": 0.05}}, "Costs on", "good"),
    ],
)
def test_what_is_charged_is_told(settings: dict[str, Any], title: str, state: str) -> None:
    found = there(ran(PageIdle, **settings), "costs")
    assert (found.title, found.state) == (title, state)


def test_fees_that_a_strategy_charged_itself_count() -> None:
    result = held([100.0])
    paid = replace(result, metrics={**result.metrics, "fees": 3.0})
    assert there(paid, "costs").title == "Fees only"
    slipped = replace(result, metrics={**result.metrics, "spread_cost": 1.0})
    found = there(slipped, "costs")
    assert (found.title, found.detail) == ("Costs on", "Charged: spread; no fees.")


def test_live_costs_are_the_venues() -> None:
    assert there(replace(held([100.0]), mode="live"), "costs").title == "Real costs"
    assert there(replace(held([100.0]), mode="paper"), "costs").title == "No costs"


# ---- trades and money ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("trades", "title", "state"),
    [(0, "No closed trades", "warn"), (1, "Few trades", "warn"), (29, "Few trades", "warn"),
     (30, "Enough trades", "good")],
)  # fmt: skip
def test_fewer_than_thirty_trades_are_few(trades: int, title: str, state: str) -> None:
    found = there(held([100.0], trades=trades), "trades")
    assert (found.title, found.state) == (title, state)
    assert "Our own rule" in found.detail


def test_cash_that_was_added_is_told_with_its_sum() -> None:
    # 500 on bars 50, 150 and 250, 200 taken on bars 100 and 200; bar 300 is the last.
    found = there(ran(PageSaver, bars(299)), "cash")
    assert found.state == "none"
    assert "+1,100.00 USD in 5 movements" in found.detail


def test_cash_that_cannot_be_told_from_profit_is_a_warning() -> None:
    result = held([90.0, 180.0])
    result = replace(result, equity=result.equity.assign(drawdown=[-0.1, -0.5]))
    row = {"kind": ["deposit"], "amount": [110.0], "ts": result.equity.index[1:]}
    found = there(replace(result, cash_flows=pd.DataFrame(row)), "cash")
    assert found.state == "warn"
    assert "cash included" in found.detail


def test_feeds_of_several_currencies_are_told() -> None:
    result = held([100.0])
    feeds = (FeedInfo("a", "A", "x", "USD"), FeedInfo("b", "B", "x", "EUR"))
    assert "USD, EUR" in there(replace(result, feeds=feeds), "currencies").detail
    assert badge(result, "currencies") is None


def test_warnings_are_counted_without_those_of_the_audit() -> None:
    result = held([100.0])
    told = replace(result, warnings=("data audit of btc: gaps", "one thing"))
    found = there(told, "warnings")
    assert (found.title, found.detail) == ("1 warning", "one thing.")
    assert badge(replace(result, warnings=("data audit of btc: gaps",)), "warnings") is None
    many = replace(result, warnings=tuple(f"w{n}" for n in range(7)))
    assert there(many, "warnings").detail.endswith("w4. And 2 more.")

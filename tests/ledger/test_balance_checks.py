"""A row that is wrong is found, with what the rows add up to; what is right is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atms.ledger import check_balances
from atms.ledger.checking import Imbalance
from atms.result import Result
from tests.ledger.making import file
from tests.ledger.raw import execute, is_sqlite, rows


@pytest.fixture
def filed(url: str, result: Result) -> str:
    """A ledger with a run that adds up."""
    file(result, url)
    assert check_balances(url) == []
    return url


def number(url: str, value: str | Decimal) -> str:
    """Return a decimal as SQL writes it, for the type of its column."""
    return f"'{value}'" if is_sqlite(url) else str(value)


def first_fill(url: str) -> dict[str, Any]:
    return rows(url, "SELECT * FROM fills ORDER BY id LIMIT 1")[0]


def found(url: str, result: Result) -> Imbalance:
    """Return the one imbalance that there is, which is the run's."""
    (imbalance,) = check_balances(url)
    assert (imbalance.run_id, imbalance.account) == (result.id, result.account)
    return imbalance


def assert_off(url: str, result: Result, by: Decimal) -> None:
    """See that the rows add up to the final cash and *by* more; floats leave their rounding."""
    imbalance = found(url, result)
    final = Decimal(repr(float(result.balances["final"].iloc[0])))
    assert imbalance.currency == "USD"
    assert imbalance.final == final
    assert abs(imbalance.expected - final - by) < Decimal("1e-6")


def test_a_changed_price_is_found_with_the_right_figures(filed: str, result: Result) -> None:
    fill = first_fill(filed)
    price = number(filed, fill["price"] + 2)
    execute(filed, f"UPDATE fills SET price = {price} WHERE id = {fill['id']}")
    sign = -1 if fill["side"] == "buy" else 1
    assert_off(filed, result, sign * 2 * fill["size"])


def test_a_lost_fill_is_found(filed: str, result: Result) -> None:
    fill = first_fill(filed)
    (fee,) = rows(filed, f"SELECT amount FROM fill_fees WHERE fill_id = {fill['id']}")
    gone = (
        f"DELETE FROM {table} WHERE {key} = {fill['id']}"
        for table, key in (("fill_fees", "fill_id"), ("fill_trades", "fill_id"), ("fills", "id"))
    )
    execute(filed, *gone)
    sign = -1 if fill["side"] == "buy" else 1
    assert_off(filed, result, -sign * fill["size"] * fill["price"] + fee["amount"])


def test_a_changed_fee_is_found(filed: str, result: Result) -> None:
    fill = first_fill(filed)
    (fee,) = rows(filed, f"SELECT amount FROM fill_fees WHERE fill_id = {fill['id']}")
    amount = number(filed, fee["amount"] + 1)
    execute(filed, f"UPDATE fill_fees SET amount = {amount} WHERE fill_id = {fill['id']}")
    assert_off(filed, result, Decimal(-1))


def test_a_lost_cash_flow_is_found(filed: str, result: Result) -> None:
    execute(filed, "DELETE FROM cash_flows")
    assert_off(filed, result, Decimal("-123.45"))


@pytest.mark.parametrize(("side", "by"), [("start", 5), ("final", 0)])
def test_a_changed_balance_is_found(filed: str, result: Result, side: str, by: int) -> None:
    (balance,) = rows(filed, "SELECT * FROM balances")
    execute(filed, f"UPDATE balances SET {side} = {number(filed, balance[side] + 5)}")
    imbalance = found(filed, result)
    assert abs(imbalance.expected - balance["final"] - by) < Decimal("1e-6")
    assert imbalance.final == balance["final"] + 5 - by


@pytest.mark.parametrize(("share", "wrong"), [("0.9e-9", False), ("1.1e-9", True)])
def test_what_is_off_by_more_than_a_billionth_of_the_cash_is_wrong(
    url: str, result: Result, share: str, wrong: bool
) -> None:
    file(result, url)
    execute(url, "DELETE FROM fill_fees", "DELETE FROM fill_trades", "DELETE FROM fills",
            "DELETE FROM cash_flows")  # fmt: skip
    final = number(url, Decimal(1_000_000) * (1 - Decimal(share)))
    start = number(url, "1000000")
    execute(url, f"UPDATE balances SET start = {start}, final = {final}")
    assert bool(check_balances(url)) == wrong


def test_the_price_of_a_fill_that_only_ties_up_a_margin_does_not_matter(
    filed: str, result: Result
) -> None:
    fill = first_fill(filed)
    execute(filed, f"UPDATE fills SET settlement = 'margin' WHERE id = {fill['id']}")
    sign = -1 if fill["side"] == "buy" else 1
    assert_off(filed, result, -sign * fill["size"] * fill["price"])


def test_a_fills_multiplier_counts(filed: str, result: Result) -> None:
    fill = first_fill(filed)
    three = number(filed, "3")
    execute(filed, f"UPDATE fills SET multiplier = {three} WHERE id = {fill['id']}")
    sign = -1 if fill["side"] == "buy" else 1
    assert_off(filed, result, sign * 2 * fill["size"] * fill["price"])


def again(url: str, fill: dict[str, Any], **changed: str) -> None:
    """Insert the first fill once more, some columns changed."""
    names = [name for name in fill if name != "id"]
    values = [changed.get(name, name) for name in names]
    execute(
        url,
        f"INSERT INTO fills ({', '.join(names)}) SELECT {', '.join(values)} FROM fills "
        f"WHERE id = {fill['id']}",
    )


def fee_of_last(url: str, asset: str, amount: str) -> str:
    return (
        "INSERT INTO fill_fees (fill_id, asset, amount) "
        f"SELECT max(id), '{asset}', {number(url, amount)} FROM fills"
    )


def test_a_reversal_and_a_new_version_with_fees_in_two_assets_add_up(
    filed: str, result: Result
) -> None:
    fill = first_fill(filed)
    sign = -1 if fill["side"] == "buy" else 1
    (fee,) = rows(filed, f"SELECT amount FROM fill_fees WHERE fill_id = {fill['id']}")
    again(filed, fill, row="'reversal'")
    execute(filed, fee_of_last(filed, "USD", fee["amount"]))
    undone = -sign * fill["size"] * fill["price"] + fee["amount"]
    assert_off(filed, result, undone)
    # Told anew: half a dollar dearer, with fees in two assets, one of them a rebate.
    again(filed, fill, version="1", price=number(filed, fill["price"] + Decimal("0.5")))
    execute(filed, fee_of_last(filed, "USD", "-0.25"), fee_of_last(filed, "BNB", "0.125"))
    cash = undone + sign * fill["size"] * (fill["price"] + Decimal("0.5")) + Decimal("0.25")
    (balance,) = rows(filed, "SELECT * FROM balances")
    execute(
        filed,
        f"UPDATE balances SET final = {number(filed, balance['final'] + cash)}",
        "INSERT INTO balances (run_id, account, currency, start, final, difference) "
        f"SELECT run_id, account, 'BNB', {number(filed, '7')}, {number(filed, '6.875')}, "
        "difference FROM balances",
    )
    assert check_balances(filed) == []
    execute(filed, f"UPDATE balances SET final = {number(filed, '7')} WHERE currency = 'BNB'")
    assert check_balances(filed) == [
        Imbalance(result.id, result.account, "BNB", Decimal("6.875"), Decimal(7))
    ]


def test_cash_that_moved_in_a_currency_without_a_balance_is_found(
    filed: str, result: Result
) -> None:
    execute(filed, fee_of_last(filed, "BNB", "0.125"))
    imbalance = found(filed, result)
    assert (imbalance.currency, imbalance.expected) == ("BNB", Decimal("-0.125"))


def test_thirty_digits_are_added_up_exactly(filed: str, result: Result) -> None:
    tiny = "0.000000000000000000000000000001"
    large = "100000000000000000000000000000"
    flow = (
        "INSERT INTO cash_flows (run_id, account, venue, external_id, ts, kind, amount, currency)"
    )
    for place, amount in enumerate((large, tiny, f"-{large}")):
        execute(
            filed,
            f"{flow} SELECT run_id, account, venue, 'x{place}', ts, 'deposit', "
            f"{number(filed, amount)}, 'BTC' FROM fills ORDER BY id LIMIT 1",
        )
    zero = number(filed, "0")
    execute(
        filed,
        "INSERT INTO balances (run_id, account, currency, start, final, difference) "
        f"SELECT run_id, account, 'BTC', {zero}, {number(filed, tiny)}, {zero} FROM balances",
    )
    assert check_balances(filed) == []

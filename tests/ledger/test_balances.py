"""Start + fills - fees + flows = final cash, of every run that is filed; a wrong row is found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

import pandas as pd
import pytest

from atms.ledger import check_balances
from atms.result import Result
from tests.ledger.accounts import ACCOUNTS
from tests.ledger.making import file
from tests.ledger.raw import count, rows

TINY = Decimal("1e-9")  # of the account's larger cash
SIGN = {("buy", "fill"): -1, ("sell", "fill"): 1, ("buy", "reversal"): 1, ("sell", "reversal"): -1}
_made: dict[str, Result] = {}


@pytest.fixture
def account(request: pytest.FixtureRequest, frame: Callable[..., pd.DataFrame]) -> Result:
    """The run of the account that the test names; each is made once."""
    name = request.param
    if name not in _made:
        _made[name] = ACCOUNTS[name][0](frame)
    return _made[name]


def summed(url: str, run_id: str) -> dict[str, Decimal]:
    """Return currency -> start + fills - fees + flows, added up in this test's own way."""
    of_run = f"WHERE run_id = '{run_id}'"
    total: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(url, f"SELECT currency, start FROM balances {of_run}"):
        total[row["currency"]] += row["start"]
    for fill in rows(url, f"SELECT * FROM fills {of_run}"):
        if fill["settlement"] == "cash":
            value = fill["size"] * fill["price"] * fill["multiplier"]
            total[fill["currency"]] += SIGN[fill["side"], fill["row"]] * value
    fees = f"SELECT asset, amount, row FROM fill_fees JOIN fills ON fills.id = fill_id {of_run}"
    for fee in rows(url, fees):
        total[fee["asset"]] += SIGN["buy", fee["row"]] * fee["amount"]
    for flow in rows(url, f"SELECT currency, amount FROM cash_flows {of_run}"):
        total[flow["currency"]] += flow["amount"]
    return total


@pytest.mark.parametrize("account", ACCOUNTS, indirect=True)
def test_start_and_fills_and_fees_and_flows_are_the_final_cash(
    shared_url: str, account: Result
) -> None:
    file(account, shared_url)
    final = Decimal(repr(float(account.strategy.broker.getcash())))
    (row,) = rows(shared_url, f"SELECT * FROM balances WHERE run_id = '{account.id}'")
    scale = max(abs(row["start"]), abs(final))
    assert row["final"] == final
    assert abs(row["difference"]) <= TINY * scale
    assert abs(summed(shared_url, account.id)["USD"] - final) <= TINY * scale


@pytest.mark.parametrize("account", ACCOUNTS, indirect=True)
def test_the_account_is_what_its_name_says(request: pytest.FixtureRequest, account: Result) -> None:
    name = request.node.callspec.params["account"]
    status = next((word for word in ("failed", "interrupted") if word in name), "finished")
    assert set(account.cash_flows["kind"]) == ACCOUNTS[name][1]
    if name == "no fill":
        assert not len(account.fills)
        return
    assert account.status == status
    assert len(account.fills) > 5
    assert ("short" in set(account.trades["side"])) != name.startswith("long")
    commission = 0.001 * (account.fills["size"] * account.fills["price"]).sum()
    if name.startswith("interest"):
        charged = account.fills["fee"].sum() - account.cash_flows["amount"].sum()
        assert charged > 1.05 * commission


def test_no_account_that_was_filed_is_found_wrong(
    shared_url: str, frame: Callable[..., pd.DataFrame]
) -> None:
    for name, (make, _) in ACCOUNTS.items():
        if name not in _made:
            _made[name] = make(frame)
        file(_made[name], shared_url)
    assert count(shared_url, "balances") == len(ACCOUNTS)
    assert check_balances(shared_url) == []

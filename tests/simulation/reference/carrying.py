"""Funding, borrow and interest: what moves cash between fills."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tests.simulation.reference.account import Account
from tests.simulation.reference.scenario import Row, Settings

Charge = tuple[str, str | None, float]  # kind, feed, amount


def mark(bar: Row, when: str) -> float:
    """Tell a bar's mark price: its own price where the feed has no mark columns."""
    return bar.get(f"mark_{when}", bar[when])


def funding(terms: Settings, account: Account, bars: dict[str, Row], when: str) -> Iterator[Charge]:
    """Yield what *bars*, by feed, charge at their "start" or "end"."""
    if terms.funding != when:
        return
    for name, position in account.open():
        rate = bars[name].get("funding_rate", 0.0) if name in bars else 0.0
        if rate == rate and rate != 0.0:
            price = mark(bars[name], "open" if when == "start" else "close")
            yield "funding", name, -position.size * price * rate * terms.multiplier


def nights(
    terms: Settings, account: Account, closes: dict[str, float], before: date, now: date
) -> Iterator[Charge]:
    """Yield what positions and cash held from one day to another cost or bring."""
    days = (now - before).days
    shorts = 0.0
    lent = 0.0
    for name, position in account.open():
        if position.size < 0:
            value = -position.size * closes[name] * terms.multiplier
            if terms.per_contract is None and not terms.margin_account:
                shorts += value  # what the sale brought is in the cash, and is not the account's
            if terms.borrow and terms.per_contract is None:  # nobody lends a future
                yield "borrow", name, -days * terms.borrow / 365 * value
        elif terms.per_contract is None:
            lent += position.size * position.entry * (1 - 1 / terms.leverage)
    base = max(account.cash - shorts, 0.0) if account.cash > 0 else 0.0
    owed = lent + max(-account.cash, 0.0)
    amount = days / 365 * (terms.credit * base - terms.debit * owed)
    if amount:
        yield "interest", None, amount

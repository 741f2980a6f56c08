"""What it costs, or brings, to hold: funding, borrow and interest, as pure amounts of cash."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

_YEAR = 365


@dataclass(frozen=True, kw_only=True)
class Funding:
    """A perpetual future's funding.

    Attributes:
        rate: the line that holds the rate; where it is neither 0 nor empty, funding is paid.
        at: whether a bar's rate is paid at its start, on what was held before it, or at its end.
    """

    rate: str = "funding_rate"
    at: Literal["start", "end"] = "start"

    @property
    def mark(self) -> str:
        """The line that holds the mark price of that moment."""
        return "mark_open" if self.at == "start" else "mark_close"


@dataclass(frozen=True, kw_only=True)
class Interest:
    """Annual rates on cash.

    Attributes:
        credit: paid to the account, on cash that is its own.
        debit: paid by it, on what is lent to it.

    Raises:
        ValueError: a rate that is no finite number, or a debit below zero.
    """

    credit: float = 0.0
    debit: float = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.credit):
            raise ValueError(f"interest.credit: is {self.credit}")
        if not (self.debit >= 0 and math.isfinite(self.debit)):
            raise ValueError(f"interest.debit: is {self.debit}, and must not be below 0")


class Charge(NamedTuple):
    """Cash that moved by something that is no fill.

    Attributes:
        days: of the broker's round, Backtrader's float days.
        kind: deposit, funding, borrow, interest or liquidation.
        name: of the data that it is for; None: the account.
        amount: positive where cash grew.
        cash: the account's, after it.
        in_round: whether the broker was matching; else a strategy made it book a deposit.
    """

    days: float
    kind: str
    name: str | None
    amount: float
    cash: float
    in_round: bool = True


def funding_payment(size: float, mark: float, rate: float, multiplier: float = 1.0) -> float:
    """Return what a position gets: longs pay shorts where the rate is above zero.

    The venue's rule is position x mark price x rate (Binance, Introduction to Binance Futures
    Funding Rates).
    """
    return -size * mark * rate * multiplier


def borrow_fee(size: float, close: float, rate: float, days: int, multiplier: float = 1.0) -> float:
    """Return what lending costs a short position over *days* nights, zero or negative."""
    return days * rate / _YEAR * size * close * multiplier if size < 0 else 0.0


def interest_amount(
    interest: Interest, cash: float, shorts: float, lent: float, days: int
) -> float:
    """Return the interest of *days* nights.

    Args:
        interest: the rates.
        cash: of the account.
        shorts: value of short positions whose proceeds are in that cash, positive.
        lent: what the broker paid of long positions.
        days: nights.
    """
    own = max(0.0, cash - shorts)
    owed = max(0.0, -cash) + lent
    return days / _YEAR * (interest.credit * own - interest.debit * owed)

"""The account's orders and fills, what waits for a price, and all that moved its cash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.desk import Desk
from atms.sandbox.venue.fees import Commission
from atms.sandbox.venue.futures.account import MarginAccount
from atms.sandbox.venue.futures.orders import Conditional, Fill
from atms.sandbox.venue.ids import Counters
from atms.sandbox.venue.numbers import text
from atms.sandbox.venue.orders import Order
from atms.sandbox.venue.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class CashRow:
    """What moved the wallet of an asset.

    Attributes:
        kind: TRADE, FUNDING, TRANSFER or INSURANCE.
        amount: above 0: received; of a trade its profit less its fee.
        symbol: empty: of none.
        balance: the wallet balance afterwards.
        qty, price: of FUNDING: the position, below 0 for a short, and the mark price.
        fill: of a TRADE.
    """

    id: int
    kind: str
    asset: str
    amount: Decimal
    symbol: str
    time: int
    balance: Decimal
    qty: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    fill: Fill | None = None


class FuturesDesk(Desk):
    """What a futures venue knows of its one account.

    Attributes:
        account: the wallet, with positions and margin.
        cash: what moved the wallet, the oldest first.
        conditionals: id -> what waits for a price or has, the oldest first.
        cash_watchers, position_watchers, conditional_watchers: told of every change, at once and
            in order; the second with a symbol.
    """

    def __init__(
        self, clock: Clock, account: MarginAccount, truth: Truth, ids: Counters,
        commission: Commission,
    ) -> None:  # fmt: skip
        super().__init__(clock, account, truth, ids, commission)
        self.account = account
        self.cash: list[CashRow] = []
        self.conditionals: dict[int, Conditional] = {}
        self.cash_watchers: list[Callable[[CashRow], None]] = []
        self.position_watchers: list[Callable[[str], None]] = []
        self.conditional_watchers: list[Callable[[Conditional], None]] = []
        self._waiting: dict[int, Conditional] = {}

    def all_open(self) -> list[Order]:
        """Return the open orders of every symbol."""
        return [order for name in self.account.contracts for order in self.open(name)]

    # ---- cash -------------------------------------------------------------------------------
    def traded(self, fill: Fill) -> None:
        """Move the wallet by a fill's profit and fee."""
        self._move("TRADE", fill.fee_asset, fill.profit - fill.fee, fill.order.symbol.name,
                   fill=fill)  # fmt: skip

    def earn(
        self, kind: str, asset: str, amount: Decimal, symbol: str = "",
        qty: Decimal = Decimal(0), price: Decimal = Decimal(0),
    ) -> None:  # fmt: skip
        """Move the wallet by what is no trade's, and tell it."""
        self._move(kind, asset, amount, symbol, qty=qty, price=price)
        self.truth.note("income", kind=kind, asset=asset, amount=text(amount), symbol=symbol)
        self.tell_balances()

    def deposit(self, asset: str, amount: Decimal) -> None:
        """Bring cash in, or out where *amount* is negative, and tell it."""
        self.earn("TRANSFER", asset, amount)

    def _move(
        self, kind: str, asset: str, amount: Decimal, symbol: str, *,
        qty: Decimal = Decimal(0), price: Decimal = Decimal(0), fill: Fill | None = None,
    ) -> None:  # fmt: skip
        self.wallet.receive(asset, amount)
        row = CashRow(
            id=self.ids.execution(), kind=kind, asset=asset, amount=amount, symbol=symbol,
            time=self.clock.now(), balance=self.wallet.free[asset], qty=qty, price=price, fill=fill,
        )  # fmt: skip
        self.cash.append(row)
        for watcher in self.cash_watchers:
            watcher(row)

    # ---- positions, and what waits ----------------------------------------------------------
    def tell_position(self, symbol: str) -> None:
        """Tell of a position that changed."""
        for watcher in self.position_watchers:
            watcher(symbol)

    def waiting(self, symbol: str | None = None) -> list[Conditional]:
        """Return what waits for a price, the oldest first."""
        return [one for one in self._waiting.values() if symbol in (None, one.ask.symbol.name)]

    def conditional(self, number: int | None, client_id: str | None) -> Conditional | None:
        """Return a conditional order by its id, else the latest of its client id."""
        if number is not None:
            return self.conditionals.get(number)
        found = [one for one in self.conditionals.values() if one.client_id == client_id]
        return found[-1] if found else None

    def stand(self, one: Conditional, status: str, reason: str = "") -> None:
        """Let a conditional order stand so, and tell it; a new one is taken in."""
        one.status, one.reason, one.updated = status, reason, self.clock.now()
        if status == "NEW":
            self.conditionals[one.id] = self._waiting[one.id] = one
        else:
            self._waiting.pop(one.id, None)
        for watcher in self.conditional_watchers:
            watcher(one)
        self.truth.note(
            "algo", algo=one.id, client_id=one.client_id, symbol=one.ask.symbol.name,
            status=status, order=one.order.id if one.order is not None else None, reason=reason,
        )  # fmt: skip

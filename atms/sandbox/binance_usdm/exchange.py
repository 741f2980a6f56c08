"""The account's actions: place and cancel orders, change leverage and modes."""

from __future__ import annotations

from collections.abc import Mapping

from atms.sandbox.binance.refusals import Refused
from atms.sandbox.binance_usdm import filters, refusals
from atms.sandbox.binance_usdm.config import UsdmConfig
from atms.sandbox.binance_usdm.desk import Desk
from atms.sandbox.binance_usdm.matching import Matcher
from atms.sandbox.binance_usdm.orders import BOTH, Ask, Order
from atms.sandbox.binance_usdm.symbols import BRACKETS
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.matching import facts


class Exchange:
    """What the account may do.

    Attributes:
        desk: orders, fills, the account.
        markets: symbol -> market; *matchers*: its orders.
    """

    def __init__(self, desk: Desk, markets: Mapping[str, Market], config: UsdmConfig) -> None:
        self.desk = desk
        self.markets = dict(markets)
        rates = (config.maker, config.commission)
        self.matchers = {name: Matcher(market, desk, rates) for name, market in markets.items()}

    # ---- orders -----------------------------------------------------------------------------
    def place(self, ask: Ask) -> Order:
        """Take an order and let it trade.

        Raises:
            Refused: by a filter, the account's mode, or the matching engine.
        """
        order = self.take(ask)
        self.start(order)
        return order

    def check(self, ask: Ask) -> None:
        """Check what is checked of conditional orders, too, when they are placed.

        Raises:
            Refused: a filter fails, or the position side does not fit the account's mode.
        """
        name = ask.symbol.name
        filters.check(ask, self.desk.account.contracts[name], self.desk.account.mark(name))
        if (ask.side_of != BOTH) != self.desk.account.dual_side:
            raise refusals.wrong_side()
        if self.desk.holds(name, ask.client_id):
            raise refusals.duplicate()

    def take(self, ask: Ask) -> Order:
        """Return an order for *ask*, taken in, that has not traded yet.

        Raises:
            Refused: it is not taken.
        """
        self.check(ask)
        return self.admit(ask)

    def admit(self, ask: Ask) -> Order:
        """Take in an order that has passed the filters.

        Raises:
            Refused: by the margin, the brackets, what is held, or the book.
        """
        self._reduces(ask)
        self._margin(ask)
        matcher = self.matchers[ask.symbol.name]
        assert ask.qty is not None
        there = matcher.available(ask.side == "BUY", ask.price)
        if ask.tif == "GTX" and there:
            raise refusals.TAKES
        if ask.tif == "FOK" and there < ask.qty:
            raise refusals.FILLED_NOT
        if len(self.desk.open(ask.symbol.name)) >= ask.symbol.max_orders:
            raise Refused(-2025, "Reach max open order limit.")
        order = Order(
            id=self.desk.ids.order(), wish=ask, qty=ask.qty, time=self.desk.clock.now(),
            client_id=ask.client_id, rank=self.desk.ids.rank(),
            seen_from=self.desk.hidden_until, working=True,
        )  # fmt: skip
        self.desk.add(order)
        return order

    def start(self, order: Order) -> None:
        """Tell of a new order and let it trade."""
        self.tell_new(order)
        self.matchers[order.symbol.name].enter(order)

    def tell_new(self, order: Order) -> None:
        """Tell of a new order."""
        self.desk.report(order, "NEW")
        self.desk.truth.note("order", **facts(order), tif=order.wish.tif,
                             price=str(order.wish.price), reduces=order.wish.reduces)  # fmt: skip

    def _reduces(self, ask: Ask) -> None:
        if not ask.reduces:
            return
        held = self.desk.account.position(ask.place).qty
        if not held or (held < 0) != (ask.side == "BUY"):
            raise refusals.reduce_only()

    def _margin(self, ask: Ask) -> None:
        account, name, asset = self.desk.account, ask.symbol.name, ask.symbol.quote
        assert ask.qty is not None
        opening = account.opening(ask, ask.qty)
        if not opening:
            return
        price = ask.price or account.mark(name)
        most = account.contracts[name].most_at(account.leverage[name])
        held = abs(account.position(ask.place).qty) if opening == ask.qty else 0
        if (held + opening) * price > most:
            raise refusals.too_much_at_leverage()
        if account.needed(ask, ask.qty) > account.available(asset, self.desk.all_open()):
            raise refusals.margin()

    def cancel(self, order: Order) -> None:
        """Cancel an open order."""
        self.matchers[order.symbol.name].cancel(order)

    # ---- settings ---------------------------------------------------------------------------
    def set_leverage(self, symbol: str, leverage: int) -> None:
        """Set a symbol's leverage.

        Raises:
            Refused: there is no such leverage, or what is held is too large for it.
        """
        account = self.desk.account
        if not 1 <= leverage <= BRACKETS[0].leverage:
            raise Refused(-4028, f"Leverage {leverage} is not valid")
        most = account.contracts[symbol].most_at(leverage)
        held = [abs(account.notional(place)) for place, _ in account.held() if place[0] == symbol]
        if any(one > most for one in held):
            raise refusals.too_much_at_leverage()
        account.leverage[symbol] = leverage

    def set_margin_type(self, symbol: str, margin_type: str) -> None:
        """Set a symbol's margin type.

        Raises:
            Refused: it is so already, or there are orders or a position.
        """
        account = self.desk.account
        if account.margin_type[symbol] == margin_type:
            raise Refused(-4046, "No need to change margin type.")
        if self.desk.open(symbol):
            raise Refused(-4047, "Margin type cannot be changed if there exists open orders.")
        if any(place[0] == symbol for place, _ in account.held()):
            raise Refused(-4048, "Margin type cannot be changed if there exists position.")
        account.margin_type[symbol] = margin_type

    def set_dual_side(self, dual: bool) -> None:
        """Set hedge or one-way mode.

        Raises:
            Refused: it is so already, or there are orders or positions.
        """
        account = self.desk.account
        if account.dual_side == dual:
            raise Refused(-4059, "No need to change position side.")
        if self.desk.all_open() or self.desk.waiting():
            raise Refused(-4067, "Position side cannot be changed if there exists open orders.")
        if account.held():
            raise Refused(-4068, "Position side cannot be changed if there exists position.")
        account.dual_side = dual

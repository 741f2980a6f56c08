"""One symbol's matching: the account's orders against the market's book and its prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from atms.sandbox.venue.desk import Desk
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.numbers import ZERO, down, text
from atms.sandbox.venue.orders import ALGO, WITH_LIMIT, Fill, Order
from atms.sandbox.venue.resting import Resting, Triggers, arm

_DONE = frozenset({"FILLED", "CANCELED", "EXPIRED", "REJECTED"})


class Matcher:
    """The account's orders on one symbol.

    The account's orders meet the market's book and prints, never each other.

    Attributes:
        over: called with an order when it is filled or has expired.
        resting: the account's orders on the book.
    """

    def __init__(self, market: Market, desk: Desk) -> None:
        self.market = market
        self.desk = desk
        self.over: list[Callable[[Order], None]] = []
        self.resting = Resting()
        self._triggers = Triggers()
        market.watchers.append(self)

    # ---- from the account -------------------------------------------------------------------
    def enter(self, order: Order) -> None:
        """Let an accepted order wait for its trigger, or trade and rest."""
        if order.type in ALGO and not order.working:
            arm(order, self.market.last, self.desk.clock.now())
            self._triggers.add(order)
            return
        limit = order.wish.price if order.type in WITH_LIMIT else None
        ladder = self.market.ladder
        if order.wish.tif == "FOK" and ladder.available(order.buys, limit) < order.qty:
            self.expire(order)
            return
        for level in ladder.against(order.buys, limit):
            qty = self._wanted(order, level[0], level[1])
            if qty <= ZERO:
                break
            ladder.take(level, qty)
            self._fill(order, level[0], qty, maker=False)
            if not order.is_open:
                return
        if limit is None and order.wish.quote_qty is not None:
            self._settle(order)
        elif limit is None or order.wish.tif == "IOC":
            self.expire(order)
        else:
            self.resting.add(order)
            self.market.touch()

    def leave(self, order: Order) -> None:
        """Take an order off the book and out of the triggers."""
        if order.type in WITH_LIMIT:
            self.resting.remove(order)
            self.market.touch()
        if order.type in ALGO:
            self._triggers.remove(order)

    def would_take(self, buys: bool, price: Decimal) -> bool:
        """Return whether a limit order would trade at once."""
        return self.market.ladder.available(buys, price) > ZERO

    def expire(self, order: Order) -> None:
        """End an order by its own rules."""
        self._end(order, "EXPIRED")
        self.desk.report(order, "EXPIRED")
        self.desk.truth.note("expire", **facts(order))
        self._tell_over(order)

    # ---- from the market --------------------------------------------------------------------
    def printed(self, market: Market, trade: Trade) -> None:
        """Fill what the print reaches, up to its quantity; then fire what it triggers."""
        left = trade.qty
        for order in self.resting.met(trade.price):
            if left <= ZERO:
                break
            if not order.is_open:  # its rival traded just now
                continue
            qty = self._reached(order, left)
            if qty <= ZERO:
                continue
            left -= qty
            assert order.wish.price is not None
            self._fill(order, order.wish.price, qty, maker=True)
            self.market.touch()
        for order in self._triggers.fired(trade.price, self.desk.clock.now()):
            if order.is_open:
                self.trigger(order)

    def closed(self, market: Market, klines: Sequence[Forming]) -> None:
        """Nothing: orders do not look at klines."""

    def trigger(self, order: Order) -> None:
        """Let a stop order work: it goes to the book as its limit or market order."""
        self._triggers.remove(order)
        self._drop_rivals(order)
        order.working, order.working_time = True, self.desk.clock.now()
        order.updated = order.working_time
        self.desk.report(order, "NEW")
        self.enter(order)

    # ---- inside -----------------------------------------------------------------------------
    def _wanted(self, order: Order, price: Decimal, offered: Decimal) -> Decimal:
        """Return how much of a level the order takes, and can pay."""
        symbol, wallet = order.symbol, self.desk.wallet
        if order.wish.quote_qty is not None:
            qty = min(offered, down((order.wish.quote_qty - order.cost) / price, symbol.step))
            order.qty = order.executed + qty
        else:
            qty = min(offered, order.left)
        each = price * (1 + self.desk.commission.on_top)  # what a buyer pays for one
        asset, due = (symbol.quote, qty * each) if order.buys else (symbol.base, qty)
        if wallet.can_pay(asset, due, order.lock):
            return qty
        held = wallet.free[asset] + (order.lock.amount if order.lock is not None else ZERO)
        return down(held / each if order.buys else held, symbol.step)

    def _reached(self, order: Order, left: Decimal) -> Decimal:
        """Return how much of a print an order that stands takes."""
        return min(left, order.left)

    def _fill(self, order: Order, price: Decimal, qty: Decimal, *, maker: bool) -> None:
        self._drop_rivals(order)
        first = not order.executed
        fill = self._book(order, price, qty, maker)
        if first:
            for call in self.desk.first_fills:
                call(order)
        by_quote = order.wish.quote_qty is not None
        order.status = "PARTIALLY_FILLED" if by_quote or order.left > ZERO else "FILLED"
        if order.status == "FILLED":
            self._end(order, "FILLED")
        elif order.lock is not None and order.lock.holders == 1:
            on_top = self.desk.commission.on_top
            self.desk.wallet.trim(order.lock, needed(order, self.market.last, on_top))
        self.desk.report(order, "TRADE", fill)
        self.desk.truth.note("fill", trade=fill.id, price=text(price), qty=text(qty),
                             fee=text(fill.fee), fee_asset=fill.fee_asset, maker=maker,
                             **facts(order))  # fmt: skip
        if order.status == "FILLED":
            self._tell_over(order)

    def _book(self, order: Order, price: Decimal, qty: Decimal, maker: bool) -> Fill:
        """Move the balances and note the fill."""
        symbol, wallet, desk = order.symbol, self.desk.wallet, self.desk
        fee, asset = desk.commission.of(symbol, order.buys, price, qty)
        cost = price * qty
        gives, takes = (symbol.quote, symbol.base) if order.buys else (symbol.base, symbol.quote)
        wallet.pay(gives, cost if order.buys else qty, order.lock)
        wallet.receive(takes, qty if order.buys else cost)
        wallet.pay(asset, fee, order.lock if asset == gives else None)
        order.executed += qty
        order.cost += cost
        order.updated = desk.clock.now()
        fill = Fill(
            id=desk.ids.trade(), order=order, price=price, qty=qty, fee=fee, fee_asset=asset,
            time=order.updated, maker=maker, seen_from=order.seen_from,
        )  # fmt: skip
        order.fills.append(fill)
        desk.fills.setdefault(symbol.name, []).append(fill)
        return fill

    def _settle(self, order: Order) -> None:
        """End a market order by quote quantity: filled if no more of it fits into a lot."""
        wish = order.wish
        assert wish.quote_qty is not None
        order.qty = order.executed
        last = order.fills[-1].price if order.fills else ZERO
        if not order.fills or wish.quote_qty - order.cost >= last * order.symbol.step:
            self.expire(order)
            return
        self._end(order, "FILLED")
        self._tell_over(order)

    def _drop_rivals(self, order: Order) -> None:
        for rival in order.group.rivals(order) if order.group is not None else ():
            self.expire(rival)

    def _end(self, order: Order, status: str) -> None:
        self.leave(order)
        order.status = status
        order.updated = self.desk.clock.now()
        if order.lock is not None:
            self.desk.wallet.release(order.lock)
            order.lock = None
        self.desk.close(order)

    def _tell_over(self, order: Order) -> None:
        for call in self.over:
            call(order)

    def end(self, order: Order, status: str) -> None:
        """Take an order out, without a word: the caller tells of it."""
        self._end(order, status)


def needed(order: Order, last: Decimal | None, on_top: Decimal = ZERO) -> Decimal:
    """Return what must be locked for what is left of *order*.

    Args:
        on_top: the share of the price that a buyer's commission adds to it.
    """
    if not order.buys:
        return order.left
    price = order.wish.price or order.wish.stop or last or ZERO
    return price * order.left * (1 + on_top)


def facts(order: Order) -> dict[str, object]:
    """Return what the venue's record says of an order."""
    return {
        "order": order.id, "client_id": order.own_id, "symbol": order.symbol.name,
        "side": order.side, "type": order.type, "status": order.status,
        "order_qty": text(order.qty), "executed": text(order.executed), "cost": text(order.cost),
    }  # fmt: skip

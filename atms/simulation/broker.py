"""Backtrader's simulated broker, with what a venue costs, and refusing what it would swallow."""

from __future__ import annotations

import math
from collections import deque
from datetime import timedelta
from typing import Any

import backtrader as bt

from atms.simulation.carrying import Charge
from atms.simulation.commission import Commission
from atms.simulation.costs import NO_PARTS, FillCosts, Parts, worsened
from atms.simulation.fees import OrderTotals, Tiered
from atms.simulation.gating import RiskWatch
from atms.simulation.holding_costs import HoldingCosts
from atms.simulation.liquidating import MarginWatch, held_of
from atms.simulation.liquidity import fillable
from atms.simulation.matching import Bar, Match, Place, match
from atms.simulation.orders import kind_of, limit_of, refusal_of, trails
from atms.simulation.rounds import Rounds, bar_of
from atms.simulation.settings import check_settings
from atms.simulation.stock_slippage import StockSlippage, slipped
from atms.simulation.surroundings import half_spread, impact_of, losses_elsewhere
from atms.simulation.traded import Traded

_Where = tuple[int, int, int | None]


class SimulatedBroker(bt.brokers.BackBroker):
    """Stock fills, cash and value, to the last bit, until a cost is asked for; see
    docs/simulation.md.

    One thing always differs: an order whose size is NaN raises where it is made. Stock rejects it
    as a lack of margin, and the strategy that computed the NaN runs on.

    Params:
        slippage: a :class:`Slippage`, or one by the data's name.
        impact: an :class:`Impact`.
        participation: the most of a bar's volume that fills, above 0 and at most 1.
        intrabar: data's name -> DataFrame of finer bars, its index each bar's end, with a zone.
        latency: a timedelta from an order's making to the first finer bar that it can fill on.
        rules: data's name -> :class:`Rules`.
        margin: a :class:`Margin`; leverage is the commission info's, with ``shortcash=False``.
        funding: a :class:`Funding`.
        borrow: annual rate on short positions.
        interest: an :class:`Interest`.
        limits: :class:`atms.risk.Limits`; what is refused is Rejected, with ``code``, ``limit``,
            ``value`` and ``reason`` in its ``info``.
        instruments: data's name -> what the limits call it, where that is not its name.

    Attributes:
        charges: every :class:`Charge`, deposits by ``add_cash`` too, in the order of booking.

    Raises:
        ValueError: at the start of a run, for what contradicts itself or has no data.
    """

    params = (
        ("slippage", None),
        ("impact", None),
        ("participation", None),
        ("intrabar", None),
        ("latency", timedelta(0)),
        ("rules", None),
        ("margin", None),
        ("funding", None),
        ("borrow", 0.0),
        ("interest", None),
        ("limits", None),
        ("instruments", None),
    )

    _fundval: float  # stock's, of its fund mode

    def init(self) -> None:
        """Begin anew, as stock does at the start of each run."""
        super().init()
        self.charges: list[Charge] = []
        self._in_round = False
        self._totals: dict[int, OrderTotals] = {}
        self._used: dict[_Where, float] = {}  # of the volume of a bar, with participation
        self._traded = Traded()
        self._risk: RiskWatch | None = None

    def start(self) -> None:
        """Check the settings against each other and the datas, and begin."""
        super().start()
        check_settings(self.p, self.cerebro.datas)
        self.rounds = Rounds(self.cerebro.datas, self.p.intrabar, self.p.latency)
        self._costs = HoldingCosts(self)
        margin = self.p.margin
        self._watch = MarginWatch(self, margin) if margin and margin.liquidates else None
        if self.p.limits is not None and self.p.limits.given:
            self._risk = RiskWatch(self, self.p.limits, self.p.instruments or {})
        ours = [info for info in self.comminfo.values() if isinstance(info, Commission)]
        for commission in ours:
            commission.price_of = self._price_of
        self._watches = any(
            (margin, self.p.intrabar, self.p.funding, self.p.borrow, self.p.interest)
        ) or any(isinstance(commission.p.conversion, str) for commission in ours)

    def next(self) -> None:
        """Match orders against the bar, or against the finer bars in it, one after the other."""
        self._in_round = True
        if self._watches:
            self._next_watching()
        else:
            super().next()
        self._in_round = False
        if self._risk is not None:
            self._risk.mark()

    def _next_watching(self) -> None:
        self.rounds.begin()
        self._costs.before()
        if self._watch:
            self._watch.before()
        if self.pending or self.submitted or self._toactivate:
            for _ in self.rounds.passes():
                self._match_only()
        super().next()
        if self._watch:
            self._watch.after()
        self._costs.after()
        self.rounds.end()
        self._get_value()

    def _match_only(self) -> None:
        """Match all orders once, without what a whole bar brings: futures' gains."""
        while self._toactivate:
            self._toactivate.popleft().activate()
        if self.p.checksubmit:
            self.check_submitted()
        self.pending.append(None)
        while (order := self.pending.popleft()) is not None:
            if order.expire():
                self.notify(order)
                self._ococheck(order)
                self._bracketize(order, cancel=True)
                continue
            if order.active():
                self._try_exec(order)
            if order.alive():
                self.pending.append(order)
            elif order.status == bt.Order.Completed:
                self._bracketize(order)

    def check_submitted(self) -> None:
        """Try the cost of new orders on the cash, by the tier of today."""
        for commission in self.comminfo.values():
            if isinstance(commission, Commission):
                commission.traded = self._traded_for(commission)
        super().check_submitted()

    @property
    def now(self) -> float:
        """The latest stamp of any data, float days."""
        return float(max(data.datetime[0] for data in self.cerebro.datas if len(data)))

    def charge(self, kind: str, data: Any, amount: float) -> None:
        """Move cash by something that is no fill; *data* is None for the account."""
        self.cash += amount
        name = None if data is None else data._name
        self.charges.append(Charge(self.now, kind, name, amount, self.cash))

    def _get_value(self, datas: Any = None, lever: bool = False) -> float:
        if not self._cash_addition:
            return self._worth(datas, lever)
        added = sum(self._cash_addition)  # booked by the valuation
        value = self._worth(datas, lever)
        if self._risk is not None:
            self._risk.moved(added)
        self.charges.append(Charge(self.now, "deposit", None, added, self.cash, self._in_round))
        return value

    def _worth(self, datas: Any, lever: bool) -> float:
        if self.p.margin is None or self.p.shortcash:
            value: float = super()._get_value(datas, lever)
            return value
        return self._margin_value(datas)

    def _margin_value(self, datas: Any) -> float:
        """Return the value of a margin account, or of some of its positions.

        Stock takes the absolute value of a short that lost more than it cost.
        """
        while self._cash_addition:
            added = self._cash_addition.popleft()
            self._fundshares += added / self._fundval
            self.cash += added
        held = [
            (held_of(self, data), data.close[0])
            for data in datas or self.positions
            if self.positions[data]
        ]
        worth = math.fsum(one.worth(close) for one, close in held)
        if datas and len(datas) == 1:  # by which targets are ordered: a short's is below zero
            return -worth if held and held[0][0].size < 0 else worth
        if datas:
            return worth
        value: float = self.cash + worth
        traded = math.fsum(abs(one.size) * close * one.multiplier for one, close in held)
        self._value = value
        self._fundval = self._value / self._fundshares
        self._valuemkt, self._valuemktlever = worth, traded
        self._valuelever = self.cash + traded
        self._leverage = traded / (worth or 1.0)
        self._unrealized = math.fsum(one.worth(close) - one.tied for one, close in held)
        return value

    # ---- orders in --------------------------------------------------------------------------

    def buy(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> bt.Order:
        """Place a buy order; ValueError if *size* is NaN or infinite."""
        return super().buy(owner, data, _checked(size), *args, **kwargs)

    def sell(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> bt.Order:
        """Place a sell order; ValueError if *size* is NaN or infinite."""
        return super().sell(owner, data, _checked(size), *args, **kwargs)

    def submit(self, order: bt.Order, check: bool = True) -> bt.Order:
        """Take an order in, or refuse what its instrument's rules or the limits do not allow."""
        rules = (self.p.rules or {}).get(order.data._name)
        # What the broker itself closes at the end or liquidates is taken as it is.
        reason = refusal_of(order, rules) if rules and check else ""
        if reason:
            if self._risk is not None:
                self._risk.gate.refused()
            self._refuse(order, order, reason=reason)
        elif check and self._risk is not None and order.transmit:
            self._submit_watched(order, self._risk)
        else:
            super().submit(order, check=check)
        return order

    def _submit_watched(self, order: bt.Order, risk: RiskWatch) -> None:
        """Ask for all orders that this one lets go."""
        kept = self._pchildren.get(order.parent.ref, ()) if order.parent is not None else ()
        group = [*(one for one in kept if one.status == bt.Order.Created), order]
        refusal = risk.refusal_of(group)
        if refusal is None:
            super().submit(order)
            return
        risk.gate.refused(refusal)
        self._refuse(
            order, group[0], reason=str(refusal), code=refusal.code, limit=refusal.limit,
            value=refusal.value,
        )  # fmt: skip

    def _refuse(self, order: bt.Order, culprit: bt.Order, reason: str, **info: Any) -> None:
        """Reject an order, and what waits for the last of its bracket: it would wait for ever."""
        group = [order]
        if order.parent is not None and (kept := self._pchildren.get(order.parent.ref)):
            group = [*(one for one in kept if one.status == bt.Order.Created), order]
            if len(group) > len(kept):
                del self._pchildren[order.parent.ref]
            else:  # the entry is on its way
                self._pchildren[order.parent.ref] = deque(one for one in kept if one not in group)
        for refused in group:
            why = reason if refused is culprit else f"another order of its bracket: {reason}"
            if said := refused.info.get("reason"):  # by the strategy, when it made the order
                refused.addinfo(why=said)
            refused.addinfo(reason=why, **info)
            refused.reject(self)
            self.notify(refused)

    def notify(self, order: bt.Order) -> None:
        """Tell the strategy of an order's new state."""
        super().notify(order)
        if self._risk is not None:
            self._risk.heard(order)

    def cancel_all(self) -> None:
        """Cancel every order, those that were not accepted yet too."""
        self.pending.extend(self.submitted)
        self.submitted.clear()
        for order in list(self.pending):
            self.cancel(order)

    # ---- orders against bars ----------------------------------------------------------------

    def _try_exec(self, order: bt.Order) -> None:
        if order.exectype == bt.Order.Historical:
            self.execute_whole(order, order.created.price)
        elif order.exectype == bt.Order.Close:
            if self.rounds.is_last:
                self._try_exec_close(order, bar_of(order.data).close)
        elif (bar := self.rounds.bar_for(order)) is not None:
            self._meet(order, bar)

    def _meet(self, order: bt.Order, bar: Bar) -> None:
        """Match an order against a bar, and fill it if it does."""
        created = order.created
        if order.exectype == bt.Order.Market:
            self._meet_market(order, bar)
            return
        was_triggered = order.triggered
        limit = limit_of(order)
        found = match(kind_of(order), order.isbuy(), created.price, limit, was_triggered, bar)
        order.triggered = found.triggered
        if found.price is not None:
            self._fill(order, found, limit, bar)
        if trails(order) and not was_triggered and order.alive():
            order.trailadjust(bar.close)

    def _meet_market(self, order: bt.Order, bar: Bar) -> None:
        if self.p.coc and order.info.get("coc", True):
            found = Match(order.created.pclose, Place.OPEN)
            self._fill(order, found, None, bar, dtcoc=order.created.dt)
        elif self.p.coo or order.data.datetime[0] > order.created.dt:
            self._fill(order, Match(bar.open, Place.OPEN), None, bar)

    def _try_exec_close(self, order: bt.Order, pclose: float) -> None:
        now = order.data.datetime[0]
        if order.created.dt < now >= order.dteos:
            late = bool(order.pannotated) and now > order.dteos  # the session ended before this bar
            price = order.pannotated if late else pclose
            if self.p.participation is not None:
                order.pannotated = None  # a rest waits for the next close
            self._fill(order, Match(price, Place.CLOSE), None, bar_of(order.data), ago=-late)
        else:
            order.pannotated = pclose

    def _fill(
        self, order: bt.Order, found: Match, limit: float | None, bar: Bar, ago: int = 0,
        dtcoc: float | None = None,
    ) -> None:  # fmt: skip
        """Work out size and price, and book."""
        reference = found.price
        assert reference is not None
        size = self._size(order, reference, bar, ago)
        if size == 0 and self.p.participation is not None:
            return
        if self.p.slippage is None and self.p.impact is None:
            price = slipped(found, order.isbuy(), limit, bar, self._stock_slippage())
            if price is not None:
                parts = Parts(slippage=abs(price - reference))
                self._book(order, found, price, parts, size, ago, dtcoc)
            return
        wanted = abs(order.executed.remsize) if size is None else size
        asked = NO_PARTS if found.maker else self._parts(order.data, reference, wanted, ago)
        if asked is not None:
            price, parts = worsened(reference, order.isbuy(), asked, limit)
            self._book(order, found, price, parts, size, ago, dtcoc)

    def _size(self, order: bt.Order, price: float, bar: Bar, ago: int) -> float | None:
        """Return how much fills; None: all of it, as stock has it without a filler."""
        size = None if self.p.filler is None else self.p.filler(order, price, ago)
        if self.p.participation is None:
            return size
        wanted = abs(order.executed.remsize) if size is None else size
        rules = (self.p.rules or {}).get(order.data._name)
        volume = bar.volume if not ago else order.data.volume[ago]
        used = self._used.get(self._where(order, ago), 0.0)
        return fillable(wanted, volume, self.p.participation, used, rules and rules.step)

    def _parts(self, data: Any, reference: float, size: float, ago: int) -> Parts | None:
        """Return what a taker pays a unit; None where nothing can fill."""
        slippage = self.p.slippage
        if isinstance(slippage, dict):
            slippage = slippage.get(data._name)
        spread = half_spread(data, ago) if slippage and slippage.half_spread else 0.0
        slip = slippage.amount(reference) if slippage else 0.0
        impact = impact_of(self.p.impact, data, reference, size, ago) if self.p.impact else 0.0
        return None if impact is None else Parts(spread, slip, impact)

    def _stock_slippage(self) -> StockSlippage:
        p = self.p
        return StockSlippage(
            p.slip_perc, p.slip_fixed, p.slip_open, p.slip_match, p.slip_limit, p.slip_out
        )

    # ---- booking ----------------------------------------------------------------------------

    def execute_whole(self, order: bt.Order, price: float) -> None:
        """Fill all of an order at *price*, whatever the bar holds, and without slippage."""
        self._book(order, Match(price, Place.CLOSE), price, NO_PARTS, None, 0, None)

    def _book(
        self, order: bt.Order, found: Match, price: float, parts: Parts, size: float | None,
        ago: int, dtcoc: float | None,
    ) -> None:  # fmt: skip
        """Let stock book a fill, and keep what it cost beside its execution bit."""
        commission = self.getcommissioninfo(order.data)
        ours = commission if isinstance(commission, Commission) else None
        totals = self._totals.get(order.ref, OrderTotals())
        if ours:
            ours.begin(found.maker, totals, self._traded_for(ours))
        bits, known = order.executed.exbits, len(order.executed.exbits)
        filler, self.p.filler = self.p.filler, None if size is None else lambda *_: size
        tied = losses_elsewhere(self, order.data) if self.p.margin else 0.0
        self.cash -= tied
        try:
            self._execute(order, ago=ago, price=price, dtcoc=dtcoc)
        finally:
            self.p.filler = filler
            if ours:
                ours.end()
        if tied:
            self.cash += tied
        if len(bits) == known:
            return
        units, mult = abs(bits[-1].size), commission.p.mult
        value = units * price * mult
        self._totals[order.ref] = OrderTotals(totals.size + units, totals.value + value)
        if self.p.participation is not None:
            where = self._where(order, ago)
            for place in {where, (*where[:2], None)}:  # a finer bar's volume is its bar's too
                self._used[place] = self._used.get(place, 0.0) + units
        self._traded.add(self.now, value)
        spread, slippage, impact = (part * units * mult for part in parts)
        reference = price if found.price is None else found.price
        bits[-1].costs = FillCosts(
            reference, spread, slippage, impact, found.maker, self.rounds.stamp_for(order)
        )

    def _where(self, order: bt.Order, ago: int) -> _Where:
        """Return which bar, or finer bar, an order fills on: data, bar, stamp of the finer one."""
        return id(order.data), len(order.data) + ago, self.rounds.stamp_for(order)

    def _traded_for(self, commission: Commission) -> float:
        schedule = commission.p.schedule
        if not isinstance(schedule, Tiered):
            return 0.0
        return self._traded.since(self.now - schedule.days)

    def _price_of(self, name: str) -> float:
        data = self.cerebro.datasbyname.get(name)
        if id(data) not in self.rounds.closes:
            raise ValueError(f"commission.conversion: {name} has no close yet, or is no data")
        return self.rounds.closes[id(data)]


def _checked(size: float) -> float:
    if not math.isfinite(size):
        raise ValueError(
            f"the order's size is {size}: a price, an indicator or a sizer behind it "
            "has no value yet"
        )
    return size

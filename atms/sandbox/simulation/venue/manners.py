"""How a simulated venue behaves when nothing goes wrong, and how long things take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from atms.stores.capabilities import Budget, Switch

Span = tuple[float, float]  # seconds, from and to: drawn evenly


@dataclass(frozen=True, kw_only=True)
class Delays:
    """Seconds that things take; a fault's length too.

    Attributes:
        out, back: a request's way to the venue, an answer's way home.
        stream: a fact's way down the private stream.
        timeout: how long a store waits for an answer.
        late_fact: how much later a fact is that comes late, out of order or again.
        silence: how long a stream stays without a word, or down.
        late_reject: after how long an accepted order is rejected.
        ban: how long a venue lets nothing through after too many requests.
        late_request: how much later than its time-out a request may still arrive.
    """

    out: Span = (0.005, 0.05)
    back: Span = (0.005, 0.05)
    stream: Span = (0.005, 0.2)
    timeout: float = 10.0
    late_fact: Span = (0.0, 4.0)
    silence: Span = (5.0, 60.0)
    late_reject: Span = (0.1, 3.0)
    ban: Span = (2.0, 20.0)
    late_request: Span = (0.0, 5.0)


@dataclass(frozen=True, kw_only=True)
class Manners:
    """A venue's rules.

    Attributes:
        unique: among which orders a key may not come again.
        execs: whether executions are numbered within an instrument or over the account.
        maker, taker: fees, shares of the value.
        fee_asset: what fees are paid in while it lasts; None: as *fee_in* says.
        fee_in: the currency of the price, or what the fill brings.
        fee_price: price of the fee asset in that currency.
        fee_lag: how much later than its fill a fee is told; None: with the fill.
        parts: into how many executions a taker's order falls at most.
        read_lag: how long an order may exist and not be shown.
        outcome_bound: after which what was not seen was not placed.
        refuses_passed: a stop whose trigger is passed already is refused; else it triggers.
        oco: what a part fill of one does to the others.
        cancels_together: taking one of an OCO back takes all back.
        legs_scale: a bracket's legs follow what their entry has opened.
        amend: whether a change keeps the venue's number.
        tells_refusals: a refused order is an order of its own, in the state REFUSED.
        margin: share of the value that a margin instrument binds.
        log: what the account's log promises.
        log_depth: how far back it reaches; None: for ever.
        page: how many executions a page of the log holds.
        heartbeat: seconds between words of an idle stream that tell the log's head; None: none.
        replays: the stream tells after a break what it would have told in it.
        renames_stops: a stop that triggers goes on under another number.
        budgets: what may be spent on ``orders`` and on ``requests``; else there is no limit.
        switch: the dead man's switch; what does not spare protection takes stops back too.
        omits_empty: there is no bar where nothing was traded.
        history_bars: of so many bars there is history; None: of all.
        closes: the market has hours, and halts.
    """

    unique: Literal["open", "forever", "none"] = "forever"
    buckets: Literal["net", "lots"] = "net"
    execs: Literal["instrument", "account"] = "account"
    maker: Decimal = Decimal("0.001")
    taker: Decimal = Decimal("0.001")
    fee_asset: str | None = None
    fee_in: Literal["quote", "received"] = "quote"
    fee_price: Decimal = Decimal(1)
    fee_lag: timedelta | None = None
    parts: int = 3
    read_lag: timedelta = timedelta(seconds=2)
    outcome_bound: timedelta = timedelta(seconds=60)
    refuses_passed: bool = True
    oco: Literal["cancel", "reduce"] = "cancel"
    cancels_together: bool = False
    legs_scale: bool = False
    amend: Literal["in_place", "replace", "no"] = "in_place"
    tells_refusals: bool = False
    margin: Decimal = Decimal("0.05")
    log: Literal["contiguous", "per_instrument", "window"] = "contiguous"
    log_depth: timedelta | None = None
    page: int = 50
    heartbeat: float | None = None
    replays: bool = False
    renames_stops: bool = False
    budgets: tuple[Budget, ...] = ()
    switch: Switch | None = None
    omits_empty: bool = False
    history_bars: int | None = None
    closes: bool = False

"""What must be true of what strategies saw and heard, beside what must be true of accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from atms.errors import AtmsError
from atms.sandbox.simulation.diary import FINAL, Diary, Noted
from atms.sandbox.simulation.protection import furthest, naked
from atms.sandbox.simulation.venue.records import Charged

if TYPE_CHECKING:
    from atms.execution.broker.winding_down import Policy
    from atms.risk import Limits
    from atms.running.trading import Trading
    from atms.sandbox.simulation.places import Place

_RANK = {"Submitted": 0, "Accepted": 1, "Partial": 2, **dict.fromkeys(FINAL, 3)}
_CLOSE = 1e-9  # of a value
_STEP = 0.001  # by less than which a size is rounded


@dataclass
class Ran:
    """What there was of a process.

    Attributes:
        born: when it began; *start*: from when on it asked for bars; *starts*: by its datas, where
            they asked differently.
        zone: in which its strategies read times.
        died_at: at which step it was killed; empty: at a time of its own.
        how: ended, killed, broken (by what the strategy *raised*), failed (by an error of ours).
    """

    diary: Diary
    born: datetime
    start: datetime = datetime(1, 1, 1, tzinfo=UTC)
    starts: dict[str, datetime] = field(default_factory=dict)
    zone: str = "UTC"
    how: str = ""
    died_at: str = ""
    error: AtmsError | None = None
    raised: BaseException | None = None
    cerebro: Any = None
    trading: Trading | None = None
    strategies: list[Any] = field(default_factory=list)


def run_violations(
    places: Sequence[Place], ran: Sequence[Ran], limits: Limits | None, policy: Policy
) -> list[str]:
    """Return everything that is not true, in words.

    Args:
        limits: of the risk gate.
        policy: what became of orders and positions when a process ended in order.
    """
    found = [*_within_limits(places, limits), *_protected(places, ran, policy)]
    for one in ran:
        words = [
            *_told_legally(one), *_whole(places, one), *_bars_in_order(places, one),
            *_only_live(one),
        ]  # fmt: skip
        found += [f"process {one.diary.life}: {line}" for line in words]
    last = ran[-1]
    if last.how != "ended":
        return [*found, f"I11: the last process has {last.how}: {last.error}"]
    return [
        *found,
        *_positions(places, last),
        *_value(places, last),
        *_trades(last),
        *_orders_of_the_venue(places, last),
        *_executed(places, last),
        *_charged(places, last),
        *_taken_back(last),
    ]


# ---- what was told ------------------------------------------------------------------------------
def _told_legally(ran: Ran) -> Iterator[str]:
    for noted in ran.diary.orders.values():
        statuses = [status for status, _ in noted.told]
        ranks = [_RANK.get(status, -1) for status in statuses]
        ends = sum(status in FINAL for status in statuses)
        twice = [name for name in ("Submitted", "Accepted") if statuses.count(name) > 1]
        if ranks != sorted(ranks) or -1 in ranks or ends > 1 or twice:
            yield f"I13: order {noted.number} was told {' '.join(statuses)}"


def _only_live(ran: Ran) -> Iterator[str]:
    for noted in ran.diary.orders.values():
        if noted.made and not noted.live and noted.key:
            yield f"I14: order {noted.number} was made on a bar of the past, and sent"


def _bars_in_order(places: Sequence[Place], ran: Ran) -> Iterator[str]:
    for place in places:
        for name in place.names:
            true = {bar.close_at: bar for bar in place.true_bars(name)}
            for (strategy, data), seen in ran.diary.bars.items():
                if data not in place.shown(name):
                    continue
                stamps = [_round(one.at) for one in seen]
                where = f"I14: {strategy}: {name}"
                if stamps != sorted(set(stamps)):
                    yield f"{where}: bars twice or out of order"
                owed = _owed(true, ran.starts.get(data, ran.start), stamps)
                for at in sorted({*owed} ^ {*stamps}):
                    yield f"{where}: the bar of {at:%H:%M:%S} was {_how(at, stamps)}"
                for one, at in zip(seen, stamps, strict=True):
                    bar = true.get(at)
                    told = (bar.open, bar.high, bar.low) if bar else ()
                    if tuple(map(float, told)) != one.values[:3] and bar:
                        yield f"{where}: the bar of {at:%H:%M:%S} is {one.values}"
                    if one.live and (at <= ran.born or one.status != "LIVE"):
                        yield f"{where}: the bar of {at:%H:%M:%S} was live, and is of the past"


def _owed(true: Iterable[datetime], start: datetime, stamps: list[datetime]) -> list[datetime]:
    """Return the bars that should have been seen: up to the last that was, or was to be."""
    last = max(stamps, default=start)  # once: a process may have thousands of bars
    return [at for at in true if start < at <= last]


def _how(at: datetime, stamps: Sequence[datetime]) -> str:
    return "never true" if at in stamps else "not seen"


def _round(at: datetime) -> datetime:
    """Return Backtrader's time without what its floats have lost; it writes midnight as before."""
    seconds = round(at.timestamp() + 0.0005)
    return datetime.fromtimestamp(seconds, UTC)


# ---- what the venue's history tells -------------------------------------------------------------
def _within_limits(places: Sequence[Place], limits: Limits | None) -> Iterator[str]:
    if limits is None:
        return
    for place in places:
        for name in place.names:
            opening = place.held if name == place.names[0] and not place.ignored else Decimal(0)
            most, went = limits.position(name), furthest(place.venue, name, opening)
            if most is not None and went > most:
                yield f"I7: {name}: a position of {went}, and the limit is {most}"


def _protected(places: Sequence[Place], ran: Sequence[Ran], policy: Policy) -> Iterator[str]:
    dropped = {noted.key for one in ran for noted in one.diary.orders.values() if noted.dropped} - {
        ""
    }
    if policy != "leave" and any(one.how in ("ended", "broken") for one in ran[:-1]):
        return  # which takes orders back, too
    for place in places:
        for key, long in naked(place.venue, dropped):
            yield f"I6: what {key} opened was naked for {long.total_seconds():g} s"


# ---- what is held -------------------------------------------------------------------------------
def _positions(places: Sequence[Place], ran: Ran) -> Iterator[str]:
    broker = ran.cerebro.broker
    for place in places:
        books = place.lives[-1].core.state.books
        for name in place.names:
            data = ran.cerebro.datasbyname[place.shown(name)[0]]
            shown, true = broker.getposition(data).size, place.qty(name)
            if shown != float(true):
                yield f"I7: {name}: position {shown} in Backtrader, and it is {true}"
            if books.qty(name) != true:
                yield f"I7: {name}: position {books.qty(name)} in the books, and it is {true}"


def _value(places: Sequence[Place], ran: Ran) -> Iterator[str]:
    broker = ran.cerebro.broker
    cash = sum(float(place.venue.holdings.balances[place.base]) for place in places)
    worth = 0.0
    for place in places:
        for name in place.names:
            data = ran.cerebro.datasbyname[place.shown(name)[0]]
            worth += place.worth(name, float(data.close[0])) if len(data) else 0.0
    if abs(broker.getcash() - cash) > _CLOSE * abs(cash):
        yield f"I7: cash {broker.getcash()!r}, and it is {cash!r}"
    if abs(broker.getvalue() - cash - worth) > _CLOSE * abs(cash):
        yield f"I7: value {broker.getvalue()!r}, and it is {cash + worth!r}"


def _trades(ran: Ran) -> Iterator[str]:
    """The open trades of all strategies add up to the position, over all datas that share it."""
    broker = ran.cerebro.broker
    together: dict[str, list[Any]] = {}
    for data in ran.cerebro.datas:
        together.setdefault(broker._route(data).instrument, []).append(data)
    for datas in together.values():
        held = sum(
            trades[-1].size
            for strategy in ran.strategies
            for data in datas
            for trades in strategy._trades.get(data, {}).values()
            if trades
        )
        position = broker.getposition(datas[0]).size
        if abs(held - position) > _CLOSE:
            yield f"I7: {datas[0]._name}: trades of {held}, and a position of {position}"


# ---- orders -------------------------------------------------------------------------------------
def _orders_of_the_venue(places: Sequence[Place], ran: Ran) -> Iterator[str]:
    shown = {str(order.info.get("key") or order.ref) for order in _open(ran)}
    true = {
        _whose(place, order.key)
        for place in places
        for order in place.venue.open_orders()
        if order.ticket.instrument in place.names and not order.foreign
    }
    for place in places:  # orders that are planned stand with the account
        true |= {plan.key for plan in place.lives[-1].core.state.open_plans()}
    for key in sorted(shown - true):
        yield f"I13: order {key} is open in Backtrader, and not at the venue"
    for key in sorted(true - shown):
        yield f"I13: order {key} is open at the venue, and not in Backtrader"
    for noted in ran.diary.orders.values():
        if noted.made and noted.order.alive() and noted.key not in true:
            yield f"I13: order {noted.number} is alive, and not at the venue"


def _taken_back(ran: Ran) -> Iterator[str]:
    """What a strategy has taken back does not stand, though it was under way just then."""
    for noted in ran.diary.orders.values():
        if noted.dropped and noted.order.alive():
            yield f"I13: order {noted.number} ({noted.key}) was taken back, and stands"


def _whole(places: Sequence[Place], ran: Ran) -> Iterator[str]:
    """What is told as completed has filled whole; a leg, as much as it protected."""
    coarser = {
        name: 2 * float(place.profile.qty_step)  # of which a size is rounded down to whole ones
        for place in places
        for name in place.names
        if place.venue.chance.hits["rules_change"]
    }
    for noted in ran.diary.orders.values():
        order = noted.order
        if not noted.made or order.parent is not None or order.oco is not None:
            continue
        for status, size in noted.told:
            short = abs(size - order.created.size)
            if status == "Completed" and short >= coarser.get(noted.data, _STEP):
                yield f"I13: order {noted.number} was told as completed with {size}"


def _open(ran: Ran) -> list[Any]:
    found: list[Any] = ran.cerebro.broker.get_orders_open()
    return found


def _whose(place: Place, key: str | None) -> str:
    """Return the key of the strategy's order that a venue's one is, or works for."""
    order = place.lives[-1].core.state.orders.get(key or "")
    return (order.intended.serves if order is not None else "") or key or ""


def _executed(places: Sequence[Place], ran: Ran) -> Iterator[str]:
    """What an order was told, with what was told in its stead, is what the venue has filled."""
    filled: dict[str, float] = {}
    for place in places:
        for row in place.venue.executions.values():
            if row.key:
                key, size = _whose(place, row.key), row.side * float(row.qty)
                filled[key] = filled.get(key, 0.0) + size
    told: dict[str, float] = {}
    by_ref = {ref: noted.key for ref, noted in ran.diary.orders.items()}
    for noted in ran.diary.orders.values():
        if noted.told:
            key = noted.key if noted.instead is None else by_ref[noted.instead]
            told[key] = told.get(key, 0.0) + noted.told[-1][1]
    for noted in ran.diary.orders.values():
        if noted.told and (noted.made or noted.order.info.get("adopted")):
            right, heard = filled.get(noted.key, 0.0), told[noted.key] if noted.key else 0.0
            if abs(right - heard) > _CLOSE:
                yield _unlike(noted, right, heard)


def _charged(places: Sequence[Place], ran: Ran) -> Iterator[str]:
    """What an order has cost is what the venue took for it, though that came later."""
    instead = {noted.instead for noted in ran.diary.orders.values()}
    for place in places:
        if place.profile.manners.fee_lag is None:
            continue
        shown = {data for name in place.names for data in place.shown(name)}
        taken: dict[str, float] = {}
        for record in place.venue.history:
            if isinstance(record, Charged):
                key = _whose(place, record.key)
                taken[key] = taken.get(key, 0.0) + float(record.fee.amount)
        for noted in ran.diary.orders.values():
            if noted.made and noted.data in shown and noted.order.ref not in instead:
                right, told = taken.get(noted.key, 0.0), noted.order.executed.comm
                if noted.key and abs(right - told) > _CLOSE:
                    yield f"I8: order {noted.number} ({noted.key}) cost {right}, and has {told}"


def _unlike(noted: Noted, right: float, heard: float) -> str:
    return f"I13: order {noted.number} ({noted.key}) was told {heard}, and has filled {right}"

"""What the venue holds and the books do not explain: found out, and dealt with by policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from atms.execution.core import comparing
from atms.execution.core.asking import Off
from atms.execution.core.books import Place
from atms.execution.core.records import CashBooked, Opened
from atms.execution.core.step import Step
from atms.stores.facts import BalanceFact, BucketFact, Part, Snapshot

IN_A_ROW = 3  # comparisons that must differ: one alone may be late
_DUST = Decimal("0.00000001")  # what a venue rounds away of a balance
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class _Excess:
    """What the venue holds more than the books, below 0: less; *price*: as the venue tells it."""

    qty: Decimal
    price: Decimal | None = None


def compare(step: Step, snapshot: Snapshot, *, first: bool) -> None:
    """Compare positions and cash; *first*: nothing was taken as given yet."""
    asking = step.core.asking
    for instrument, off in _positions(step, snapshot).items():
        if instrument in asking.brought:
            continue
        if off:
            _differs(step, instrument, off, snapshot.at, first=first)
        else:
            _agrees(step, instrument)
    if Part.BALANCES in snapshot.parts and not first:
        _cash(step, snapshot)


# ---- positions ----------------------------------------------------------------------------------
def _positions(step: Step, snapshot: Snapshot) -> dict[str, dict[Place, _Excess]]:
    """Return by instrument what differs; one that could not be compared is left out."""
    if Part.BUCKETS in snapshot.parts:
        return _by_bucket(step, snapshot)
    if Part.BALANCES in snapshot.parts and not step.core.asking.buckets_told:
        return _by_balance(step, snapshot)
    return {}


def _by_bucket(step: Step, snapshot: Snapshot) -> dict[str, dict[Place, _Excess]]:
    books = step.state.books
    ours = {place: one.qty for place, one in books.positions().items()}
    for place, qty in books.ignored.items():
        ours[place] = ours.get(place, _NOTHING) + qty
    theirs = {
        (fact.instrument, fact.bucket): fact
        for fact in snapshot.facts
        if isinstance(fact, BucketFact)
    }
    found: dict[str, dict[Place, _Excess]] = {name: {} for name in step.core.traded()}
    for place in sorted({*ours, *theirs}):
        fact = theirs.get(place)
        qty = (fact.qty if fact else _NOTHING) - ours.get(place, _NOTHING)
        if qty and place[0] in found:
            found[place[0]][place] = _Excess(qty, fact.price if fact else None)
    return found


def _by_balance(step: Step, snapshot: Snapshot) -> dict[str, dict[Place, _Excess]]:
    """A balance is the position of the first instrument of its asset, if it is no currency's."""
    ours, theirs = step.state.books.balances(), _totals(snapshot)
    found: dict[str, dict[Place, _Excess]] = {}
    for asset, instrument in step.core.stocks().items():
        if asset in step.core.asking.brought:
            continue
        qty = theirs.get(asset, _NOTHING) - ours.get(asset, _NOTHING)
        place = (instrument.id, "net")
        found[instrument.id] = {place: _Excess(qty)} if abs(qty) >= _DUST else {}
    return found


def _differs(
    step: Step, instrument: str, off: Mapping[Place, _Excess], at: datetime, *, first: bool
) -> None:
    core, differed = step.core, step.core.asking.differed
    times = differed[instrument] = differed.get(instrument, 0) + 1
    policy = core.terms.unknown_position
    if times < IN_A_ROW and not first:
        if instrument not in core.halted:
            comparing.again(step, pause=True)
        return
    if first and _is_dust(step, instrument, off):
        policy = "ignore"
    text = ", ".join(f"{bucket} {one.qty:+f}" for (_, bucket), one in off.items())
    if policy == "halt":
        core.doubted.discard(instrument)
        core.asking.halted.add(instrument)
        step.halt(instrument, _halted(text))
        return
    why = "adopted" if policy == "adopt" else "ignored"
    for (name, bucket), one in off.items():
        step.record(
            Opened(
                instrument=name, bucket=bucket, qty=one.qty, price=one.price, at=at,
                why=why, asset=_asset(step, name),  # type: ignore[arg-type]
            )
        )  # fmt: skip
    step.notice(why, instrument, f"held, and not explained by the journal: {text}")
    _agrees(step, instrument)


def _agrees(step: Step, instrument: str) -> None:
    core = step.core
    core.asking.differed.pop(instrument, None)
    core.doubted.discard(instrument)
    if instrument in core.asking.halted:
        core.asking.halted.discard(instrument)
        del core.halted[instrument]
        step.notice("resumed", instrument, "books and venue agree again")


def _is_dust(step: Step, instrument: str, off: Mapping[Place, _Excess]) -> bool:
    """Return whether all of it is less than can be traded."""
    listed = step.core.instruments.get(instrument)
    return listed is not None and all(abs(one.qty) < listed.qty_step for one in off.values())


def _asset(step: Step, instrument: str) -> str:
    listed = step.core.instruments.get(instrument)
    return listed.base if listed is not None and listed.cash == "exchange" else ""


def _halted(text: str) -> str:
    return (
        f"the venue holds what the journal does not explain ({text}); set unknown_position to "
        "adopt (it is a position then) or to ignore (it is left alone), or trade it away there"
    )


# ---- cash ---------------------------------------------------------------------------------------
def _cash(step: Step, snapshot: Snapshot) -> None:
    """Book as it is what stays different by the same amount for long."""
    asking = step.core.asking
    ours, theirs = step.state.books.balances(), _totals(snapshot)
    for asset in _assets(step):
        if asset in asking.brought:
            continue
        amount = theirs.get(asset, _NOTHING) - ours.get(asset, _NOTHING)
        seen = asking.off.get(asset)
        if abs(amount) < _DUST:
            asking.off.pop(asset, None)
        elif seen is None or seen.amount != amount:
            asking.off[asset] = Off(amount, step.now)
        else:
            seen.times += 1
            if seen.times >= IN_A_ROW and step.now - seen.since >= _patience(step):
                _take_as_given(step, asset, amount, snapshot.at)


def _take_as_given(step: Step, asset: str, amount: Decimal, at: datetime) -> None:
    del step.core.asking.off[asset]
    step.record(
        CashBooked(
            id=f"differs:{asset}:{at.isoformat()}", asset=asset, amount=amount, instrument=None,
            kind="other", at=at,
        )
    )  # fmt: skip
    text = f"{asset}: the venue holds {amount:+f} other than the books; it is booked as it is"
    step.notice("cash_differs", text=text)


def _assets(step: Step) -> list[str]:
    """Return what is paid with: neither an asset that is a position nor one of no matter here."""
    core = step.core
    listed = core.instruments.values()
    paid = {one.quote for one in listed} | {one.settle for one in listed}
    return sorted((paid | step.state.books.fee_assets) - core.stocks().keys())


def _patience(step: Step) -> timedelta:
    """Return for how long fees and what may be undone can be on their way."""
    capabilities = step.core.capabilities
    assert capabilities is not None
    finality = capabilities.finality or timedelta(0)
    return max(capabilities.outcome_bound, finality + capabilities.read_lag)


def _totals(snapshot: Snapshot) -> dict[str, Decimal]:
    return {fact.asset: fact.total for fact in snapshot.facts if isinstance(fact, BalanceFact)}

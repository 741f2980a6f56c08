"""Snapshots: what the venue shows, against what is in the books."""

from __future__ import annotations

from datetime import timedelta

from atms.execution.core import differing, hearing, resolving
from atms.execution.core.events import SnapshotRead
from atms.execution.core.records import Baseline, OpeningCash
from atms.execution.core.step import Step
from atms.stores.facts import BalanceFact, OrderFact, Part, Snapshot


def snapshot_read(step: Step, event: SnapshotRead) -> None:
    """Keep a snapshot until the log after it is read: only then it can be compared."""
    asking, terms = step.core.asking, step.core.terms
    asking.snapshot = None
    if event.snapshot is None:
        asking.snapshot_wanted = True
        asking.fail(step.now, terms.retry, terms.longest)
        return
    asking.found, asking.follows, asking.log_wanted = event, False, True
    asking.buckets_told |= Part.BUCKETS in event.snapshot.parts
    for fact in event.snapshot.facts:
        if isinstance(fact, OrderFact):
            hearing.hear(step, fact)


def compare_if_quiet(step: Step) -> None:
    """Compare the snapshot that is here, unless the account has changed since it was taken."""
    core, asking = step.core, step.core.asking
    found = asking.found
    assert found is not None
    assert found.snapshot is not None
    if not asking.follows:  # this read of the log was begun before the snapshot came
        asking.log_wanted = True
        return
    asking.found = None
    whole = core.ready or _is_whole(step, found.snapshot)
    first = step.state.baseline is None
    if not whole or (first and asking.brought):
        again(step, pause=not whole)
        return
    differing.compare(step, found.snapshot, first=first)
    if first:
        _open(step, found.snapshot)
    _missing_orders(step, found.snapshot)
    if asking.brought & {*core.traded()}:
        again(step, pause=False)
    elif not core.ready:
        core.ready = True  # it is told when the step is done
        core.doubted = set(asking.differed)


def again(step: Step, *, pause: bool) -> None:
    """Have another snapshot taken; *pause*: the venue has to bring it up to date first."""
    asking, core = step.core.asking, step.core
    assert core.capabilities is not None
    asking.snapshot_wanted = asking.log_wanted = True
    if pause:
        wait: timedelta = max(core.terms.retry, core.capabilities.read_lag)
        asking.log_again = step.now + wait


def _is_whole(step: Step, snapshot: Snapshot) -> bool:
    """Return whether a snapshot answers all that the venue can: some know no positions."""
    needed = {Part.ORDERS, Part.BALANCES}
    listed = step.core.instruments.values()
    if step.core.asking.buckets_told or any(one.cash == "margin" for one in listed):
        needed.add(Part.BUCKETS)
    return needed <= snapshot.parts


def _open(step: Step, snapshot: Snapshot) -> None:
    """Take as given what there is of each asset, less what is in the books already."""
    stocks = step.core.stocks()
    balances = step.state.books.balances()
    for one in snapshot.facts:
        if isinstance(one, BalanceFact) and one.asset not in stocks:
            total = one.total - balances.get(one.asset, 0)
            step.record(OpeningCash(asset=one.asset, total=total, at=snapshot.at))
    step.record(Baseline(at=step.now))


def _missing_orders(step: Step, snapshot: Snapshot) -> None:
    """Look up what should be open and is not shown."""
    if Part.ORDERS not in snapshot.parts:
        return
    shown = {
        order.key
        for fact in snapshot.facts
        if isinstance(fact, OrderFact)
        and (order := step.state.find(fact.key, fact.refs)) is not None
    }
    for order in step.state.open_orders():
        if order.key not in shown and order.known:
            resolving.look_at_once(step, order)

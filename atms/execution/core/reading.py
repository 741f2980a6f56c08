"""The account's log: read again and again, and what it settles."""

from __future__ import annotations

from datetime import timedelta

from atms.execution.core import comparing, hearing, resolving
from atms.execution.core.events import LogRead, ReadLog, ReadSnapshot, Wake
from atms.execution.core.records import ReadTo
from atms.execution.core.step import Step
from atms.stores.facts import State


def ask_what_is_due(step: Step) -> None:
    """Ask the venue for everything that is due, and to be woken for what is not yet."""
    core, asking = step.core, step.core.asking
    if core.capabilities is None:
        return
    resolving.cancel_what_was_not_heard(step)
    if asking.holds(step.now):
        assert asking.hold is not None
        step.then(Wake(at=asking.hold))
        return
    later = [due for order in step.state.pursued() if (due := resolving.look_if_due(step, order))]
    if later:
        step.then(Wake(at=min(later)))
    due = asking.log_again or (asking.complete + core.terms.poll if asking.complete else step.now)
    if asking.log is None and (asking.log_wanted or step.now >= due):
        if asking.log_again is not None and step.now < asking.log_again:
            step.then(Wake(at=asking.log_again))
            return
        asking.log, asking.log_wanted, asking.log_again = step.now, False, None
        asking.follows = asking.found is not None
        step.then(ReadLog(after=step.state.cursor, instruments=core.asked()))
    elif asking.log is None:
        step.then(Wake(at=due))


def log_read(step: Step, event: LogRead) -> None:
    """Book a page, and go on until there is no more."""
    asking, page, terms = step.core.asking, event.page, step.core.terms
    if page is None:
        asking.log = None
        asking.fail(step.now, terms.retry, terms.longest)
        return
    asking.answered()
    for fact in page.facts:
        hearing.hear(step, fact)
    if page.next != step.state.cursor:
        step.record(ReadTo(cursor=page.next))
    if page.gap_until is not None:
        asking.snapshot_wanted = True
        step.notice(
            "log_gap", text=f"the venue tells nothing before {page.gap_until:%Y-%m-%d %H:%M}"
        )
    if page.more:
        step.then(ReadLog(after=page.next, instruments=step.core.asked()))
        return
    asking.complete, asking.log = asking.log, None
    _settle_what_waits(step)
    if asking.found is not None:
        comparing.compare_if_quiet(step)
    elif asking.snapshot is None and (asking.snapshot_wanted or _check_is_due(step)):
        asking.checked = step.now
        asking.snapshot, asking.snapshot_wanted, asking.brought = step.now, False, set()
        step.then(ReadSnapshot(instruments=step.core.asked()))


def _check_is_due(step: Step) -> bool:
    checked = step.core.asking.checked
    return checked is not None and step.now - checked >= step.core.terms.check


def _settle_what_waits(step: Step) -> None:
    """End the orders whose last fills had the time to come."""
    core, complete = step.core, step.core.asking.complete
    assert core.capabilities is not None
    for key, since in list(core.waiting.items()):
        order = step.state.orders[key]
        if order.pending and core.undoable(final=False):
            continue
        passed = complete - since if complete is not None else timedelta(-1)
        if passed < timedelta(0):
            core.asking.log_wanted = True
            continue
        missing = order.owed is not None and order.accounted < order.owed
        filled = order.stands is not None and order.stands.state is State.FILLED
        less = filled and order.accounted < order.whole
        if passed > core.capabilities.read_lag and not missing and not less:
            hearing.end(step, order)
        elif passed > core.capabilities.outcome_bound:
            if order.follows and order.owed is not None and not missing:
                hearing.end(step, order)  # the size that was told is not what it was cut down to
                continue
            instrument = order.ticket.instrument
            step.halt(instrument, f"order {key}: the venue shows less fills than it told")

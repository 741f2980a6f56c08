"""The audit before a run: what is wrong with the bars stops it, or is told."""

from __future__ import annotations

from atms.config import FeedSection
from atms.errors import DataError, UnknownName
from atms.feeds.audit import Audit, compare, examine
from atms.feeds.calendars import canonical
from atms.feeds.raw import RawBars, mended, within
from atms.running.plan import Plan


def audited(raw: RawBars, feed: FeedSection, plan: Plan) -> RawBars:
    """Examine the bars of the time range, keep what was found, and return bars that may be run.

    Raises:
        DataError: the audit fails, and ``data.audit`` is ``fail``.
        UnknownName: there is no such calendar.
    """
    check_calendar(feed)
    part = within(raw, plan.config.run.timerange)
    audit = examine(part, calendar=feed.calendar, stamp=feed.stamp or raw.stamp)
    plan.audits.append(audit)
    if plan.config.data.audit == "fail":
        if audit.verdict == "fail":
            raise DataError(_failed(audit, raw))
        plan.warnings.extend(_told(audit, "warn"))
        return raw
    plan.warnings.extend([*_told(audit, "fail"), *_told(audit, "warn")])
    return mended(raw)  # what lies outside the range too


def check_calendar(feed: FeedSection) -> None:
    """Refuse a calendar that there is none of.

    Raises:
        UnknownName: with the feed.
    """
    try:
        canonical(feed.calendar)
    except UnknownName as error:
        raise UnknownName(f"data.feeds.{feed.name}: {error}") from None


def audit_together(plan: Plan, read: dict[str, RawBars]) -> None:
    """Warn of feeds of one symbol and timeframe whose closes disagree."""
    sections = {feed.name: feed for feed in plan.config.data.feeds}
    names = list(read)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            same = sections[one].symbol == sections[other].symbol
            if not same or read[one].step != read[other].step:
                continue
            finding = compare(read[one], read[other])
            if finding.verdict == "warn":
                plan.warnings.append(f"{one} and {other} disagree: {finding.detail}")


def _told(audit: Audit, verdict: str) -> list[str]:
    found = [one for one in audit.problems() if one.verdict == verdict]
    if not found:
        return []
    more = "; ".join(one.detail for one in found)
    return [f"data audit of {audit.feed}: {more}"]


def _failed(audit: Audit, raw: RawBars) -> str:
    lines = [f"{raw.where}: the data audit fails:"]
    for one in audit.problems():
        if one.verdict == "fail":
            lines.append(f"{one.check}: {one.detail}, first at {one.first}")
    lines.append(
        "mend the source (all that is found: python -m atms data check), or run it all the same: "
        "data.audit: warn"
    )
    return "\n".join(lines)

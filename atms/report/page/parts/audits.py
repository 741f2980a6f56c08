"""What the audit found in the bars, feed by feed."""

from __future__ import annotations

from atms.report.page.blocks import Block, Column, Section, Table, Text
from atms.report.page.parts.given import Given, counted

_LISTED = 500  # findings


def audits(given: Given) -> Section:
    """Return the audits, and what of their findings is worth a look."""
    found = given.result.audit
    if not found:
        said = "No audit was kept: the bars came from no source that is audited, or it is gone."
        return Section("audit-section", "Data audit", [Text(said)])
    columns = (
        Column("feed", "Feed"),
        Column("verdict", "Verdict"),
        Column("bars", "Bars", "count"),
        Column("first", "First"),
        Column("last", "Last"),
        Column("timeframe", "Timeframe"),
        Column("calendar", "Calendar"),
        Column("problems", "Problems", "count"),
    )
    rows = [
        [one.feed, one.verdict, one.bars, *one.span, one.timeframe, one.calendar,
         len(one.problems())]
        for one in found
    ]  # fmt: skip
    feeds = Table("audits", "Audited feeds", columns, rows, tall=len(rows) > 20)
    return Section("audit-section", "Data audit", [feeds, *_findings(given)])


def _findings(given: Given) -> list[Block]:
    rows = [
        [audit.feed, one.check, one.verdict, one.count, one.first, one.detail]
        for audit in given.result.audit
        for one in audit.findings
        if one.count or one.verdict in ("warn", "fail")
    ]
    checks = sum(len(audit.findings) for audit in given.result.audit)
    if not rows:
        return [Text(f"{counted(checks, 'check')} found nothing.", "good")]
    columns = (
        Column("feed", "Feed"),
        Column("check", "Check"),
        Column("verdict", "Verdict"),
        Column("count", "Bars", "count"),
        Column("first", "First"),
        Column("detail", "Detail"),
    )
    note = f"{counted(checks - len(rows), 'other check')} found nothing."
    if len(rows) > _LISTED:
        note += f" The first {_LISTED} of {len(rows):,} findings; audit.json has them all."
    found = Table("findings", "Findings", columns, rows[:_LISTED], note=note, tall=len(rows) > 20)
    return [found]

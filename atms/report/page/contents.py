"""Everything that a run's page says: title, verdicts, the eight numbers, and its sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atms.report.page.blocks import Contents
from atms.report.page.parts.appendix import appendix
from atms.report.page.parts.audits import audits
from atms.report.page.parts.badges import badges
from atms.report.page.parts.bootstrap import bootstrap
from atms.report.page.parts.costs import costs
from atms.report.page.parts.crises import crises
from atms.report.page.parts.curves import equity, exposure, price
from atms.report.page.parts.drawdowns import drawdowns
from atms.report.page.parts.funnels import funnel
from atms.report.page.parts.given import Given
from atms.report.page.parts.header import about, title
from atms.report.page.parts.orders import orders
from atms.report.page.parts.periods import periods
from atms.report.page.parts.robustness import robustness
from atms.report.page.parts.strip import strip
from atms.report.page.parts.trades import trades
from atms.report.summary import json_safe

if TYPE_CHECKING:
    from atms.result import Result


def contents(result: Result, *, config_text: str = "", missing: Sequence[str] = ()) -> Contents:
    """Return what the page of a run says.

    Figures are those of ``result.metrics``; what is worked out beside them (months, drawdowns,
    intervals) is of the same sampled wealth.

    Args:
        result: the run, fresh, or read from its folder or the ledger.
        config_text: its whole config, as a file.
        missing: what of the run is gone, a sentence each; the page begins with them.
    """
    given = Given(result, config_text, tuple(missing))
    intervals = bootstrap(given)
    return Contents(
        title=title(given),
        about=about(given),
        badges=badges(given),
        strip=strip(given, intervals.found),
        sections=[
            equity(given),
            price(given),
            periods(given),
            exposure(given),
            trades(given),
            costs(given),
            orders(given),
            funnel(given),
            drawdowns(given),
            *crises(given),
            robustness(given, intervals),
            audits(given),
            appendix(given),
        ],
        metrics=json_safe(given.metrics),
    )

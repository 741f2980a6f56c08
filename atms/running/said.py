"""What stands at an order of Backtrader's: why it was made, and why it was refused."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.report.decisions import number_of, text_of
from atms.report.reasons import made_by_the_run

COLUMNS = ("reason", "why", "tag", "code", "risk_limit", "risk_value")


def said(order: bt.Order) -> dict[str, Any]:
    """Return what stands at an order: why it was refused or made, the strategy's why and tag."""
    info = order.info
    reason, refused = info.get("reason"), order.status == bt.Order.Rejected
    if not refused and not made_by_the_run(reason):
        return {**dict.fromkeys(COLUMNS), "why": text_of(reason), "tag": text_of(info.get("tag"))}
    return {
        "reason": text_of(reason),
        "why": text_of(info.get("why")),
        "tag": text_of(info.get("tag")),
        "code": text_of(info.get("code")),
        "risk_limit": number_of(info.get("limit")) if "code" in info else None,
        "risk_value": number_of(info.get("value")) if "code" in info else None,
    }

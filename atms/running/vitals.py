"""What a beat tells beside the accounts: feeds, ledger, recorder, open risk. On the loop's side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.execution.broker.desk import Desk
from atms.execution.core.core import Core, paid_in
from atms.execution.disk.recorder import Recorder
from atms.running.live_ledger import LedgerState
from atms.running.trading import Trading

_ON_ITS_WAY = timedelta(seconds=5)


def feeds(trading: Trading) -> list[dict[str, Any]]:
    """Return how feeds stand, those that were begun.

    ``stream_silent``: seconds since the stream has said anything of it; None: not yet.
    """
    return [
        {"name": feed._name, "status": feed.lane.status, "stream_silent": feed.silence}
        for feed in trading.feeds
        if feed.begun
    ]


def ledger(state: LedgerState | None) -> dict[str, Any] | None:
    """Return how far the ledger is behind; None: there is none."""
    if state is None:
        return None
    since = state.failing_since
    return {
        "lag": state.lag,
        "error": state.last_error,
        "failing_seconds": None if since is None else (datetime.now(UTC) - since).total_seconds(),
    }


def recorder(one: Recorder) -> dict[str, Any]:
    """Return what is missing of a run's inputs."""
    return {"lost": one.lost, "error": one.last_error}


def desk(one: Desk, now: datetime) -> dict[str, Any]:
    """Return how an account's connection and journal stand.

    ``doubted``: orders that were sent seconds ago, and nobody knows whether they stand;
    ``journal``: entries; orders that were wished for and are not in it yet; milliseconds that its
    last commit took.
    """
    journal = one.journal
    return {
        "failed": str(one.failed) if one.failed else None,
        "trouble": str(one.trouble) if one.trouble and not one.ready else None,
        "link": one.link,
        "doubted": 0 if one.core is None else _doubted(one.core, now),
        "journal": {
            "entries": getattr(journal, "last", None),
            "waiting": one.waiting,
            "commit_ms": _milliseconds(getattr(journal, "took", None)),
        },
    }


def risk(trading: Trading, closes: Mapping[str, float]) -> dict[str, Any]:
    """Return what is at risk: positions at the last closes, and orders that may fill.

    Args:
        closes: instrument -> its last close that a strategy has seen.

    Returns:
        ``positions``: instrument -> value in what it is paid in, None without a close; ``gross``:
        currency -> their sum without signs; ``open_orders`` and ``doubted``: how many.
    """
    values: dict[str, float | None] = {}
    gross: dict[str, float] = {}
    orders = doubted = 0
    for one in trading.desks:
        if (core := one.core) is None:
            continue
        for name, qty in _held(core).items():
            close, market = closes.get(name), core.instruments.get(name)
            value = None
            if close is not None and market is not None:
                value = float(qty * market.multiplier) * close
                currency = paid_in(market)
                gross[currency] = gross.get(currency, 0.0) + abs(value)
            values[name] = value
        orders += len(core.state.open_orders())
        doubted += _doubted(core, trading.host.now())
    return {"positions": values, "gross": gross, "open_orders": orders, "doubted": doubted}


def _doubted(core: Core, now: datetime) -> int:
    """Count the orders that nobody knows of, but those on their way this moment."""
    sent = (order.intended.at for order in core.state.open_orders() if order.unresolved)
    return sum(now - at > _ON_ITS_WAY for at in sent)


def _held(core: Core) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for (instrument, _), position in core.state.books.positions().items():
        found[instrument] = found.get(instrument, Decimal(0)) + position.qty
    return found


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 3)

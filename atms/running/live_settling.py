"""The end of a live run in the ledger: how it ended, its round trips, its figures."""

from __future__ import annotations

from datetime import datetime

from atms.ledger.connection import writing
from atms.ledger.live_reading import LiveRows, note_figures, read_live, replace_trades
from atms.ledger.live_runs import close_run, status_of
from atms.ledger.said import write_said
from atms.report.summary import json_safe
from atms.running.live_result import derived, seen_of
from atms.running.live_sessions import Ended


def settle(url: str, run_id: str, ended: Ended | None, *, again: bool = False) -> bool:
    """Write how a run ended, its trades and its figures; return whether there was anything to do.

    Args:
        url: the ledger's.
        run_id: whose rows are all there.
        ended: None: its process was killed.
        again: though it is settled already: rows came later.

    Raises:
        LedgerError: the database refused; nothing was written.
    """
    with writing(url) as connection:
        status = status_of(connection, run_id)
    running = status == "running"
    if status is None or not (running or again):  # it died before it had a row, or it is told
        return False
    rows = read_live(url, run_id)
    told, _ = seen_of(rows)
    if told.said:  # the database was away, or the process was killed
        with writing(url) as connection:
            write_said(connection, run_id, rows.run["mode"], told.said)
        rows = read_live(url, run_id)
    found = derived(rows, told)
    with writing(url) as connection:
        replace_trades(connection, run_id, found.trades, found.links)
        note_figures(connection, run_id, json_safe(found.figures))
        if running or ended is not None:
            end = ended or Ended(status="interrupted", at=_last_sign(rows))
            close_run(connection, run_id, end.status, end.at)
    return True


def _last_sign(rows: LiveRows) -> datetime:
    """Return when a run that was killed was last seen alive."""
    signs: list[datetime] = [row["updated_ts"] for row in rows.orders]
    signs += [row["ts"] for row in rows.equity]
    signs.append(rows.run["started"])
    return max(signs)

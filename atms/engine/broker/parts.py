"""What an order was made with and what became of it, as Backtrader keeps it, worked out late."""

from __future__ import annotations

import datetime
from collections import deque
from typing import Any

from backtrader.order import OrderExecutionBit
from backtrader.utils import AutoOrderedDict
from backtrader.utils.date import num2date

from atms.engine.broker.record import Record, Seen


def end_of_session(record: Record) -> float:
    """Return the stamp of the end of the session that an order was made in."""
    data = record.given.data
    now = num2date(record.dt_created, data.lines.datetime._tz, True)
    session = data.p.sessionend
    end = now.replace(
        hour=session.hour,
        minute=session.minute,
        second=session.second,
        microsecond=session.microsecond,
    )
    if end < now:
        end += datetime.timedelta(days=1)
    return float(data.date2num(end))


def info_of(record: Record) -> Any:
    """Return what a strategy noted with an order; all its clones share it."""
    if not isinstance(record.info, AutoOrderedDict):
        info: Any = AutoOrderedDict()
        given: dict[str, Any] | None = record.info
        for key, value in (given or {}).items():
            info[key] = value
        record.info = info
    return record.info


def bits_of(record: Record) -> Any:
    """Return the queue of executions; all clones share it."""
    if record.bits is None:
        record.bits = deque()
        if record.fill is not None:
            record.bits.append(bit_of(record))
    return record.bits


def bit_of(record: Record) -> Any:
    """Return the execution as Backtrader's object."""
    bit = OrderExecutionBit(*record.fill)
    if record.costs is not None:
        bit.costs = record.costs
    return bit


def created_dict(record: Record) -> dict[str, Any]:
    """Return the ``__dict__`` of ``order.created``."""
    given = record.given
    return {
        "pclose": record.pclose, "exbits": deque(), "p1": 0, "p2": 0, "dt": record.dt_created,
        "size": record.size, "remsize": 0, "price": record.price, "pricelimit": record.limit,
        "trailamount": given.trailamount, "trailpercent": given.trailpercent,
        "_plimit": given.pricelimit, "value": 0.0, "comm": 0.0, "margin": None, "pnl": 0.0,
        "psize": 0, "pprice": 0,
    }  # fmt: skip


def executed_dict(record: Record, seen: Seen) -> dict[str, Any]:
    """Return the ``__dict__`` of ``order.executed`` at one notification, without executions."""
    size: Any = 0
    price, remsize, value, comm, pnl, psize, pprice = 0.0, record.size, 0.0, 0.0, 0.0, 0, 0
    margin = None
    if seen.filled:
        _, done, at, _, freed, paid, _, tied, due, gain, psize, pprice = record.fill
        remsize -= done
        size += done
        price = (0.0 + done * at) / size
        value += freed + tied
        comm += paid + due
        pnl += gain
        margin = record.margin
    return {
        "pclose": 0.0, "p1": seen.p1, "p2": seen.p2, "dt": seen.dt,
        "size": size, "remsize": remsize, "price": price, "pricelimit": 0.0,
        "trailamount": 0.0, "trailpercent": 0.0, "_plimit": 0.0, "value": value, "comm": comm,
        "margin": margin, "pnl": pnl, "psize": psize, "pprice": pprice,
    }  # fmt: skip

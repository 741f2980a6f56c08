"""The account's cash at every step: what each fill moved, and what moved it besides.

Each step's cash is worked out from that of the step before, by Backtrader's arithmetic in its
order (``BackBroker._execute``); where it comes out otherwise (funding, deposits, leverage), the
step's own is stored, and the next counts from there.
"""

from __future__ import annotations

import numpy as np

from atms.report.page.packing import integers, numbers, replay
from atms.report.page.packing.known import Known
from atms.report.page.packing.streams import Spec
from atms.report.page.series_values import Floats


def encode(cash: Floats, start: float, known: Known) -> Spec:
    """Return how *cash*, shape (n,), is stored; *start* is what was there before.

    Raises:
        KeyError: the fills are not known, or have not what it takes.
    """
    moves = _moves(known)
    odd = []
    before = start
    changes = np.flatnonzero(~numbers.same_bits(cash[1:], cash[:-1])) + 1
    for row in sorted({0, *changes.tolist(), *moves} & set(range(len(cash)))):
        found = _after(before, moves.get(row, []))
        before = float(cash[row])
        if not (found == before or (found != found and before != before)):
            odd.append(row)
    at = np.array(odd, dtype=np.int64)
    return {
        "kind": "cash",
        "n": len(cash),
        "start": numbers.shown(start),
        "at": integers.encode(at),
        "values": numbers.encode(cash[at]),
    }


def decode(spec: Spec, known: Known, streams: list[bytes]) -> Floats:
    """Return the cash that *spec* describes."""
    moves = _moves(known)
    at = integers.decode(spec["at"], streams).tolist()
    stored = dict(zip(at, numbers.decode(spec["values"], streams).tolist(), strict=True))
    count = int(spec["n"])
    found = np.empty(count)
    cash = float(spec["start"])
    rows = [row for row in sorted({0, *moves, *stored}) if row < count]
    for row, end in zip(rows, [*rows[1:], count], strict=True):
        cash = stored[row] if row in stored else _after(cash, moves.get(row, []))
        found[row:end] = cash
    return found


Move = tuple[float, ...]


def _moves(known: Known) -> dict[int, list[Move]]:
    """Return the equity's row -> its fills: opened, closed, average before, price, fee,
    multiplier.
    """
    table = replay.fills(known)
    columns = [table[name] for name in ("opened", "closed", "average_before")]
    columns += [known.numbers("fills", name) for name in ("price", "fee", "multiplier")]
    moves: dict[int, list[Move]] = {}
    lists = [column.tolist() for column in columns]
    for row, *move in zip(table["row"].tolist(), *lists, strict=True):
        if row == row:
            moves.setdefault(int(row), []).append(tuple(move))
    return moves


def _after(cash: float, moves: list[Move]) -> float:
    for opened, closed, average, price, fee, multiplier in moves:
        if closed:
            cash += -closed * average + -closed * (price - average) * multiplier
            if not opened:
                cash -= fee
        if opened:
            cash -= opened * price
            cash -= fee
    return cash

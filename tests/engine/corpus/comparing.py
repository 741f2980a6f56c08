"""Two logs of a case, and the first place where they differ, said readably."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.engine.corpus.recording import Log
from tests.engine.corpus.showing import without_addresses


@dataclass(frozen=True)
class Difference:
    """Where two runs of a seed first differ.

    Args:
        seed: of the case.
        where: strategy, bar and kind, or the path of a line.
        stock: what Backtrader's own run has there.
        ours: what the other has.
        entry: its number in the log.
    """

    seed: int
    where: str
    stock: str
    ours: str
    entry: int

    def __str__(self) -> str:
        return (
            f"seed {self.seed}, entry {self.entry}: {self.where}\n"
            f"    stock: {self.stock}\n    ours:  {self.ours}"
        )


def compare(seed: int, stock: Log, ours: Log) -> Difference | None:
    """Return the first difference; None: there is none."""
    pairs = zip(stock.entries, ours.entries, strict=False)
    for number, ((where, what), (other_where, other_what)) in enumerate(pairs):
        if without_addresses(where) != without_addresses(other_where):
            return Difference(
                seed, where, f"{where}: {_short(what)}",
                f"{other_where}: {_short(other_what)}", number,
            )  # fmt: skip
        if what == other_what:
            continue
        first, second = without_addresses(what), without_addresses(other_what)
        if first != second:
            said = _where_in_array(where, stock, ours) or _where_in_text(first, second)
            return Difference(seed, where, *said, number)
    if len(stock.entries) != len(ours.entries):
        number = min(len(stock.entries), len(ours.entries))
        longer = max(stock.entries, ours.entries, key=len)
        return Difference(
            seed, f"{longer[number][0]} is there in one only",
            f"{len(stock.entries)} entries", f"{len(ours.entries)} entries", number,
        )  # fmt: skip
    return None


def _where_in_array(where: str, stock: Log, ours: Log) -> tuple[str, str] | None:
    if where not in stock.arrays or where not in ours.arrays:
        return None
    first, second = stock.arrays[where], ours.arrays[where]
    if len(first) != len(second):
        return f"{len(first)} values", f"{len(second)} values"
    unequal = np.flatnonzero(first.view(np.int64) != second.view(np.int64))
    if not len(unequal):
        return None
    at = int(unequal[0])
    count = f"{len(unequal)} of {len(first)} values differ, first [{at}]"
    return f"{count} {float(first[at])!r}", f"{float(second[at])!r}"


def _where_in_text(first: str, second: str) -> tuple[str, str]:
    """Return what is around the first place where two texts differ."""
    same = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        same += 1
    start = first.rfind(" ", 0, max(same - 60, 0)) + 1
    return _short(first[start : same + 80]), _short(second[start : same + 80])


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]} ..."

"""What must be true of a run under a risk limit that no single order shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atms.risk import Limits
    from atms.sandbox.simulation.diary import Diary
    from atms.sandbox.simulation.places import Place
    from atms.sandbox.simulation.run_truths import Ran

_REFUSED = ("Rejected", "Margin")
_TAKEN = ("Accepted", "Partial", "Completed")
_A_GROUP = 3  # orders at most that are refused as one


def limit_violations(
    places: Sequence[Place], ran: Sequence[Ran], limits: Limits | None
) -> Iterator[str]:
    """Yield what went beyond a limit, in words."""
    most = limits.max_rejects if limits is not None else None
    if most is None or any(place.profile.cash == "margin" for place in places):
        return  # only where nothing can be sold short does every purchase open something
    for one in ran:
        yield from _nothing_more_after_refusals(one.diary, most * _A_GROUP)


def _nothing_more_after_refusals(diary: Diary, most: int) -> Iterator[str]:
    """After so many refusals in a row nothing is bought any more in a process (F13)."""
    row, halted = 0, False
    numbered = {noted.number: noted for noted in diary.orders.values()}
    for line in diary.lines:
        _, what, *words = line.split(" ")
        if what == "order":
            status = words[1]
            row = row + 1 if status in _REFUSED else 0 if status in _TAKEN else row
            halted = halted or row >= most
        elif what == "makes" and halted:
            noted = numbered[int(words[0])]
            if noted.key and noted.order.isbuy() and noted.order.parent is None:
                which = f"process {diary.life}: order {noted.number}"
                yield f"I7: {which} was sent after {row} refusals in a row"

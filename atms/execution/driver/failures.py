"""What tasks and callbacks raised, until somebody hears of it."""

from __future__ import annotations

from collections import deque


class Failures:
    """What tasks and callbacks raised, kept until the run hears of it.

    Each is raised once, in the order in which they came.
    """

    def __init__(self) -> None:
        self._untold: deque[BaseException] = deque()
        self._told: BaseException | None = None

    def __bool__(self) -> bool:
        return bool(self._untold)

    def add(self, error: BaseException, where: str) -> None:
        """Keep *error*, with a note that says where it was raised."""
        error.add_note(where)
        self._untold.append(error)

    def raise_next(self) -> None:
        """Raise the oldest that was not raised yet, if there is one."""
        if self._untold:
            self._told = self._untold.popleft()
            raise self._told

    def raise_rest(self) -> None:
        """Raise the oldest with the others as its notes, at the end of a run.

        A run that ends because of an earlier one keeps that one: they become notes of it.
        """
        first = self._told or (self._untold.popleft() if self._untold else None)
        for later in self._untold:
            if first is not None:
                first.add_note(f"later: {later!r}")
        self._untold.clear()
        if first is not None and first is not self._told:
            self._told = first
            raise first

"""The log of a run: everything that anybody could see, in order."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.engine.corpus.showing import Shower, without_addresses


class Log:
    """Entries (where, what) in their order, and the arrays that some of them are hashes of.

    Attributes:
        entries: where and what, as text.
        arrays: where -> the values.
        calls: a letter or two for each call that a strategy or its parts got.
        happened: names of what happened, for counting.
        strategies: those that were made, the last run's last.
        orders: clones that strategies were told of, shown again at the end.
    """

    def __init__(self) -> None:
        self.entries: list[tuple[str, str]] = []
        self.arrays: dict[str, NDArray[Any]] = {}
        self.calls: list[str] = []
        self.happened: set[str] = set()
        self.strategies: list[Any] = []
        self.orders: list[Any] = []
        self.show = Shower()

    def __repr__(self) -> str:
        return "<log>"  # writers print parameters

    def meet(self, strategy: Any) -> None:
        """Give a new strategy, and its datas, names."""
        self.show.name(strategy, f"s{len(self.strategies)}")
        for index, data in enumerate(strategy.datas):
            self.show.name(data, f"d{index}")
        self.strategies.append(strategy)

    def note(self, strategy: Any, kind: str, text: str) -> None:
        """Add an entry of a strategy at its present bar."""
        self.entries.append((f"{self.show(strategy)} bar {len(strategy)} {kind}", text))

    def add(self, where: str, what: str) -> None:
        """Add an entry."""
        self.entries.append((where, what))

    def array(self, where: str, values: Any) -> None:
        """Add the values of a line: all of them, by bits."""
        numbers = np.array(values, dtype=np.float64)
        numbers[np.isnan(numbers)] = np.nan
        digest = hashlib.blake2b(numbers.tobytes(), digest_size=8).hexdigest()
        self.arrays[where] = numbers
        self.entries.append((where, f"{len(numbers)} values {digest}"))

    def digest(self) -> str:
        """Return a hash of all entries."""
        text = "\n".join(f"{where}\t{what}" for where, what in self.entries)
        text = without_addresses(text)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

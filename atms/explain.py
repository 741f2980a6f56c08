"""A strategy that says why: what its rules say on a bar, and what held it back.

::

    class Breakout(Explain, bt.Strategy):
        def next(self):
            if self.data.close[0] <= self.level[0]:
                return
            self.signal("long", confidence=0.8, level=self.level[0])
            if not self.gate("cooldown", self.waited >= 5, self.waited, 5):
                return
            self.buy(reason="close above the 20-bar high", tag="breakout")

It runs in any Cerebro. ``strategy.explained`` has the notes; atms keeps them with the run, and
``python -m atms why RUN SYMBOL TIME`` puts them into words.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

Gate = tuple[str, bool, Any, Any]
"""Name, whether it was passed, the number that decided, and its limit."""

Note = tuple[float, str, str, float | None, dict[str, Any], list[Gate]]
"""Time of the data's bar (Backtrader's float days), the data's name, the signal (empty: a refusal
without one), its confidence, its numbers by name, and the gates that it was asked, in order."""


class Explain:
    """Mixed into a ``bt.Strategy``, before it; costs nothing on a bar on which nothing is said."""

    if TYPE_CHECKING:  # of bt.Strategy
        data: Any

        def __len__(self) -> int: ...

    @cached_property
    def explained(self) -> list[Note]:
        """The notes, in the order of the bars; under atms, a live run takes them out each bar."""
        return []

    @cached_property
    def _explaining(self) -> dict[int, tuple[int, list[Gate]]]:
        """The gates of each data's last note, and the bar that it was made on."""
        return {}

    def signal(
        self, signal: str, /, *, confidence: float | None = None, data: Any = None, **numbers: Any
    ) -> None:
        """State what the rules say on this bar.

        Args:
            signal: ``long``, ``short`` or ``exit``.
            confidence: how sure they are, 0 to 1; None: they do not say.
            data: of which data; default: the first.
            numbers: what it was seen by, by name.
        """
        self._note(self.data if data is None else data, signal, confidence, numbers, [])

    def gate(
        self, name: str, passed: Any, value: Any = None, limit: Any = None, *, data: Any = None
    ) -> bool:
        """State whether a signal passes a condition; return whether it does.

        Args:
            name: of the condition.
            passed: whether it holds.
            value: the number that decided.
            limit: what it was held against.
            data: of which data the signal is; default: the first.
        """
        of = self.data if data is None else data
        found = bool(passed)
        step, gates = self._explaining.get(id(of), (-1, []))
        if step == len(self):
            gates.append((name, found, value, limit))
        elif not found:  # a refusal that no signal came before
            self._note(of, "", None, {}, [(name, found, value, limit)])
        return found

    def _note(
        self, data: Any, signal: str, confidence: Any, numbers: dict[str, Any], gates: list[Gate]
    ) -> None:
        name = data._name or f"data{data._id - 1}"
        self.explained.append((data.datetime[0], name, signal, confidence, numbers, gates))
        self._explaining[id(data)] = (len(self), gates)

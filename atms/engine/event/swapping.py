"""Classes and attributes that single objects have for the length of a run, and then no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atms.engine.swapping import mirror

_ABSENT = object()


class Swaps:
    """What was changed on single objects, so that it can be taken back."""

    def __init__(self) -> None:
        self._made: dict[tuple[type, str], type] = {}
        self._undo: list[Callable[[], None]] = []

    def put_class(self, thing: Any, kind: str, body: Callable[[type], Mapping[str, Any]]) -> None:
        """Make *thing* an instance of a subclass of its class.

        Args:
            kind: tells bodies apart; one subclass is made for each class and kind.
            body: class -> what the subclass defines.
        """
        base = type(thing)
        made = self._made.get((base, kind))
        if made is None:
            made = self._made[(base, kind)] = mirror(base, body(base))
        object.__setattr__(thing, "__class__", made)
        self._undo.append(lambda: object.__setattr__(thing, "__class__", base))

    def put(self, thing: Any, name: str, value: Any) -> None:
        """Give *thing* an attribute in its ``__dict__``, past any property of that name."""
        own = thing.__dict__
        before = own.get(name, _ABSENT)
        own[name] = value

        def back() -> None:
            if own.get(name, _ABSENT) is not value:
                return  # somebody has put his own there meanwhile
            if before is _ABSENT:
                del own[name]
            else:
                own[name] = before

        self._undo.append(back)

    def then(self, call: Callable[[], None]) -> None:
        """Let *call* be made when all is taken back, in the reverse order of what was put."""
        self._undo.append(call)

    def undo(self) -> None:
        """Take everything back, the last first; a second call does nothing."""
        while self._undo:
            self._undo.pop()()


def takes_class(thing: Any) -> bool:
    """Return whether *thing* can be given another class: none of its own hears of subclasses."""
    return not any("__init_subclass__" in vars(kind) for kind in type(thing).__mro__[:-1])

"""Other classes for single objects, for the length of a run.

Nothing of Backtrader is changed for anybody else: an object's ``__class__`` is set to a subclass of
its own class that carries the same name, and set back afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

Body = Mapping[str, Any]


def mirror(base: type, body: Body) -> type:
    """Return a subclass of *base* with *body* that looks like *base*.

    Backtrader's metaclasses enter each new class into registries and modules; they are passed by.

    Raises:
        TypeError: *base* acts on being subclassed, so that making one could be seen.
    """
    for above in base.__mro__[:-1]:
        if "__init_subclass__" in above.__dict__:
            raise TypeError(f"{above.__name__} has its own __init_subclass__")
    named = {
        "__module__": base.__module__,
        "__qualname__": base.__qualname__,
        "__doc__": base.__doc__,
        **body,
    }
    return type.__new__(_writing_through(type(base)), base.__name__, (base,), named)


def _writing_through(kind: type) -> type:
    """Return a metaclass like *kind* whose classes let what is written to them fall to their base.

    ``self.__class__.count += 1`` in a user's class must reach the class that he wrote.
    """
    if kind not in _METACLASSES:

        def write(cls: type, name: str, value: Any) -> None:
            setattr(cls.__mro__[1], name, value)

        def delete(cls: type, name: str) -> None:
            delattr(cls.__mro__[1], name)

        body = {"__setattr__": write, "__delattr__": delete, "__module__": kind.__module__}
        _METACLASSES[kind] = type(kind.__name__, (kind,), body)
    return _METACLASSES[kind]


_METACLASSES: WeakKeyDictionary[type, type] = WeakKeyDictionary()


class Mirrors:
    """One mirror a class, made by *body_of* when it is first asked for.

    Args:
        body_of: class -> what its mirror has of its own.
    """

    def __init__(self, body_of: Callable[[type], Body]) -> None:
        self._body_of = body_of
        self._made: WeakKeyDictionary[type, type] = WeakKeyDictionary()

    def of(self, base: type) -> type:
        """Return the mirror of *base*; TypeError where there can be none."""
        made = self._made.get(base)
        if made is None:
            made = self._made[base] = mirror(base, self._body_of(base))
        return made


class Swaps:
    """Objects that have another class for now."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def swap(self, obj: Any, mirrored: type) -> None:
        """Give *obj* the class *mirrored*, a mirror of its own."""
        original = type(obj)
        obj.__class__ = mirrored

        def back() -> None:
            obj.__class__ = original

        self._undo.append(back)

    def attribute(self, obj: Any, name: str, value: Any) -> None:
        """Set an attribute that *obj* does not have."""
        obj.__dict__[name] = value

        def back() -> None:
            if obj.__dict__.get(name) is value:
                del obj.__dict__[name]

        self._undo.append(back)

    def then(self, back: Callable[[], None]) -> None:
        """Call *back* when all is undone, before what was swapped earlier."""
        self._undo.append(back)

    def undo(self) -> None:
        """Give every object its own class again, the last one first."""
        while self._undo:
            self._undo.pop()()

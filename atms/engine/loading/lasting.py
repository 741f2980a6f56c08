"""Feeds under their loading classes, for the length of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atms.engine.explaining import Part
from atms.engine.loading.swapping import WATCHER, fast_class, name_of


class Loading:
    """Gives feeds the classes that load them in bulk, and takes back what was not used.

    Attributes:
        parts: how each feed was loaded, or will be, in the order of the feeds.
        done: those of the feeds that were loaded under a class of ours.
    """

    def __init__(self) -> None:
        self._parts: dict[int, Part] = {}
        self.done: list[Part] = []
        self._swapped: list[tuple[Any, type]] = []

    @property
    def parts(self) -> list[Part]:
        return list(self._parts.values())

    def begin(self, datas: Sequence[Any]) -> None:
        """Prepare *datas*, before they are started."""
        for data in datas:
            if WATCHER in vars(data):
                continue  # twice among the feeds
            kind, self._parts[id(data)] = fast_class(data)
            if kind is not None:
                self._swapped.append((data, type(data)))
                vars(data)[WATCHER] = self._loaded
                data.__class__ = kind

    def end(self) -> None:
        """Give every feed its own class back; those that were loaded have it already."""
        for data, kind in self._swapped:
            if vars(data).pop(WATCHER, None) is not None:
                data.__class__ = kind
                self._parts[id(data)] = Part("load", name_of(data), False, "read during the run")
        self._swapped.clear()

    def _loaded(self, data: Any, part: Part) -> None:
        self._parts[id(data)] = part
        self.done.append(part)

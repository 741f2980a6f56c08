"""What all parts of a lane share."""

from __future__ import annotations

from typing import Any

from atms.engine.broker.comm import is_plain, why_awake
from atms.engine.broker.feeds import Feed


class State:
    """The broker of a run, its feeds and where they stand.

    Args:
        broker: its class is a mirror of its own.
        feeds: id of a data -> the feed.
        main: the ticker of the steps.
        watch: told of settings that are changed by hand.

    Attributes:
        d: the broker's own ``__dict__``.
        p: its parameters.
        inside: during the broker's turn.
        slips: whether prices slip.
    """

    __slots__ = ("_infos", "_watch", "broker", "d", "feeds", "inside", "main", "p", "slips")

    def __init__(self, broker: Any, feeds: dict[int, Feed], main: Any, watch: Any) -> None:
        self.broker = broker
        self.d: dict[str, Any] = broker.__dict__
        self.p = broker.p
        self.feeds = feeds
        self.main = main
        self.inside = False
        self.slips = False
        self._watch = watch
        self._infos: dict[int, tuple[Any, str, bool]] = {}

    def fit(self, data: Any) -> tuple[Any, str, bool]:
        """Return a data's commission info, why it keeps the broker awake, and if it is plain."""
        infos = self.d["comminfo"]
        name = data._name
        info = infos[name] if name in infos else infos[None]
        known = self._infos.get(id(info))
        if known is None:
            known = self._infos[id(info)] = (info, why_awake(info), is_plain(info))
            self._watch(info.p)
        return known

    def forget(self) -> None:
        """Look at commission infos anew: settings may have been changed."""
        self._infos.clear()

    def stock(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call what the broker's own class says."""
        return getattr(type(self.broker).__mro__[1], name)(self.broker, *args, **kwargs)

"""The class that a feed has until it is loaded, and which feed gets one."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from typing import Any

import backtrader as bt

from atms.engine.explaining import Part
from atms.engine.loading.clones import load_clone
from atms.engine.loading.frames import load_direct, load_pandas
from atms.engine.loading.generic import load_generic
from atms.engine.loading.kin import load_backtrader_csv, load_yahoo
from atms.engine.loading.methods import (
    LOAD_CSV,
    NEXTLINE_CSV,
    PRELOAD,
    PRELOAD_CLONE,
    PRELOAD_CSV,
    changed,
    empty,
    own,
    plain_lines,
    resolved,
)
from atms.engine.loading.refusing import NotInBulkError
from atms.engine.loading.rows import load_rows
from atms.engine.loading.tables import place_of
from atms.engine.swapping import mirror

Loader = Callable[[Any], None]

# The name of a feed's attribute that is called with the feed and how it was loaded.
WATCHER = "_atms_loading"
_BY_ROWS = "row by row, by its own _load"

# By the function that reads a row: what reads all of them.
_BY_LOAD = {
    resolved(bt.feeds.PandasData, "_load"): load_pandas,
    resolved(bt.feeds.PandasDirectData, "_load"): load_direct,
}
_BY_LINE = {
    resolved(bt.feeds.GenericCSVData, "_loadline"): load_generic,
    resolved(bt.feeds.BacktraderCSVData, "_loadline"): load_backtrader_csv,
    resolved(bt.feeds.YahooFinanceCSVData, "_loadline"): load_yahoo,
}
_LOAD_CLONE = resolved(bt.feed.DataClone, "_load")

# What a bad cell raises. Backtrader's own loop is asked then, and raises it at its row.
_BAD = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    Warning,
    re.error,
)

_CLASSES: weakref.WeakValueDictionary[int, type] = weakref.WeakValueDictionary()


def fast_class(data: Any) -> tuple[type | None, Part]:
    """Return the class for *data* to have until it is preloaded, and how it will be loaded.

    Its ``preload`` gives the instance its own class back before anything else, so that nothing
    of ours is left on a loaded feed.

    Args:
        data: a Backtrader data, before it is started.

    Returns:
        None in the place of the class where Backtrader's own ``preload`` is to run; the part
        says why.
    """
    try:
        loader = _loader(data)
        kind = _class_of(type(data))
    except (NotInBulkError, TypeError) as refusal:
        return None, _part(data, str(refusal))
    return kind, Part("load", name_of(data), True, _BY_ROWS if loader is load_rows else "")


def name_of(data: Any) -> str:
    """Return how a data is called in an explanation."""
    return str(data._name or type(data).__name__)


def load(data: Any) -> Part:
    """Load a started *data*, which has its own class, as its ``preload`` would; say how.

    Where the part says that it was not in bulk, nothing was done: ``preload`` is to be called.

    Raises:
        Exception: what the feed's own ``_load`` raises.
    """
    try:
        loader = _loader(data)
        if not (empty(data) and plain_lines(data)):
            raise NotInBulkError("its lines are not new")
        if loader is load_rows:
            return _load_rows(data)
        if own(data, "preload") is PRELOAD_CSV:
            _load_text(data, loader)
        else:
            loader(data)
    except NotInBulkError as refusal:
        return _part(data, str(refusal))
    except _BAD as error:
        return _part(data, f"{type(error).__name__} in its rows")
    return Part("load", name_of(data), True)


def _part(data: Any, why: str) -> Part:
    return Part("load", name_of(data), False, why)


def _loader(data: Any) -> Loader:
    if data._filters or data._ffilters or data.p.filters:
        raise NotInBulkError("it has filters")
    if method := changed(data):
        raise NotInBulkError(f"it has its own {method}")
    preload, reads = own(data, "preload"), own(data, "_load")
    if preload is PRELOAD_CLONE and reads is _LOAD_CLONE:
        return load_clone
    if preload is PRELOAD_CSV:
        return _text_loader(data) if reads is LOAD_CSV else load_rows
    if preload is not PRELOAD:
        raise NotInBulkError("it has its own preload")
    return _BY_LOAD.get(reads, load_rows)


def _text_loader(data: Any) -> Loader:
    if own(data, "_getnextline") is not NEXTLINE_CSV:
        return load_rows
    loader = _BY_LINE.get(own(data, "_loadline"), load_rows)
    # A function of the user's may look at anything, also at the feed as it is at its row.
    called = loader is load_generic and not isinstance(data.p.dtformat, (str, int))
    return load_rows if called else loader


def _load_text(data: Any, loader: Loader) -> None:
    start = place_of(data.f)
    try:
        loader(data)
    except (NotInBulkError, *_BAD):
        data.f.seek(start)
        raise
    _close(data)


def _load_rows(data: Any) -> Part:
    load_rows(data)
    if own(data, "preload") is PRELOAD_CSV:
        _close(data)
    return Part("load", name_of(data), True, _BY_ROWS)


def _close(data: Any) -> None:
    data.f.close()
    data.f = None


def _class_of(base: type) -> type:
    """Return the mirror of *base* that loads in bulk; it lives as long as a feed has it."""
    made = _CLASSES.get(id(base))
    if made is None:
        made = _CLASSES[id(base)] = mirror(base, {"preload": _preload})
    return made


def _preload(self: Any) -> None:
    self.__class__ = type(self).__base__
    watcher = vars(self).pop(WATCHER, None)
    part = load(self)
    if watcher is not None:
        watcher(self, part)
    if not part.fast:
        self.preload()

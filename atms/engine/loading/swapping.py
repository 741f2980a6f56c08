"""The class that a feed has until it is loaded, and which feed gets one."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from typing import Any

import backtrader as bt

from atms.engine.explaining import Part
from atms.engine.loading.clones import read_clone
from atms.engine.loading.filling import Finish
from atms.engine.loading.frames import read_direct, read_pandas
from atms.engine.loading.generic import read_generic
from atms.engine.loading.kin import read_backtrader_csv, read_yahoo
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
from atms.engine.loading.rows import read_rows
from atms.engine.loading.tables import place_of
from atms.engine.swapping import mirror

Reader = Callable[[Any], Finish]

# The name of a feed's attribute that is called with the feed and how it was loaded.
WATCHER = "_atms_loading"

# By the function that reads a row: what reads all of them.
_BY_LOAD = {
    resolved(bt.feeds.PandasData, "_load"): read_pandas,
    resolved(bt.feeds.PandasDirectData, "_load"): read_direct,
}
_BY_LINE = {
    resolved(bt.feeds.GenericCSVData, "_loadline"): read_generic,
    resolved(bt.feeds.BacktraderCSVData, "_loadline"): read_backtrader_csv,
    resolved(bt.feeds.YahooFinanceCSVData, "_loadline"): read_yahoo,
}
# What can give its rows to filters one by one.
_WITH_FILTERS = (read_pandas, read_direct)
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
    if getattr(type(data), "loads_in_bulk", False):
        return None, _part(data, "by itself", fast=True)
    try:
        reader = _reader(data)
        kind = _class_of(type(data))
    except (NotInBulkError, TypeError) as refusal:
        return None, _part(data, str(refusal))
    return kind, _part(data, _how(data, reader), fast=True)


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
        reader = _reader(data)
        if not (empty(data) and plain_lines(data)):
            raise NotInBulkError("its lines are not new")
        finish = _read(data, reader)
    except NotInBulkError as refusal:
        return _part(data, str(refusal))
    except _BAD as error:
        return _part(data, f"{type(error).__name__} in its rows")
    finish()
    if own(data, "preload") is PRELOAD_CSV:
        data.f.close()
        data.f = None
    return _part(data, _how(data, reader), fast=True)


def _part(data: Any, why: str, fast: bool = False) -> Part:
    return Part("load", name_of(data), fast, why)


def _how(data: Any, reader: Reader) -> str:
    if reader is read_rows:
        return "row by row, by its own _load"
    return "row by row, for its filters" if data._filters else ""


def _reader(data: Any) -> Reader:
    if method := changed(data):
        raise NotInBulkError(f"it has its own {method}")
    reader = _reader_by_methods(data)
    if (data._filters or data._ffilters) and reader not in _WITH_FILTERS:
        raise NotInBulkError("it has filters")
    return reader


def _reader_by_methods(data: Any) -> Reader:
    preload, reads = own(data, "preload"), own(data, "_load")
    if preload is PRELOAD_CLONE and reads is _LOAD_CLONE:
        return read_clone
    if preload is PRELOAD_CSV:
        return _text_reader(data) if reads is LOAD_CSV else read_rows
    if preload is not PRELOAD:
        raise NotInBulkError("it has its own preload")
    return _BY_LOAD.get(reads, read_rows)


def _text_reader(data: Any) -> Reader:
    if own(data, "_getnextline") is not NEXTLINE_CSV:
        return read_rows
    reader = _BY_LINE.get(own(data, "_loadline"), read_rows)
    # A function of the user's may look at anything, also at the feed as it is at its row.
    called = reader is read_generic and not isinstance(data.p.dtformat, (str, int))
    return read_rows if called else reader


def _read(data: Any, reader: Reader) -> Finish:
    if reader is read_rows or own(data, "preload") is not PRELOAD_CSV:
        return reader(data)
    start = place_of(data.f)
    try:
        return reader(data)
    except (NotInBulkError, *_BAD):
        data.f.seek(start)
        raise


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

"""A Cerebro in a file, from which processes make themselves fresh copies.

Columns of numbers lie in the file as they lie in memory. A copy maps the file for itself: a frame's
columns are pages of that map, which are the process's own only from where it writes to them.
"""

from __future__ import annotations

import array
import functools
import gc
import itertools
import json
import mmap
import os
import pickle
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import IO, Any

from atms.errors import RunError

# Less than this is not worth a block of its own.
_LARGE = 1 << 14
_PAGE = 4096
_TRIAL = 200_000  # objects between two looks of the collector
_PROTOCOL = 5  # the first that keeps blocks apart


class Packer(ForkingPickler):
    """The pickler of Backtrader's pool, for one Cerebro in full.

    Args:
        file: binary, to write to, at its beginning.
        cerebro: pickled as any object, though it stands for itself elsewhere.
    """

    def __init__(self, file: IO[bytes], cerebro: Any) -> None:
        self._blocks: list[pickle.PickleBuffer] = []
        super().__init__(file, _PROTOCOL, True, self._keep)
        self._file = file
        self._cerebro = cerebro

    def _keep(self, block: pickle.PickleBuffer) -> bool:
        if block.raw().nbytes < _LARGE:
            return True  # it goes into the pickle
        self._blocks.append(block)
        return False

    def reducer_override(self, obj: Any) -> Any:
        """Return how *obj* is pickled where it is not as usual."""
        if type(obj) is array.array and len(obj) * obj.itemsize >= _LARGE:
            return _array, (obj.typecode, pickle.PickleBuffer(obj))
        if type(obj) is itertools.count:  # Backtrader's Cerebro numbers its feeds with one
            return itertools.count, _counted(obj)
        if obj is self._cerebro:
            return object.__reduce_ex__(obj, _PROTOCOL)
        return NotImplemented

    def write_blocks(self) -> list[tuple[int, int]]:
        """Write the blocks behind the pickle; return where the pickle and each block lie."""
        end = self._file.tell()
        places = [(0, end)]
        for block in self._blocks:
            start = -(-end // _PAGE) * _PAGE
            self._file.seek(start)
            with block.raw() as view:
                end = start + view.nbytes
                self._file.write(view)
            block.release()  # else the array that it is could not grow
            places.append((start, end))
        return places


def _array(typecode: str, block: Any) -> array.array[Any]:
    made: array.array[Any] = array.array(typecode)
    made.frombytes(block)
    return made


def _counted(counter: itertools.count[int]) -> tuple[int, ...]:
    """Return what makes a counter that goes on from there; later Pythons do not pickle one."""
    start_and_step = repr(counter).removeprefix("count(").removesuffix(")")
    return tuple(json.loads(f"[{start_and_step}]"))


def fresh_copy(path: str, places: list[tuple[int, int]]) -> Any:
    """Return a Cerebro as it was when it was written; called in a worker, for each trial."""
    _settle()
    gc.collect()  # the trial before this one
    try:
        memory = _private(path)
    except FileNotFoundError:
        return _too_late
    pickled, *blocks = (memory[start:end] for start, end in places)
    return pickle.loads(pickled, buffers=blocks)  # noqa: S301 - the worker's own parent wrote it


def _too_late(_: Any) -> None:
    """Stand for a Cerebro whose run has failed meanwhile; nobody asks for its trials any more."""
    raise RunError("the run that this trial belongs to has ended")


@functools.cache
def _settle() -> None:
    gc.freeze()  # what came with the worker is not looked through after each trial
    young, *older = gc.get_threshold()
    if young:  # else the collector is off
        # A trial's orders live until it ends, and then all is looked through: not before.
        gc.set_threshold(max(young, _TRIAL), *older)


def _private(path: str) -> memoryview:
    """Return the file as memory of which a change is seen by nobody else."""
    if os.name == "nt":  # a mapped file could not be removed there
        return memoryview(bytearray(Path(path).read_bytes()))
    with Path(path).open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))

"""optstrategy's trials in a pool: the system is handed to the workers once, not once a trial.

Backtrader pickles the whole Cerebro, with its loaded feeds and their frames, for each trial, and
sends it through a pipe. Here the first trial writes that pickle into a file; what goes through
the pipe from then on is its name. Each trial still begins on a fresh copy, as Backtrader's does.
"""

from __future__ import annotations

import datetime
import functools
import gc
import io
import mmap
import os
import pickle
import tempfile
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import IO, Any

from atms.engine.explaining import Part
from atms.engine.loading import Loading
from atms.engine.stock import StockCerebro

# What a parameter and the system may both hold: nobody can change it for the other.
_UNCHANGING = (
    str,
    bytes,
    tuple,
    frozenset,
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    datetime.date,
    datetime.time,
    datetime.timedelta,
)


class OptimisingCerebro(StockCerebro):
    """``bt.Cerebro`` whose pool of trials is fed in less time; else the same.

    Attributes:
        optimising: how the trials of the last run in a pool got the system; None: there was none.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._trials: Trials | None = None
        self.optimising: Part | None = None

    def run(self, **kwargs: Any) -> Any:
        """Run as Backtrader does."""
        maxcpus = kwargs.get("maxcpus", self.p.maxcpus)
        if not self._dooptimize or maxcpus == 1 or not self.datas or self.signals:
            return super().run(**kwargs)
        with trials_of(self) as trials:
            self._trials = trials
            try:
                return super().run(**kwargs)
            finally:
                self._trials = None
                self.optimising = trials.part

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        state["_trials"] = None
        return state

    def __reduce_ex__(self, protocol: Any) -> Any:
        reduced = self._trials.reduced() if self._trials else None
        return super().__reduce_ex__(protocol) if reduced is None else reduced


class Trials:
    """The trials of one run in a pool.

    Args:
        cerebro: about to run.
        folder: for the pickle.

    Attributes:
        part: how the trials are given to the workers.
    """

    def __init__(self, cerebro: Any, folder: Path) -> None:
        self.part = Part("optimise", "", True, "each worker has the system once, not each trial")
        self._cerebro = cerebro
        self._path = folder / "system.pickle"
        self._caller = threading.get_ident()
        self._written: bool | None = None
        self._loading = Loading()
        self._loading.begin(cerebro.datas)
        # Stock hands iterators to itertools.product, which empties them; ours are emptied here.
        self._strategies = list(cerebro.strats)
        self._choices = [list(choices) for choices in self._strategies]
        cerebro.strats[:] = [iter(choices) for choices in self._choices]

    def reduced(self) -> Any:
        """Return what stands for the Cerebro in the pool's pipe; None: the Cerebro itself.

        The pool pickles in a thread of its own. Who pickles the Cerebro in the thread of the run,
        in a callback, means the Cerebro itself.

        Raises:
            Exception: what pickling it raises.
        """
        if threading.get_ident() == self._caller:
            return None
        if self._written is None:
            self._written = self._write()
        return (fresh_copy, (str(self._path),)) if self._written else None

    def end(self) -> None:
        """Leave feeds and strategies as Backtrader does."""
        self._loading.end()
        self._cerebro.strats[:] = self._strategies

    def _write(self) -> bool:
        self.end()
        try:
            with self._path.open("wb") as file:
                packer = _Packer(file, self._cerebro)
                packer.dump(self._cerebro)
        except OSError as error:
            return self._refuse(f"no file for the workers: {error.strerror}")
        if self._share(packer):
            return self._refuse("a parameter is an object of the system's")
        return True

    def _refuse(self, why: str) -> bool:
        self.part = Part("optimise", "", False, why)
        return False

    def _share(self, system: _Packer) -> bool:
        """Return whether a parameter is, or holds, an object that the system holds too.

        Pickled in one go, as Backtrader pickles them, they are still one object in the worker.
        """
        values = [
            (args, list(kwargs.values()))
            for choices in self._choices
            for _, args, kwargs in choices
        ]
        params = _Packer(io.BytesIO(), self._cerebro)
        try:
            params.dump(values)
        except (pickle.PicklingError, AttributeError, TypeError):
            return True  # the pool meets it too, at the trial that has it
        known = system.memo.copy()
        return any(
            key in known and not isinstance(value, _UNCHANGING)
            for key, (_, value) in params.memo.copy().items()
        )


@contextmanager
def trials_of(cerebro: Any) -> Iterator[Trials]:
    """Hold what a run in a pool needs, and leave nothing of it."""
    with tempfile.TemporaryDirectory(prefix="atms-trials-", ignore_cleanup_errors=True) as folder:
        trials = Trials(cerebro, Path(folder))
        try:
            yield trials
        finally:
            trials.end()


class _Packer(ForkingPickler):
    """The pool's own pickler, for one Cerebro in full."""

    def __init__(self, file: IO[bytes], cerebro: Any) -> None:
        super().__init__(file)
        self._cerebro = cerebro

    def reducer_override(self, obj: Any) -> Any:
        if obj is self._cerebro:
            return object.__reduce_ex__(obj, pickle.DEFAULT_PROTOCOL)
        return NotImplemented


def fresh_copy(path: str) -> Any:
    """Return a Cerebro as it was when the pool began; called in a worker, for each trial."""
    packed = _packed(path)
    gc.collect()  # the trial before this one
    return pickle.loads(packed)  # noqa: S301 - the run that started this worker wrote it


@functools.lru_cache(maxsize=1)
def _packed(path: str) -> Any:
    gc.freeze()  # what came with the worker is not looked through after each trial
    if os.name == "nt":  # an open file could not be removed there
        return Path(path).read_bytes()
    with Path(path).open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

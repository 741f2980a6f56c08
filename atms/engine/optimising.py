"""optstrategy's trials in a pool: the system is handed to the workers once, not once a trial.

Backtrader pickles the whole Cerebro, with its loaded feeds and their frames, for each trial, and
sends it through a pipe. Here the first trial writes that pickle into a file; what goes through
the pipe from then on is its name. Each trial still begins on a fresh copy, as Backtrader's does.
"""

from __future__ import annotations

import datetime
import io
import pickle
import tempfile
import threading
import types
from pathlib import Path
from typing import Any

from atms.engine.explaining import Part
from atms.engine.loading import Loading
from atms.engine.packing import Packer, fresh_copy
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
        trial_parts: how the trials of the last run got the system, and how its feeds were loaded;
            empty where there was no pool.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._trials: Trials | None = None
        self.trial_parts: tuple[Part, ...] = ()

    def run(self, **kwargs: Any) -> Any:
        """Run as Backtrader does."""
        self.trial_parts = ()
        if not self._dooptimize or kwargs.get("maxcpus", self.p.maxcpus) == 1 or not self.datas:
            return super().run(**kwargs)
        if self.signals:  # Backtrader looks at the strategies before it runs them
            return self._run_as_it_is("signals", kwargs)
        try:
            place = tempfile.TemporaryDirectory(prefix="atms-", ignore_cleanup_errors=True)
        except OSError as error:
            return self._run_as_it_is(f"no folder for temporary files: {error.strerror}", kwargs)
        with place as folder, Trials(self, Path(folder)) as trials:
            self._trials = trials
            try:
                return super().run(**kwargs)
            finally:
                self._trials = None
                self.trial_parts = trials.parts

    def _run_as_it_is(self, why: str, kwargs: dict[str, Any]) -> Any:
        self.trial_parts = (Part("optimise", "", False, why),)
        return super().run(**kwargs)

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
    """

    def __init__(self, cerebro: Any, folder: Path) -> None:
        self._part = Part("optimise", "", True, "each worker has the system once, not each trial")
        self._cerebro = cerebro
        self._path = folder / "system.pickle"
        self._caller = threading.get_ident()
        self._tried = False
        self._places: list[tuple[int, int]] | None = None
        self._loading = Loading()
        self._loading.begin(cerebro.datas)
        # Stock hands iterators to itertools.product, which empties them; ours are emptied here.
        self._strategies = list(cerebro.strats)
        self._choices = [list(choices) for choices in self._strategies]
        cerebro.strats[:] = [iter(choices) for choices in self._choices]

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return how the trials are given to the workers, and how the feeds were loaded."""
        return (self._part, *self._loading.done)

    def reduced(self) -> Any:
        """Return what stands for the Cerebro in the pool's pipe; None: the Cerebro itself.

        The pool pickles in a thread of its own. Who pickles the Cerebro in the thread of the run,
        in a callback, means the Cerebro itself.

        Raises:
            Exception: what pickling it raises.
        """
        if threading.get_ident() == self._caller:
            return None
        if not self._tried:
            self._places = self._write()
            self._tried = True
        return (fresh_copy, (str(self._path), self._places)) if self._places else None

    def __enter__(self) -> Trials:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        """Leave feeds and strategies as Backtrader does."""
        self._loading.end()
        self._cerebro.strats[:] = self._strategies

    def _write(self) -> list[tuple[int, int]] | None:
        """Write the pickle; return where its large blocks lie, or None if there can be none."""
        self._end()
        try:
            with self._path.open("wb") as file:
                packer = Packer(file, self._cerebro)
                packer.dump(self._cerebro)
                places = packer.write_blocks()
        except OSError as error:
            self._refuse(f"no file for the workers: {error.strerror}")
            return None
        if self._share(packer):
            self._refuse("a parameter is an object of the system's")
            return None
        return places

    def _refuse(self, why: str) -> None:
        self._part = Part("optimise", "", False, why)

    def _share(self, system: Packer) -> bool:
        """Return whether a parameter is, or holds, an object that the system holds too.

        Pickled in one go, as Backtrader pickles them, they are still one object in the worker.
        """
        values = [
            (args, list(kwargs.values()))
            for choices in self._choices
            for _, args, kwargs in choices
        ]
        params = Packer(io.BytesIO(), self._cerebro)
        try:
            params.dump(values)
        except (pickle.PicklingError, AttributeError, TypeError):
            return True  # the pool meets it too, at the trial that has it
        known = system.memo.copy()
        return any(
            key in known and not isinstance(value, _UNCHANGING)
            for key, (_, value) in params.memo.copy().items()
        )

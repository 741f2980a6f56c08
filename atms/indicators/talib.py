"""TA-Lib's functions as Backtrader indicators, the same bar by bar as over whole arrays.

::

    from atms.indicators import talib

    self.rsi = talib.RSI(self.data, timeperiod=14)
    self.macd = talib.MACD(self.data)           # lines: macd, macdsignal, macdhist
    self.beta = talib.BETA(self.data0, self.data1)

Every function of the installed TA-Lib is here by its name. Parameters and lines have TA-Lib's
names and defaults. One feed is enough where a function reads prices or volume; else, and always
if you like, one line is given for each input, in TA-Lib's order. Before the first value lines are
NaN, and the strategy waits for it.

Needs the extra ``talib``.
"""

from __future__ import annotations

import functools
from typing import Any

import backtrader as bt
import numpy as np

from atms.indicators.bar_by_bar import BarByBar
from atms.indicators.inputs import inputs_of
from atms.indicators.package import ta

_SAME_SCALE = "Output scale same as input"


class _Indicator(bt.Indicator):
    """One TA-Lib function.

    Raises:
        TypeError: of an argument that the function does not have.
        ValueError: of a parameter that TA-Lib does not take, of inputs that do not fit, and, with
            ``exactbars``, of a bar without a number.
    """

    _refname = "_functions"  # else it would stand in the place of Backtrader's own of its name
    _functions: dict[str, type] = {}
    _function = ""  # TA-Lib's name of it

    def __init__(self, *given: Any, **unknown: Any) -> None:
        super().__init__()
        name = self._function
        defaults = ta.abstract.Function(name).parameters
        if given or unknown:
            what = ", ".join([repr(one) for one in given] + [f"{key}=" for key in unknown])
            known = ", ".join(f"{key}=" for key in defaults) or "none"
            raise TypeError(f"talib.{name}: {what}: its parameters, by name, are: {known}")
        self._kwargs = _params(name, self.p._getkwargs(), defaults)
        self._inputs = inputs_of(name, ta.abstract.Function(name).input_names, self.datas)
        self._by_bar = BarByBar(name, self._kwargs, self._of_arrays)
        self.addminperiod(_lookback(name, self._kwargs) + 1)

    def _of_arrays(self, *arrays: Any) -> tuple[Any, ...]:
        if not _begins(arrays):  # where TA-Lib makes a value of the last bar for some functions
            return tuple(np.full(len(arrays[0]), np.nan) for _ in self.lines)
        found = getattr(ta, self._function)(*arrays, **self._kwargs)
        return tuple(found) if isinstance(found, tuple | list) else (found,)

    # ---- over whole arrays ----------------------------------------------------------------------
    def oncestart(self, start: int, end: int) -> None:
        """Leave the first value to :meth:`once`, which writes all of them."""

    def once(self, start: int, end: int) -> None:
        """Write every value from the first on."""
        if end < start:
            return  # there are fewer bars than the first value needs
        lengths = {line.buflen() for line in self._inputs}
        if len(lengths) > 1:
            raise self._uneven(lengths)
        for line, output in zip(self.lines, self._of_all(end), strict=True):
            into = np.frombuffer(line.array, dtype=np.float64)
            into[start - 1 : end] = output[start - 1 : end]

    def _of_all(self, count: int) -> tuple[Any, ...]:
        arrays = [np.frombuffer(line.array, np.float64, count) for line in self._inputs]
        return self._of_arrays(*arrays)

    # ---- bar by bar -----------------------------------------------------------------------------
    def prenext(self) -> None:
        """Take in a bar before the first value."""
        lengths = {len(line) for line in self._inputs}
        if len(lengths) > 1:
            raise self._uneven(lengths)
        self._by_bar.note(len(self), tuple(float(line[0]) for line in self._inputs))

    def next(self) -> None:
        """Write the value of this bar."""
        self.prenext()
        outputs = self._by_bar.outputs()
        if outputs is None:
            outputs = self._of_what_is_kept()
        for line, value in zip(self.lines, outputs, strict=True):
            line[0] = value

    def _of_what_is_kept(self) -> tuple[float, ...]:
        if any(line.mode == line.QBuffer for line in self._inputs):
            raise ValueError(
                f"talib.{self._function}: bar {len(self)} or one before it has no number, and "
                "exactbars keeps too few bars to go on from there; run without exactbars, or mend "
                "the bars"
            )
        return tuple(float(output[-1]) for output in self._of_all(self._inputs[0].idx + 1))

    def _uneven(self, lengths: set[int]) -> ValueError:
        return ValueError(
            f"talib.{self._function}: its inputs have {' and '.join(map(str, sorted(lengths)))} "
            "bars, and it pairs them one by one; give it feeds that have their bars at the same "
            "times"
        )


def _begins(arrays: tuple[Any, ...]) -> bool:
    """Return whether there is a bar at which no input is NaN."""
    if not any(np.isnan(one[0]) for one in arrays):
        return True
    return not bool(np.isnan(arrays).any(axis=0).all())


def _params(name: str, given: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Return parameters as TA-Lib wants them: whole numbers as int, others as float."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        kind = int if isinstance(defaults[key], int) else float
        try:
            found[key] = kind(value)
        except (TypeError, ValueError, OverflowError):
            found[key] = None
        if found[key] is None or isinstance(value, str) or found[key] != value:
            what = "a whole number" if kind is int else "a number"
            raise ValueError(f"talib.{name}: {key} is {value!r}; give {what}")
    return found


def _lookback(name: str, params: dict[str, Any]) -> int:
    """Return how many bars come before the first value."""
    lookback = int(ta.abstract.Function(name, **params).lookback)
    if lookback < 0:  # TA-Lib's sign of it
        given = ", ".join(f"{key}={value}" for key, value in params.items())
        raise ValueError(f"talib.{name}: TA-Lib does not take {given}; see its documentation")
    return lookback


@functools.cache
def _indicator(name: str) -> type[Any]:
    function = ta.abstract.Function(name)
    histograms = [key for key, flags in function.output_flags.items() if "Histogram" in flags]
    members = {
        "__module__": __name__,
        "_function": name,
        "__doc__": f"{function.info['display_name']}.\n\n{function}",
        "lines": tuple(function.output_names),
        "params": dict(function.parameters),
        "plotinfo": {"subplot": _SAME_SCALE not in (function.function_flags or ())},
        "plotlines": {key: {"_method": "bar"} for key in histograms},
    }
    made: type[Any] = type(_Indicator)(name, (_Indicator,), members)  # type: ignore[misc]
    return made


def __getattr__(name: str) -> Any:
    if name == "MA_Type":  # numbers of the moving averages, for parameters such as matype
        return ta.MA_Type
    if name.startswith("_") or name not in ta.get_functions():
        raise AttributeError(
            f"atms.indicators.talib: TA-Lib {ta.__version__} has no function {name!r}"
        )
    return _indicator(name)


def __dir__() -> list[str]:
    return [*ta.get_functions(), "MA_Type"]

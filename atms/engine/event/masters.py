"""The time of a step as Cerebro has it in two forms, made when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backtrader.feed import AbstractDataBase
from backtrader.utils import num2date

from atms.engine.event.swapping import Swaps, takes_class
from atms.engine.identity import runs

_NAMES = ("_dtmaster", "_udtmaster")


class Masters:
    """What sets ``cerebro._dtmaster`` and ``_udtmaster``.

    Backtrader makes two datetimes of each step's number, which only an order that is valid
    until some time asks for.
    """

    def __init__(self, cerebro: Any, swaps: Swaps) -> None:
        self._cerebro = cerebro
        self._own = cerebro.__dict__
        self._plain: set[int] = set()
        if takes_class(cerebro) and not any(hasattr(type(cerebro), name) for name in _NAMES):
            swaps.then(self._end)
            self._own["_event_step"] = None
            swaps.put_class(cerebro, "masters", lambda base: _BODY)
            datas = cerebro.datas
            self._plain = {id(one) for one in datas if runs(one, AbstractDataBase, "num2date")}

    def _end(self) -> None:
        self._plain.clear()
        settle(self._cerebro)
        del self._own["_event_step"]

    def set(self, data: Any, number: float) -> None:
        """Let *number*, read as *data* does, be the present step."""
        # Where the number is no date, Backtrader raises here and now.
        if id(data) in self._plain and 2.0 <= number < 3652050.0:
            self._own["_event_step"] = (data, number)
        else:
            self._cerebro._dtmaster = data.num2date(number)
            self._cerebro._udtmaster = num2date(number)


def settle(cerebro: Any) -> None:
    """Write both forms of the present step where Backtrader has them."""
    own = cerebro.__dict__
    step = own.get("_event_step")
    if step is None:
        return
    own["_event_step"] = None
    data, number = step
    own["_dtmaster"], own["_udtmaster"] = data.num2date(number), num2date(number)


def _master(name: str) -> property:
    def read(self: Any) -> Any:
        settle(self)
        try:
            return self.__dict__[name]
        except KeyError:
            kind = type(self).__name__
            raise AttributeError(f"{kind!r} object has no attribute {name!r}") from None

    def write(self: Any, value: Any) -> None:
        settle(self)
        self.__dict__[name] = value

    return property(read, write)


_BODY: Mapping[str, Any] = {name: _master(name) for name in _NAMES}

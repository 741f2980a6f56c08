"""The kernels of a lane as one function: a line of Python for each, values handed on as locals.

A call of Python for each indicator takes longer than what it computes. So the expressions are put
one under the other and compiled, as ``dataclasses`` does with what it makes.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from atms.engine.event.groups import NAN
from atms.engine.event.nodes import Kernel

_HEAD = 1  # the line of `def`


class Work(Protocol):
    """One kernel, and the arrays its values go to."""

    kernel: Kernel
    appends: list[array[float]]
    sets: list[array[float]]


def compose(works: Sequence[Work], blanks: Sequence[array[float]]) -> Callable[[int], None]:
    """Return a function of the index that does all *works*, and lets *blanks* grow by NaN.

    Its first line is about the blanks, and each line after that is about one work: see
    :func:`work_of`.
    """
    writer = _Writer()
    lines = ["; ".join(f"{writer.name(one.append)}({writer.name(NAN)})" for one in blanks)]
    lines += [writer.line(number, work) for number, work in enumerate(works)]
    text = "def step(i):\n" + "\n".join(f"    {line or 'pass'}" for line in lines)
    exec(compile(text, "<lane>", "exec"), writer.scope)  # noqa: S102 - the texts are ours
    step: Callable[[int], None] = writer.scope["step"]
    return step


def work_of(error: BaseException, step: Callable[[int], None]) -> int:
    """Return which work of *step* raised *error*; -1: none, but the blanks."""
    trace = error.__traceback__
    code = step.__code__
    while trace is not None:
        if trace.tb_frame.f_code is code:
            return trace.tb_lineno - _HEAD - 2
        trace = trace.tb_next
    return -1


class _Writer:
    def __init__(self) -> None:
        self.scope: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []  # so that no two have one id
        self._locals: dict[int, str] = {}

    def name(self, thing: Any) -> str:
        known = self._names.get(id(thing))
        if known is None:
            known = self._names[id(thing)] = f"n{len(self._kept)}"
            self._kept.append(thing)
            self.scope[known] = thing
        return known

    def line(self, number: int, work: Work) -> str:
        kernel = work.kernel

        def put(found: re.Match[str]) -> str:
            thing = kernel.names[int(found[2])]
            if found[1] == "#":
                return self.name(thing)
            return self._locals.get(id(thing)) or f"{self.name(thing)}[i]"

        if kernel.names:
            value = re.sub(r"([@#])(\d)", put, kernel.text)
        else:
            value = f"{self.name(kernel.call)}(i)"
        local = f"v{number}"
        parts = [f"{local} = {value}"]
        parts += [f"{self.name(one.append)}({local})" for one in work.appends]
        parts += [f"{self.name(one)}[-1] = {local}" for one in work.sets]
        if kernel.exact:
            for one in (*work.appends, *work.sets):
                self._locals[id(one)] = local
        else:
            for one in (*work.appends, *work.sets):
                self._locals.pop(id(one), None)
        return "; ".join(parts)

"""Events of one moment: taken in one after the other, then looked at together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from atms.execution.core.core import Core
from atms.execution.core.events import Event, Instruction
from atms.execution.core.step import Step


def handle(
    core: Core,
    events: Iterator[Event],
    now: Callable[[], datetime],
    do: Callable[[Sequence[Instruction]], None],
) -> None:
    """Let a core take events in, in their order, and have done what all of them bring.

    An event that cannot be handled takes nothing from those before it.
    """
    step: Step | None = None
    try:
        for event in events:
            if step is not None and step.became_ready:  # the others are of one that trades
                _end(core, step, do)
                step = None
            step = step or Step(core, now())
            step.now = now()
            core.hear(step, event)
    finally:
        if step is not None:
            _end(core, step, do)


def _end(core: Core, step: Step, do: Callable[[Sequence[Instruction]], None]) -> None:
    try:
        found = core.end(step)
    except Exception:
        do(step.done())
        raise
    do(found)

"""An end to a strategy that does not return: in virtual time, in one thread, nothing else ends it.

It needs the main thread and a timer of the system's; without them such a strategy goes on.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from atms.sandbox.simulation.lives import Killed
from atms.usercode import is_theirs

PATIENCE = 60.0  # seconds of this machine, not of the trial
_WORLD = str(Path(__file__).with_name("world.py"))  # what lies outside it is nobody's strategy


class Hanging:
    """What is known of a strategy that does not return.

    Attributes:
        said: where it hung, in words; empty: it has always returned.
    """

    def __init__(self, seconds: float) -> None:
        self.said = ""
        self._seconds = seconds
        self._rings = False

    def returned(self) -> None:
        """Begin to count anew: the strategy has returned."""
        if self._rings:
            signal.setitimer(signal.ITIMER_REAL, self._seconds, self._seconds)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """End the process in which a call takes longer, as if it were killed."""
        main = threading.current_thread() is threading.main_thread()
        if not main or not hasattr(signal, "setitimer"):
            yield
            return
        handler = signal.signal(signal.SIGALRM, self._ring)
        timer = signal.getitimer(signal.ITIMER_REAL)
        self._rings = True
        self.returned()
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, *timer)  # who calls may have one of its own
            self._rings = False

    def _ring(self, number: int, frame: FrameType | None) -> None:
        place = _place_of(frame)
        if place is None:  # it is work of ours that is slow
            return
        self.said = (
            f"the strategy does not return: it was in one call for {self._seconds:g} s, "
            f"at {place}; a call that needs more gets it with --hang SECONDS"
        )
        raise Killed  # no Exception: an `except Exception` in an endless loop would take it


def _place_of(frame: FrameType | None) -> str | None:
    """Return the user's own line that is being run; None: it is none of theirs."""
    while frame is not None and frame.f_code.co_filename != _WORLD:
        code = frame.f_code
        if is_theirs(code.co_filename):
            return f"{code.co_filename}:{frame.f_lineno}, in {code.co_name}"
        frame = frame.f_back
    return None

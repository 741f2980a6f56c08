"""What really happened at the venue: JSON lines, for whoever checks a run from outside."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any, TextIO

from atms.errors import OutputError
from atms.sandbox.venue.clock import Clock

_KEPT = 200_000


class Truth:
    """The venue's own record: one dictionary a happening, the oldest first.

    Attributes:
        lines: the latest happenings; ``what`` is order, fill, cancel, amend, expire, reject,
            balances, request, ban, fault, market or server, ``at`` the venue's time in
            milliseconds.
    """

    def __init__(self, clock: Clock, file: Path | None = None) -> None:
        self.lines: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._clock = clock
        self._file: TextIO | None = None
        if file is not None:
            try:
                self._file = file.open("a", encoding="utf-8")
            except OSError as error:
                raise OutputError(f"{file}: cannot be written: {error.strerror}") from error

    def note(self, what: str, **facts: Any) -> None:
        """Add a happening; a file has it before this returns."""
        line = {"at": self._clock.now(), "what": what, **facts}
        self.lines.append(line)
        if self._file is not None:
            self._file.write(json.dumps(line, separators=(",", ":"), default=str) + "\n")
            self._file.flush()

    def of(self, what: str) -> list[dict[str, Any]]:
        """Return the happenings of one kind."""
        return [line for line in self.lines if line["what"] == what]

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

"""A run's log: what the strategy prints, and what the frame says of the run."""

from __future__ import annotations

import io
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import IO


class RunLog(io.TextIOBase):
    """Text that goes to standard error as it comes and is kept for run.log.

    It lies in an unnamed temporary file, so a strategy that prints much fills no memory, and
    nothing is left behind.
    """

    def __init__(self, echo: bool = True) -> None:
        super().__init__()
        self._echo = echo
        self._file: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115

    def writable(self) -> bool:
        """Return True: it is made to be written to."""
        return True

    def write(self, text: str) -> int:
        """Keep *text*, and pass it on."""
        self._file.write(text)
        if self._echo:
            sys.stderr.write(text)
        return len(text)

    def note(self, line: str) -> None:
        """Keep a line of the frame's own, without passing it on."""
        self._file.write(line + "\n")

    def text(self) -> str:
        """Return all that was written."""
        self._file.flush()
        self._file.seek(0)
        found = self._file.read()
        self._file.seek(0, io.SEEK_END)
        return found

    def close(self) -> None:
        """Forget what was written."""
        self._file.close()
        super().close()

    @contextmanager
    def capture(self) -> Iterator[None]:
        """Send standard output and log records here for the length of a with block."""
        handler = logging.StreamHandler(self)
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        root = logging.getLogger()
        root.addHandler(handler)
        try:
            with redirect_stdout(self):
                yield
        finally:
            root.removeHandler(handler)

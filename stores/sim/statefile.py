"""The paper venue's own memory: one line of JSON for each thing that happened, on the disk.

A line is the unit: what a power cut leaves of the last one is cut off, and that did not happen.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import Any

from atms.errors import VenueError

Row = dict[str, Any]
NAME = "venue.jsonl"
_ADVICE = "move the file aside, and the paper account begins anew"


class StateFile:
    """Rows, in the order in which they were appended.

    Args:
        folder: where the file stands; made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._descriptor = -1
        self._end = 0

    def open(self) -> list[Row]:
        """Lock the file for this connection, and return its rows.

        Raises:
            VenueError: another has it; it cannot be read or written; it is damaged.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            self._descriptor = os.open(self.path, flags, 0o600)
            self._lock()
            return self._read()
        except OSError as error:
            self.close()
            raise self._unusable(error) from error
        except VenueError:
            self.close()
            raise

    def append(self, row: Row) -> None:
        """Put a row onto the disk.

        Raises:
            VenueError: it cannot be written; the file is as it was.
        """
        line = (json.dumps(row, separators=(",", ":"), allow_nan=False) + "\n").encode()
        try:
            os.lseek(self._descriptor, self._end, os.SEEK_SET)
            if os.write(self._descriptor, line) != len(line):
                raise OSError(0, "the disk is full")
            os.fsync(self._descriptor)
        except OSError as error:
            with contextlib.suppress(OSError):  # else the next start cuts it off
                os.ftruncate(self._descriptor, self._end)
            raise self._unusable(error) from error
        self._end += len(line)

    def close(self) -> None:
        """Let the file go; a second time does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _lock(self) -> None:
        try:  # of flock's kind: it keeps out another of this process too
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise VenueError(
                f"{self.path}: another run trades this paper account; end it, or give this one an "
                "account of its own"
            ) from error

    def _read(self) -> list[Row]:
        data = self.path.read_bytes()
        self._end = data.rfind(b"\n") + 1
        if self._end < len(data):  # what a crash left of a row
            os.ftruncate(self._descriptor, self._end)
        rows = []
        for number, line in enumerate(data[: self._end].splitlines(), start=1):
            try:
                row = json.loads(line)
                if not isinstance(row, dict) or "row" not in row:
                    raise ValueError("no row")
            except ValueError as error:
                raise VenueError(f"{self.path}: line {number}: is no row; {_ADVICE}") from error
            rows.append(row)
        return rows

    def _unusable(self, error: OSError) -> VenueError:
        return VenueError(
            f"{self.path}: {error.strerror}: make room, or give the paper account another folder"
        )

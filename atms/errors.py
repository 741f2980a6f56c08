"""Everything atms raises on purpose.

::

    AtmsError                 1   anything below
    ├── RunError              1   a run that started and failed
    │   ├── StrategyError     1   the user's own code raised; `.result` is the run up to then
    │   └── OutputError       1   a result could not be written
    ├── ConfigError           2   config file, command line, environment
    │   ├── UnknownName       2   no strategy, feed, analyzer ... of that name
    │   └── MissingExtra      2   an optional package is not installed
    ├── DataError             3   bars that are missing, unreadable or wrong
    ├── VenueError            4   an exchange, broker or chain
    ├── LedgerError           4   the database
    └── JournalError          4   the order path's own record of a live account

The number is the exit code of the command line. A message says where, what, and the way out.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atms.result import Result


class AtmsError(Exception):
    """Base of every error that atms raises on purpose."""

    exit_code = 1


class RunError(AtmsError):
    """A run started and failed."""


class StrategyError(RunError):
    """The strategy's own code raised.

    Attributes:
        result: what the run had done up to then; None if it had not begun.
    """

    def __init__(self, message: str, result: Result | None = None) -> None:
        super().__init__(message)
        self.result = result


class OutputError(RunError):
    """A result could not be written."""


class ConfigError(AtmsError):
    """A config file, an option or an environment variable is wrong; one line a problem."""

    exit_code = 2


class UnknownName(ConfigError):  # noqa: N818 - read as a sentence: raise UnknownName
    """Nothing of that name is known."""


class MissingExtra(ConfigError):  # noqa: N818
    """An optional package is not installed; the message holds the command that installs it."""


class DataError(AtmsError):
    """Bars are missing, unreadable or wrong."""

    exit_code = 3


class VenueError(AtmsError):
    """An exchange, a broker or a chain refused or cannot be reached."""

    exit_code = 4


class LedgerError(AtmsError):
    """The database cannot be read or written."""

    exit_code = 4


class JournalError(AtmsError):
    """A live account's journal, or its lease, cannot be had, read or written."""

    exit_code = 4


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest of *known*, or an empty string."""
    listed = list(known)
    near = difflib.get_close_matches(word, listed, n=1, cutoff=0.6)
    # A letter of the other case counts as wrong above: "btc/usdt" would be near to nothing.
    same = [one for one in listed if one.casefold() == word.casefold()]
    return f"; did you mean {(same or near)[0]!r}?" if same or near else ""

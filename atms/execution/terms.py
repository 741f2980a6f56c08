"""How an account is run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How an account is run.

    Attributes:
        journal: the journal's id, which our keys begin with.
        instruments: what may be traded.
        poll: how often the log is read though the stream is well.
        retry: how long to wait before a venue is asked the same again; twice as long after each
            time that it could not be asked, up to *longest*.
        check: how often a snapshot is taken though nothing asks for one: a stream that looks well
            may have dropped an order's end.
        patience: how long a sent order may stay without an answer before it is asked for.
        unknown_position: what becomes of a position that the journal does not explain: ``halt``
            the instrument, ``adopt`` it as one of ours, or ``ignore`` it.
    """

    journal: str
    instruments: tuple[str, ...]
    poll: timedelta = timedelta(seconds=5)
    retry: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(seconds=30)
    check: timedelta = timedelta(seconds=30)
    patience: timedelta = timedelta(seconds=2)
    unknown_position: str = "halt"

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
        emulated_protection: whether orders may be taken that stand only as long as this process
            does.
        naked: how long a position may be without the stop that its strategy asked for: then it is
            closed.
        gather: for how long parts of an entry are gathered before they are protected: a venue
            holds only so many stops.
        stale: how long there may be no price of what is watched before that is told.
    """

    journal: str
    instruments: tuple[str, ...]
    poll: timedelta = timedelta(seconds=5)
    retry: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(seconds=30)
    check: timedelta = timedelta(seconds=30)
    patience: timedelta = timedelta(seconds=2)
    unknown_position: str = "halt"
    emulated_protection: bool = False
    naked: timedelta = timedelta(seconds=2)
    gather: timedelta = timedelta(seconds=0.5)
    stale: timedelta = timedelta(seconds=60)

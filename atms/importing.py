"""Other programs' files into the ledger's bars: chunk by chunk, going on where it was killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from atms import ledger
from atms.errors import AtmsError
from atms.feeds.importing import Import
from atms.ledger.bars import Mark, Series, Written


@dataclass(frozen=True)
class Imported:
    """What became of a file.

    Attributes:
        of: the series that its bars are in.
        written: bars added, known and different, of this time.
        resumed: rows of the file that an earlier, unfinished import had done.
        notes: what of the file was left out or changed.
    """

    of: Series
    written: Written
    resumed: int
    notes: tuple[str, ...]


def import_bars(
    file: Import,
    url: str,
    of: Series,
    *,
    replace: bool = False,
    progress: Callable[[float, Written], None] = lambda share, written: None,
) -> Imported:
    """Write a file's bars to the ledger, one chunk a transaction; memory stays flat.

    Killed, it goes on after the last chunk when it is called again. A file that was imported
    whole is read again: bars that are there already are only counted.

    Args:
        file: the opened file.
        url: the ledger's.
        of: the series.
        replace: let bars with other figures take the place of those that are there.
        progress: told after each chunk which share of the file is done, and what was written.

    Raises:
        DataError: with file and row, what cannot be read; the chunks before it are kept.
        LedgerError: the database refused; likewise.
    """
    mark = ledger.import_mark(url, of, file.fingerprint)
    # What replaces, replaces from the first row on.
    begin = mark.rows if mark is not None and not (mark.finished or replace) else 0
    written, rows, notes = Written(), begin, dict.fromkeys(file.notes)
    try:
        for chunk in file.chunks(skip_rows=begin):
            here = Mark(file.fingerprint, chunk.rows)
            written += ledger.write_bars(url, of, chunk.raw, replace=replace, mark=here)
            rows = chunk.rows
            notes.update(dict.fromkeys(chunk.raw.notes))
            progress(chunk.done, written)
        ledger.end_import(url, of, Mark(file.fingerprint, rows, finished=True))
    except AtmsError as error:
        if rows:
            kept = f"{rows:,} of its rows are kept in {of}; the next import goes on after them"
            raise type(error)(f"{error}\n{kept}") from error
        raise
    except KeyboardInterrupt as stop:
        # Asked of the ledger: it may have come between a chunk's commit and our taking note.
        mark = ledger.import_mark(url, of, file.fingerprint)
        if mark is not None and mark.rows:
            kept = f"{mark.rows:,} of its rows in {of}; the next import goes on"
            stop.kept = kept  # type: ignore[attr-defined]
        raise
    return Imported(of, written, begin, tuple(notes))

"""A text in blocks of whole lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atms.errors import DataError
from atms.feeds.importing.files import ByteStream, SourceFile

_PIECE = 1 << 20
_BOM, _UTF16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Block:
    """Whole lines; the file's last may lack its line feed.

    Attributes:
        text: their bytes.
        first: the number of the first line in the file, from 0.
        count: how many lines.
        done: which part of the file is read up to their end, 0 to 1.
    """

    text: bytes
    first: int
    count: int
    done: float


def blocks(file: SourceFile, *, skip: int, rows: int) -> Iterator[Block]:
    """Yield the lines after the first *skip*, *rows* at a time; the last block may be shorter.

    Raises:
        DataError: the file cannot be read, or is not UTF-8.
    """
    with file.stream() as stream:
        piece = _after(stream, skip, file.where) or stream.read(_PIECE)
        held: list[bytes] = []
        count, first = 0, skip
        while piece:
            held.append(piece)
            count += piece.count(b"\n")
            if count >= rows:
                text, start = b"".join(held), 0
                for end in _line_ends(text)[rows - 1 :: rows].tolist():
                    yield Block(text[start:end], first, rows, stream.share(len(text) - end))
                    start, first, count = end, first + rows, count - rows
                held = [text[start:]]
            piece = stream.read(_PIECE)
        text = b"".join(held)
        if text:
            count += not text.endswith(b"\n")
            yield Block(text, first, count, stream.share())


def _after(stream: ByteStream, lines: int, where: str) -> bytes:
    """Pass over *lines* lines; return what is read already of those that follow."""
    piece = stream.read(_PIECE)
    if piece.startswith(_UTF16):
        raise DataError(f"{where}: is written as UTF-16; save it as UTF-8")
    piece = piece.removeprefix(_BOM)
    while lines:
        count = piece.count(b"\n")
        if count >= lines:
            return piece[_line_ends(piece)[lines - 1] :]
        lines -= count
        piece = stream.read(_PIECE)
        if not piece:
            return b""
    return piece


def _line_ends(text: bytes) -> NDArray[np.int64]:
    """Return where each line ends, its line feed included; int64, shape (lines,)."""
    ends: NDArray[np.int64] = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == 10) + 1
    return ends

"""Bytes in gzip streams: small pieces share one, long ones have one each."""

from __future__ import annotations

import base64
import gzip
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONG = 1 << 16  # bytes from which a piece has a stream of its own
_SHARED = 1 << 20  # bytes from which the next small piece begins a new stream
_NOISE = 0.55  # of its length: what deflates no better holds no repetitions worth looking for
Where = list[int]  # stream, offset, length
Spec = dict[str, Any]  # how a column is stored: JSON, but for the pieces that are still bytes


class Writer:
    """Collects pieces in streams."""

    def __init__(self) -> None:
        self._done: dict[int, str] = {}
        self._shared = bytearray()
        self._place = 0
        self._streams = 1

    def add(self, piece: bytes) -> Where:
        """Return where *piece* will stand."""
        if len(piece) >= LONG:
            self._done[self._streams] = packed(piece)
            self._streams += 1
            return [self._streams - 1, 0, len(piece)]
        if len(self._shared) + len(piece) > _SHARED:
            self._done[self._place] = packed(bytes(self._shared))
            self._shared = bytearray()
            self._place = self._streams
            self._streams += 1
        at = len(self._shared)
        self._shared += piece
        return [self._place, at, len(piece)]

    def streams(self) -> list[str]:
        """Return every stream, gzipped and as base64."""
        done = {**self._done, self._place: packed(bytes(self._shared))}
        return [done[place] for place in range(self._streams)]


def placed(spec: Any, writer: Writer) -> Any:
    """Return *spec* with its bytes added to *writer*, and where they stand in their place."""
    if isinstance(spec, bytes):
        return writer.add(spec)
    if isinstance(spec, dict):
        return {name: placed(value, writer) for name, value in spec.items()}
    return [placed(value, writer) for value in spec] if isinstance(spec, list) else spec


def cost(spec: Any) -> int:
    """Return about how many bytes of gzip the pieces of *spec* will take."""
    if isinstance(spec, bytes):
        return _cost(spec)
    if isinstance(spec, dict):
        return sum(cost(value) for value in spec.values())
    return sum(cost(value) for value in spec) if isinstance(spec, list) else 0


def _cost(piece: bytes) -> int:
    if len(piece) <= LONG:
        return len(zlib.compress(piece, 1))
    # A stretch from the middle stands for the rest: what it costs is asked for often.
    middle = (len(piece) - LONG) // 2
    return len(zlib.compress(piece[middle : middle + LONG], 1)) * len(piece) // LONG


def packed(piece: bytes) -> str:
    """Return *piece* as gzip in base64."""
    noise = len(piece) >= LONG and _cost(piece) > _NOISE * len(piece)
    strategy = zlib.Z_HUFFMAN_ONLY if noise else zlib.Z_DEFAULT_STRATEGY
    level = 9 if len(piece) < LONG else 6
    made = zlib.compressobj(level, zlib.DEFLATED, 31, 9, strategy)
    return base64.b64encode(made.compress(piece) + made.flush()).decode("ascii")


def opened(streams: list[str]) -> list[bytes]:
    """Return the bytes of every stream."""
    return [gzip.decompress(base64.b64decode(stream)) for stream in streams]


def piece(where: Where, streams: list[bytes]) -> NDArray[np.uint8]:
    """Return a stored piece as an array of bytes."""
    stream, offset, length = where
    return np.frombuffer(streams[stream], dtype=np.uint8, count=length, offset=offset)

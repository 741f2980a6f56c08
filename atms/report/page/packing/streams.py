"""Bytes in gzip streams: small pieces share one, long ones have one each."""

from __future__ import annotations

import base64
import gzip
import zlib

LONG = 1 << 16  # bytes from which a piece has a stream of its own
_SHARED = 1 << 20  # bytes from which the next small piece begins a new stream
Where = list[int]  # stream, offset, length


class Writer:
    """Collects pieces; what they cost is known when they are added."""

    def __init__(self, level: int = 9) -> None:
        self._level = level
        self._done: dict[int, str] = {}
        self._shared = bytearray()
        self._place = 0
        self._streams = 1

    def add(self, piece: bytes) -> Where:
        """Return where *piece* will stand."""
        if len(piece) >= LONG:
            self._done[self._streams] = _packed(piece, self._level)
            self._streams += 1
            return [self._streams - 1, 0, len(piece)]
        if len(self._shared) + len(piece) > _SHARED:
            self._close()
        at = len(self._shared)
        self._shared += piece
        return [self._place, at, len(piece)]

    def streams(self) -> list[str]:
        """Return every stream, gzipped and as base64."""
        done = {**self._done, self._place: _packed(bytes(self._shared), self._level)}
        return [done[place] for place in range(self._streams)]

    def _close(self) -> None:
        self._done[self._place] = _packed(bytes(self._shared), self._level)
        self._shared = bytearray()
        self._place = self._streams
        self._streams += 1


def _packed(piece: bytes, level: int) -> str:
    """Return gzip as base64; of two ways to deflate the shorter, where it may matter."""
    ways = [zlib.Z_DEFAULT_STRATEGY]
    if len(piece) >= LONG:
        ways.append(zlib.Z_HUFFMAN_ONLY)  # noise: looking for repetitions only costs
    found = [_gzip(piece, level, way) for way in ways]
    return base64.b64encode(min(found, key=len)).decode("ascii")


def _gzip(piece: bytes, level: int, strategy: int) -> bytes:
    made = zlib.compressobj(level, zlib.DEFLATED, 31, 9, strategy)
    return made.compress(piece) + made.flush()


def packed_text(text: str) -> str:
    """Return an ASCII text as a stream of its own."""
    return _packed(text.encode("ascii"), 9)


def opened(streams: list[str]) -> list[bytes]:
    """Return the bytes of every stream."""
    return [gzip.decompress(base64.b64decode(stream)) for stream in streams]


def cost(piece: bytes) -> int:
    """Return about how many bytes *piece* will take, by a stretch of it."""
    if len(piece) <= LONG:
        return len(zlib.compress(piece, 1))
    middle = (len(piece) - LONG) // 2
    sample = piece[middle : middle + LONG]
    return len(zlib.compress(sample, 1)) * len(piece) // LONG

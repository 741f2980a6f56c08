"""What lies on disk: a file's kind, told by its first bytes, and its unpacked bytes."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from atms.errors import DataError, did_you_mean

_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
_COLUMNAR = {b"PAR1": "parquet", b"ARROW1": "feather", b"FEA1": "feather 1"}
_TEXT = (".csv", ".txt", ".tsv")
_BLOCK, _BLOCKS = 1 << 16, 16
# What reading a packed file raises: RuntimeError stands for a password, or an unknown packing.
_BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError)


@dataclass(frozen=True)
class SourceFile:
    """A file, or one file in a zip.

    Attributes:
        path: the file on disk.
        kind: ``text``, ``json``, ``parquet`` or ``feather``.
        packing: ``gzip``, ``zip`` or nothing.
        member: the file's name inside the zip.
    """

    path: Path
    kind: str
    packing: str = ""
    member: str | None = None

    @property
    def where(self) -> str:
        """The file's name, for messages."""
        return f"{self.path}#{self.member}" if self.member else str(self.path)

    @property
    def name(self) -> str:
        """The name of the file itself, without folders and without .gz."""
        name = Path(self.member).name if self.member else self.path.name
        return name[:-3] if name.lower().endswith(".gz") else name

    @contextmanager
    def stream(self) -> Iterator[ByteStream]:
        """Open the unpacked bytes.

        Raises:
            DataError: the file cannot be read.
        """
        with ExitStack() as stack:
            with readable(self.where):
                raw: IO[bytes] = stack.enter_context(self.path.open("rb"))
                size, unpacked = self.path.stat().st_size, raw
                if self.packing == "gzip":
                    unpacked = cast(IO[bytes], stack.enter_context(gzip.GzipFile(fileobj=raw)))
                elif self.packing == "zip":
                    archive = stack.enter_context(zipfile.ZipFile(raw))
                    size = archive.getinfo(str(self.member)).file_size
                    raw = unpacked = stack.enter_context(archive.open(str(self.member)))
            yield ByteStream(self.where, raw, unpacked, size)

    def head(self, size: int) -> bytes:
        """Return the first bytes, unpacked; at most *size*."""
        with self.stream() as stream:
            return stream.read(size)


class ByteStream:
    """Unpacked bytes, and how much of the source they are."""

    def __init__(self, where: str, raw: IO[bytes], unpacked: IO[bytes], size: int) -> None:
        self._where, self._raw, self._unpacked, self._size = where, raw, unpacked, size
        self._read = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes, *size* of them if there are as many; nothing at the end."""
        with readable(self._where):
            piece = self._unpacked.read(size)
        self._read += len(piece)
        return piece

    def share(self, behind: int = 0) -> float:
        """Return which part of the source is read, 0 to 1, but for the last *behind* bytes."""
        if not self._size or not self._read:
            return 1.0
        return min(1.0, self._raw.tell() / self._size) * (self._read - behind) / self._read


@contextmanager
def readable(where: str) -> Iterator[None]:
    """Turn what an unreadable file raises into a DataError that begins with *where*."""
    try:
        yield
    except _BROKEN as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{where}: cannot be read: {reason}") from error


def find_file(path: str | Path, member: str | None = None) -> SourceFile:
    """Return the file at *path*, and what kind it is; *member* names one of a zip's files.

    Raises:
        DataError: it is not there, is empty, or is not what its name says.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    with readable(str(path)), path.open("rb") as raw:
        magic = raw.read(8)
    if not magic:
        raise DataError(f"{path}: the file is empty")
    packing = "gzip" if magic.startswith(_GZIP) else "zip" if magic.startswith(_ZIP) else ""
    _check_name(path, packing, magic)
    if packing == "zip":
        return SourceFile(path, "text", "zip", _member(path, member))
    if member is not None:
        raise DataError(f"{path}: is no zip, so there is no {member!r} in it; leave member away")
    kind = next((kind for sign, kind in _COLUMNAR.items() if magic.startswith(sign)), "text")
    if kind == "feather 1":
        raise DataError(f"{path}: is feather of version 1; write it as version 2, or as Parquet")
    found = SourceFile(path, kind, packing)
    start = found.head(64) if kind == "text" else b""
    if kind == "text" and not start:
        raise DataError(f"{path}: the file is empty")
    return SourceFile(path, "json", packing) if start.lstrip()[:1] in (b"[", b"{") else found


def _check_name(path: Path, packing: str, magic: bytes) -> None:
    """Refuse a file whose name promises another kind: it is broken, or named wrongly."""
    name = path.name.lower()
    for ending, sign in ((".gz", _GZIP), (".zip", b"PK"), (".parquet", b"PAR1"),
                         (".feather", (b"ARROW1", b"FEA1"))):  # fmt: skip
        if name.endswith(ending) and not magic.startswith(sign):
            raise DataError(
                f"{path}: is called {ending} and is none; fetch it again, or name it for what it is"
            )


def _member(path: Path, wanted: str | None) -> str:
    """Return the name of the one text file in a zip, or of the one that is *wanted*."""
    with readable(str(path)), zipfile.ZipFile(path) as archive:
        names = [
            name
            for name in archive.namelist()
            if name.lower().endswith(_TEXT) and not name.startswith("__MACOSX")
        ]
    if wanted is not None:
        if wanted not in names:
            raise DataError(f"{path}: there is no {wanted!r} in it{did_you_mean(wanted, names)}")
        return wanted
    if not names:
        raise DataError(f"{path}: there is no {' or '.join(_TEXT)} file in it")
    if len(names) > 1:
        some = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise DataError(f"{path}: holds {len(names)} files: {some}; say which: member: {names[0]}")
    return names[0]


def fingerprint(file: SourceFile) -> str:
    """Return what tells one file's content from another's without reading it whole.

    SHA-256, in hex, of the size on disk, of 16 blocks of 64 KiB that lie evenly from the first
    byte to the last, and of the member's name. A file of up to 1 MiB is read whole. In a longer
    one a change between the blocks that keeps the size goes unnoticed; one at either end, and
    every line that is added or taken away, is noticed. Name, folder and times do not count.

    Raises:
        DataError: the file cannot be read.
    """
    found = hashlib.sha256()
    with readable(file.where), file.path.open("rb") as raw:
        size = file.path.stat().st_size
        found.update(f"{size} {file.member or ''} ".encode())
        last = max(0, size - _BLOCK)
        for number in range(_BLOCKS):
            at = number * _BLOCK if size <= _BLOCK * _BLOCKS else last * number // (_BLOCKS - 1)
            raw.seek(at)
            found.update(raw.read(_BLOCK))
    return found.hexdigest()

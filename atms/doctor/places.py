"""Where results are kept: can it be written, is there room, does it last?"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from atms.doctor.check import Check
from atms.errors import OutputError

LITTLE, TOO_LITTLE = 1_000_000_000, 50_000_000  # bytes free
NETWORK = {
    "9p", "afs", "ceph", "cifs", "davfs", "drvfs", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs",
    "glusterfs", "lustre", "nfs", "nfs4", "smb3", "smbfs", "vboxsf",
}  # fmt: skip
TEMPORARY = {"ramfs", "tmpfs"}
_MOUNTS = Path("/proc/self/mounts")  # Linux has it; elsewhere the kind is not told


def folder(name: str, path: Path, mounts: Path = _MOUNTS) -> Check:
    """Check the folder *path*, or, where it is not there yet, the one that it will be made in.

    Args:
        name: what the check is called.
        path: the folder.
        mounts: the table of mounted file systems, as Linux writes it.
    """
    path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - a link keeps its name
    there = next(above for above in (path, *path.parents) if os.path.lexists(above))
    code = OutputError.exit_code
    try:
        with tempfile.TemporaryFile(dir=there):  # permissions do not tell of quotas and mounts
            pass
        free = shutil.disk_usage(there).free
    except OSError as error:
        found = f"{path}: {there} cannot be written: {error.strerror or error}"
        return Check(name, "fail", found, _ELSEWHERE.get(name, ""), code)
    kind = file_system(there, mounts)
    found = f"{path}, {_amount(free)} free" + (f" ({kind})" if kind else "")
    if free < TOO_LITTLE:
        return Check(name, "fail", found, "free some space", code)
    if free < LITTLE:
        return Check(name, "warn", found, "free some space")
    if kind in TEMPORARY:
        return Check(name, "warn", found, f"it is gone after a restart; {_ELSEWHERE[name]}")
    if kind in NETWORK and name in ("ledger file", "state"):
        hint = "SQLite's locks do not hold on a network's file system; "
        return Check(name, "warn", found, hint + _ELSEWHERE[name])
    return Check(name, "ok", found)


_ELSEWHERE = {
    "runs": "choose another folder: run.out: DIR",
    "state": "choose another folder: execution.state_dir: DIR",
    "ledger file": "choose another place: ledger.url: sqlite:////absolute/path/atms.db",
}


def _amount(free: int) -> str:
    return f"{free / 1e9:,.1f} GB" if free >= LITTLE else f"{free / 1e6:,.0f} MB"


def file_system(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """Return the kind of file system that *path* is on, ``ext4``; None where it is not told."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    path = path.resolve()
    found = []
    for line in lines:
        _, point, kind, *_ = line.split(" ")
        # Spaces in a name are written \040.
        place = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point))
        if path.is_relative_to(place):
            found.append((len(place.parts), kind))
    # Of two on one point, the later one is seen.
    return max(reversed(found), key=lambda pair: pair[0])[1] if found else None

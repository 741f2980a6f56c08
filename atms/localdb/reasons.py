"""PostgreSQL's last words, and the way out where we know one."""

from __future__ import annotations

TAKEN = "could not bind"
STILL_HELD = "is still in use"  # by what is left of a server that was killed

_SHOWN = 8
_SILENT = (
    "it ended without a word, as one does that is killed from outside, by hand or because memory "
    "ran out; look into the system's log, and start it again"
)
_WAYS_OUT = (
    ("No space left on device", "free some space on that disk, and start it again"),
    ("Disk quota exceeded", "free some of your quota, and start it again"),
    ("is still in use", "end what is left of the old server, and start it again"),
    ("could not bind", "choose another --port, or none"),
    ("Permission denied", "choose a --dir whose files that user may use"),
    ("Cannot allocate memory", "free some memory, and start it again"),
)


def explained(what: str, text: str) -> str:
    """Return *what*, the way out, and below it the last lines of *text*."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()][-_SHOWN:]
    unknown = "its last lines say why" if lines else _SILENT
    way_out = next((way for sign, way in _WAYS_OUT if sign in text), unknown)
    return "\n".join([f"{what}; {way_out}", *lines])

"""What a run is called in the names of its files."""

from __future__ import annotations


def slug(name: str) -> str:
    """Return a name in small letters, with a dash for each sign that a file should not have."""
    return "".join(one if one.isalnum() or one in "-_" else "-" for one in name).lower()

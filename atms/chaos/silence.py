"""What a strategy prints, it would print a thousand times."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager, redirect_stdout
from typing import Any


class _Nowhere(io.TextIOBase):
    """Takes text, and forgets it."""

    def write(self, text: str) -> int:
        """Forget a text."""
        return len(text)


def silenced() -> AbstractContextManager[Any]:
    """Return a context in which what is printed is forgotten."""
    return redirect_stdout(_Nowhere())

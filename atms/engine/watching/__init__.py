"""Observers and analyzers, called only where something happens and settled in arrays elsewhere."""

from __future__ import annotations

from atms.engine.watching.guarding import guard, release
from atms.engine.watching.watching import Watching

__all__ = ["Watching", "guard", "release"]

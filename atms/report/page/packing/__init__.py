"""Columns of numbers and texts as small JSON, and back, bit by bit."""

from __future__ import annotations

from atms.report.page.packing.pack import Packed, pack
from atms.report.page.packing.unpack import unpack

__all__ = ["Packed", "pack", "unpack"]

"""Other programs' files as bars, in chunks: no file is held in memory whole."""

from __future__ import annotations

from atms.feeds.importing.chunking import Chunk
from atms.feeds.importing.opening import Import, open_import
from atms.feeds.importing.presets import PRESETS

__all__ = ["PRESETS", "Chunk", "Import", "open_import"]

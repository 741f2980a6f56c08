"""The TA-Lib package, or the line that says how it is had."""

from __future__ import annotations

import importlib.metadata
from typing import Any

try:
    import talib
    import talib.abstract
    import talib.stream
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "atms.indicators.talib needs TA-Lib: pip install 'atms[talib]'", name="talib"
    ) from error
if not hasattr(talib, "InsufficientHistory"):  # raised by streams, which came with 0.8
    raise ImportError(
        f"atms.indicators.talib needs TA-Lib 0.8.2 or later, and "
        f"{importlib.metadata.version('TA-Lib')} is installed: pip install -U 'TA-Lib>=0.8.2'"
    )

ta: Any = talib  # what its stubs leave out is public all the same

"""The columns that are known at a point of unpacking: those before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from atms.report.page.series_values import Floats, Values


class Known:
    """Columns by series and name, as the page will have them.

    Attributes:
        kept: what was worked out from them once, by a name of its own.
    """

    def __init__(self) -> None:
        self.columns: dict[str, dict[str, Values]] = {}
        self.kept: dict[str, Any] = {}

    def add(self, series: str, column: str, values: Values) -> None:
        """Make a column known."""
        self.columns.setdefault(series, {})[column] = values

    def numbers(self, series: str, column: str) -> Floats:
        """Return a column of numbers.

        Raises:
            KeyError: it is not known, or is one of texts.
        """
        found = self.columns[series][column]
        if not isinstance(found, np.ndarray):
            raise KeyError(column)
        return found

    def texts(self, series: str, column: str) -> list[str | None]:
        """Return a column of texts.

        Raises:
            KeyError: it is not known, or is one of numbers.
        """
        found = self.columns[series][column]
        if isinstance(found, np.ndarray):
            raise KeyError(column)
        return list(found)

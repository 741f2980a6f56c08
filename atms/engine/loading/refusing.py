"""Why a feed's rows are not loaded in whole columns after all."""

from __future__ import annotations


class NotInBulkError(Exception):
    """The rows hold something for which Backtrader's own loop is asked; the message says what."""

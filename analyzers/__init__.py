"""Observers of a run: they take notifications in the loop and decide nothing."""

from atms.analyzers.orders import Execution, OrderRecorder

__all__ = ["Execution", "OrderRecorder"]

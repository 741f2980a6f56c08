"""Backtrader's own feeds, loaded in whole columns: the same bits in the same lines."""

from atms.engine.loading.lasting import Loading
from atms.engine.loading.swapping import fast_class

__all__ = ["Loading", "fast_class"]

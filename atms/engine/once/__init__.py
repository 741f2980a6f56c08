"""Backtrader's indicators in whole columns, with its own bits."""

from atms.engine.once.table import IDEMPOTENT, KERNELS, NEXT_EQUAL, NEXT_KERNELS, kernel_of
from atms.engine.once.walk import compute, compute_one

__all__ = [
    "IDEMPOTENT",
    "KERNELS",
    "NEXT_EQUAL",
    "NEXT_KERNELS",
    "compute",
    "compute_one",
    "kernel_of",
]

"""Bybit, v5: the linear contracts of a unified trading account."""

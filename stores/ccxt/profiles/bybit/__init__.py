"""Bybit, v5: the spot market of a unified trading account."""

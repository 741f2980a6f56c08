"""Bybit on loopback: the spot market of a unified trading account, v5."""

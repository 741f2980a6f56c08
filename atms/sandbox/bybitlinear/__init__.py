"""Bybit on loopback: the linear contracts of a unified trading account, v5."""

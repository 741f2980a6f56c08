"""Kraken spot on loopback."""

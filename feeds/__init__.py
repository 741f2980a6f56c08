"""Bars for Backtrader."""

"""Strategies: one file, one strategy, each a plain ``backtrader.Strategy``."""

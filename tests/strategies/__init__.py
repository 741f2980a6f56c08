"""Strategies: entries and exits by hand, no look ahead, the same on paper as in a backtest."""

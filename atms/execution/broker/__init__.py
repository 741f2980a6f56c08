"""Backtrader's side of the order path: its orders, positions and notifications."""

"""How much an order is for: plain Backtrader sizers, for a config and for any script."""

"""What the engine gains: the same work under stock Backtrader and ours, side by side."""

"""What ``init`` writes: a folder with a config, a strategy, its test, and what goes with them."""

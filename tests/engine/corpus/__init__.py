"""Cases generated from seeds: what an engine must answer as Backtrader's own does, bit for bit."""

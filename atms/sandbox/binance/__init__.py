"""A Binance spot venue on loopback: what the real one serves, from bars in a file."""

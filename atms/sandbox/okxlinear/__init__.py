"""OKX's perpetual swaps on loopback: margin, funding, liquidation, stops beside orders."""

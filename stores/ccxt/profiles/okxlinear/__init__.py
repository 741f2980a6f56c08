"""OKX's perpetual swaps that are paid in their quote currency."""

"""What a futures venue adds to the ground: positions, margin, funding, liquidation; no dialect."""

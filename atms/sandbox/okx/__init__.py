"""OKX on loopback: its spot market, its keys with passphrases, its two kinds of wires."""

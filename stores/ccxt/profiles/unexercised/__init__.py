"""Every exchange that ccxt knows and nobody tried here: its public side, through ccxt alone."""

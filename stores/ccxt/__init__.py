"""Every exchange that ccxt knows and a profile describes: one store, one profile module each."""

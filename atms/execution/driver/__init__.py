"""What carries out what a core decides: the only awaits of the order path."""

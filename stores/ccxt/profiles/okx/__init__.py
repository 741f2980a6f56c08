"""What the store must know of OKX: spot."""

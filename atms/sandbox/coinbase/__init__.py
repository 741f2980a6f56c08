"""A venue on loopback that speaks Coinbase's language: Advanced Trade, spot."""

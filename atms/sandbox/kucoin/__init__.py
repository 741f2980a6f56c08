"""KuCoin's spot market on loopback."""

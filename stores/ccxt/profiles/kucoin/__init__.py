"""KuCoin's spot market, by its pro (`hf`) endpoints."""

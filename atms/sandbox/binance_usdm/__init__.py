"""Binance USD-M futures on 127.0.0.1, made from bars in a file."""

"""Resampled feeds: Backtrader's bar-by-bar run over them, known before its first bar."""

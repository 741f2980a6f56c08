"""Indicators of our own: TA-Lib's functions, in :mod:`atms.indicators.talib`."""

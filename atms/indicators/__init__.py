"""Indicators of our own, equal in a backtest and live. None stands here yet: strategies use Backtrader's."""

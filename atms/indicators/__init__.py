"""Indicators of our own. None stands here yet: strategies use Backtrader's."""

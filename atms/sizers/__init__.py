"""Sizers of our own. None stands here yet: configs name Backtrader's."""

"""Event mode: Backtrader's ``_runnext``, bar by bar, with the same results in less time."""

from atms.engine.event.loop import run_next

__all__ = ["run_next"]

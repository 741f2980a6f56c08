"""Event mode: Backtrader's ``_runnext``, bar by bar, with the same results in less time."""

from atms.engine.event.loop import EventRun, run_next

__all__ = ["EventRun", "run_next"]

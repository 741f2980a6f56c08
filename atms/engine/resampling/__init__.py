"""Event mode with all bars known: resampled feeds, and feeds that are not to be run at once.

Backtrader builds resampled bars while the run goes on. What will be delivered when is worked out
before the first bar; the run itself then reads finished arrays, and sees of them no more than
Backtrader would have delivered.
"""

from atms.engine.resampling.running import ResampledRun, prepare_resampled

__all__ = ["ResampledRun", "prepare_resampled"]

"""atms: one trading strategy in Python, from backtest to live, on Backtrader.

::

    import atms

    result = atms.backtest("config.yaml")
    result = atms.backtest(MyStrategy, data=frame, cash=10_000)
    result.metrics, result.trades, result.save(), result.plot()
    atms.runs(), atms.load_run("last")
"""

from typing import TYPE_CHECKING, Any

from atms._version import __version__
from atms.api import backtest, load_run, runs
from atms.config import Config, LoadedConfig, load_config
from atms.errors import (
    AtmsError,
    ConfigError,
    DataError,
    JournalError,
    LedgerError,
    MissingExtra,
    OutputError,
    RunError,
    StrategyError,
    UnknownName,
    VenueError,
)
from atms.report.metrics import metrics
from atms.result import Result

if TYPE_CHECKING:
    from atms.scripting import CCXTStore

__all__ = [
    "AtmsError",
    "CCXTStore",
    "Config",
    "ConfigError",
    "DataError",
    "JournalError",
    "LedgerError",
    "LoadedConfig",
    "MissingExtra",
    "OutputError",
    "Result",
    "RunError",
    "StrategyError",
    "UnknownName",
    "VenueError",
    "__version__",
    "backtest",
    "load_config",
    "load_run",
    "metrics",
    "runs",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Return what is imported only when it is asked for: a backtest needs no venue."""
        if name == "CCXTStore":
            from atms.scripting import CCXTStore

            return CCXTStore
        raise AttributeError(f"module 'atms' has no attribute {name!r}")

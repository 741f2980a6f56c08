"""atms: one trading strategy in Python, from backtest to live, on Backtrader.

::

    import atms

    result = atms.backtest("config.yaml")
    result = atms.backtest(MyStrategy, data=frame, cash=10_000)
    result.metrics, result.trades, result.save(), result.plot()
    atms.runs(), atms.load_run("last")
"""

import importlib
from typing import TYPE_CHECKING, Any

from atms._version import __version__

if TYPE_CHECKING:
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

# Imported when they are asked for: the program has to listen to Ctrl-C before pandas is there.
_ELSEWHERE = {
    "CCXTStore": "scripting",
    "Config": "config",
    "LoadedConfig": "config",
    "Result": "result",
    "backtest": "api",
    "load_config": "config",
    "load_run": "api",
    "metrics": "report.metrics",
    "runs": "api",
}
_MODULES = {"api", "config", "errors", "model", "report", "result", "runner"}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return importlib.import_module(f"atms.{name}")
        if name not in __all__:
            raise AttributeError(f"module 'atms' has no attribute {name!r}")
        module = importlib.import_module(f"atms.{_ELSEWHERE.get(name, 'errors')}")
        return globals().setdefault(name, getattr(module, name))

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})

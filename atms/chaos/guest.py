"""The user's strategy class, as a new process would load it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import backtrader as bt

from atms import registry
from atms.config import Config
from atms.usercode import is_theirs


def load_guest(config: Config) -> type[bt.Strategy]:
    """Return the config's strategy class, its modules loaded anew.

    What a module keeps in its own variables is gone with its process; so it is here.

    Raises:
        UnknownName, MissingExtra, StrategyError: it cannot be loaded.
    """
    spec = registry.names("strategies").get(config.strategy.name, config.strategy.name)
    top = spec.partition(":")[0].partition(".")[0]
    if not top.endswith(".py") and top != "atms":  # a file is loaded anew by itself
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] == top and _is_of_the_user(module):
                del sys.modules[name]
    return registry.load("strategies", config.strategy.name)


def _is_of_the_user(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and is_theirs(str(Path(file)))

"""The cross of averages as ``python -m atms backtest`` runs and keeps it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from atms.bench.bars import walk
from atms.bench.meter import Meter
from atms.bench.outcome import of_run
from atms.bench.work.cross import CASH, Cross
from atms.config import load_config
from atms.engine import StockCerebro
from atms.result import Result
from atms.runner import run

CONFIG = {
    "data": {"feeds": [{"name": "walk", "source": "frame", "timezone": "UTC"}]},
    "strategy": f"{Cross.__module__}:{Cross.__qualname__}",
    "broker": {"cash": CASH, "commission": 0.001},
    "report": {"picture": False, "html": False},
}
_FEW = 2_000


class _Watch:
    """Measures the run between its feeds and its results."""

    def __init__(self, meter: Meter, shares: AbstractContextManager[Any]) -> None:
        self._meter = meter
        self._shares = shares

    @contextlib.contextmanager
    def watch(self, cerebro: StockCerebro, bars: int) -> Iterator[None]:
        """Measure for as long as the run lasts."""
        with self._meter, self._shares:
            yield


def run_recorded(bars: int, shares: AbstractContextManager[Any]) -> tuple[Meter, Any, int, str]:
    """Run, and save files and ledger in a folder of its own, which is taken away again.

    What is measured is the run with its recorders, and the saving. Reading and auditing the bars
    before, and computing the report between, are not.

    Args:
        shares: entered for as long as is measured.

    Returns:
        The meter, the Cerebro, the number of fills, the hash of what came out.
    """
    meter = Meter()
    home = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="atms-bench-") as folder:
        os.chdir(folder)
        try:
            _run(
                _FEW, Meter(), contextlib.nullcontext()
            )  # imports what is needed, and makes the ledger
            result = _run(bars, meter, shares)
        finally:
            os.chdir(home)
    return meter, result.cerebro, *of_run(result.strategy, analyzers=False)


def _run(bars: int, meter: Meter, shares: AbstractContextManager[Any]) -> Result:
    config = load_config(CONFIG, environment={}, dotenv=None).config
    frame = walk(bars).tz_localize("UTC")
    result = run(config, strategy=Cross, given={"walk": frame}, progress=_Watch(meter, shares))
    with meter, shares:
        result.save()
    return result

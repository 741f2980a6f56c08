"""What every test shares: an empty folder to stand in, a clean environment, small bars."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from atms import usercode
from tests.postgres import postgres_crashable, postgres_server, postgres_url

__all__ = ["postgres_crashable", "postgres_server", "postgres_url"]

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stand in an empty folder, so that no run, ledger or .env of the checkout is touched.

    Nor is a journal of the user's.

    What was imported from it is forgotten afterwards: another test has a mine.py of its own.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in list(os.environ):
        if name.upper().startswith("ATMS__") or name in (
            "DATABASE_URL", "PAPER_TRADING", "RISK_PER_TRADE", "MAX_POSITION_SIZE",
            "EXCHANGE_API_KEY", "EXCHANGE_API_SECRET", "EXCHANGE_API_PASSPHRASE",
        ):  # fmt: skip
            monkeypatch.delenv(name)
    # Hundreds of tests save runs, and what is on their pages is the matter of few of them.
    monkeypatch.setenv("ATMS__REPORT__HTML", "false")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path.with_name(f"{tmp_path.name}-state")))
    monkeypatch.setattr(usercode, "_FOLDERS", set())  # hundreds would make every look-up slow
    yield tmp_path
    place = str(tmp_path.parent)  # a module's fixtures have folders of their own there
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(place):
            del sys.modules[name]


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data that is not bundled; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared/data with the unbundled data is not there")
    return SHARED


@pytest.fixture
def frame() -> Callable[..., pd.DataFrame]:
    """Make bars: a seeded random walk with UTC stamps as its index, or the closes given."""

    def make(
        n: int = 200,
        *,
        closes: list[float] | None = None,
        seed: int = 7,
        start: str = "2024-01-01",
        step: str = "1h",
    ) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        close = (
            np.array(closes, dtype=float)
            if closes is not None
            else np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, n))), 2)
        )
        n = len(close)
        open_ = np.concatenate([[close[0]], close[:-1]])
        spread = np.zeros(n) if closes is not None else np.round(rng.uniform(0, 0.5, n), 2)
        return pd.DataFrame(
            {
                "open": open_,
                "high": np.maximum(open_, close) + spread,
                "low": np.minimum(open_, close) - spread,
                "close": close,
                "volume": rng.integers(1, 1000, n).astype(float),
            },
            index=pd.date_range(start, periods=n, freq=step, tz="UTC", name="datetime"),
        )

    return make


@pytest.fixture
def write_strategy(tmp_path: Path) -> Callable[[str], str]:
    """Write a strategy file into the folder; return its path as text."""

    def write(body: str, name: str = "mine.py") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("import backtrader as bt\n\n\n" + body)
        return str(path)

    return write


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """Run a command line in this process; return exit code, standard output, standard error."""
    from atms.cli.main import app

    def call(*args: str) -> tuple[int, str, str]:
        capfd.readouterr()
        try:
            app(list(args), prog_name="atms")
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    yield call

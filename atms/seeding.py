"""A ledger with something in it, for trying queries, dashboards and verbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from atms import ledger
from atms.config import Config, load_config
from atms.feeds.reading import read_raw
from atms.ledger import schema
from atms.ledger.bars import Series
from atms.ledger.connection import writing
from atms.ledger.owners import add_once
from atms.runner import run

_USERS = ("ada", "benoit")
_RUNS: tuple[dict[str, Any], ...] = (
    {
        "run": {"name": "seed ma_cross", "timerange": "2018-01..2018-06"},
        "data": {
            "feeds": [{"source": "sample:BTCUSD_1h", "symbol": "BTC/USD", "venue": "coinbase"}]
        },
        "strategy": {"name": "ma_cross", "params": {"fast": 24, "slow": 168}},
        "broker": {"commission": 0.001},
    },
    {
        "run": {"name": "seed buy_and_hold"},
        "data": {"feeds": [{"source": "sample:SPY_1d", "symbol": "SPY", "venue": "arca"}]},
        "strategy": "buy_and_hold",
    },
)
_BARS = (("BTCUSD_1h", "BTC/USD", "coinbase"), ("SPY_1d", "SPY", "arca"))


@dataclass
class Seeded:
    """What was added.

    Attributes:
        users, runs: their names and ids.
        bars: how many.
    """

    users: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    bars: int = 0


def seed(config: Config) -> Seeded:
    """Add sample users, runs (their files under ``run.out``) and bars; what is there is left.

    Raises:
        LedgerError: the database refuses.
        OutputError: a run's files cannot be written.
    """
    done = Seeded()
    url = config.ledger.url
    with writing(url) as connection:
        users = schema.users
        there = set(connection.execute(select(users.c.name)).scalars())
        for name in _USERS:
            if name not in there:
                add_once(connection, users, ["name"], name=name, created=datetime.now(UTC))
                done.users.append(name)
    labels = {row["label"] for row in ledger.list_runs(url)}
    for settings in _RUNS:
        if settings["run"]["name"] not in labels:
            made = load_config(settings).config
            result = run(made.model_copy(update={"ledger": config.ledger}))
            result.save(config.run.out / result.id)
            done.runs.append(result.id)
    for sample, symbol, venue in _BARS:
        raw = read_raw(f"sample:{sample}", name=sample)
        done.bars += ledger.write_bars(url, Series(venue, symbol, raw.step, "start"), raw).added
    return done

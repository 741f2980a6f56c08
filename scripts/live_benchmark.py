"""What the live order path is measured by, the sandbox on loopback and the real ccxt between.

    python scripts/live_benchmark.py [--quick] [--only PART] [--venue binanceusdm]

The sandbox runs in a process of its own. It prints a table, and leaves nothing behind.
"""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Callable, Iterator

from live_figures.bars import feeds, memory
from live_figures.orders import budget, bursts, latencies, rate
from live_figures.restarts import restarts
from live_figures.venue import VENUES, Row, choose


def parts(quick: bool, venue: str = "binance") -> dict[str, Callable[[], Iterator[Row]]]:
    """Return what is measured, by name."""
    return {
        "latencies": lambda: latencies(300 if quick else 2000),
        "bursts": lambda: bursts(3 if quick else 20, 100 if venue == "binanceusdm" else 200),
        "feeds": lambda: feeds(200 if quick else 1000),
        "rate": lambda: rate(120 if quick else 3600),
        "budget": budget,
        "restarts": lambda: restarts(3 if quick else 50, 200 if quick else 1000),
        "memory": lambda: memory(20_000 if quick else 200_000),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the live order path.")
    parser.add_argument("--quick", action="store_true", help="two minutes in place of an hour")
    parser.add_argument("--only", choices=sorted(parts(quick=True)), help="one part")
    parser.add_argument("--venue", choices=sorted(VENUES), default="binance", help="whose sandbox")
    given = parser.parse_args()
    choose(given.venue)
    logging.disable(logging.WARNING)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, part in parts(given.quick, given.venue).items():
        for what, goal, found in part() if given.only in (None, name) else ():
            print(f"{what:<62} goal {goal:<18} {found}", flush=True)


if __name__ == "__main__":
    main()

"""``python -m tests.live.kills``: kills live runs by the hundred, and stops their database.

Prints each kill as it lands, then how many landed where, how long restarts took to READY, and what
may not be. Ends with 1 if anything may not be.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from atms import localdb
from tests.live.kills.episodes import BY_SIGTERM, Episode, Tally, stand_in
from tests.live.kills.outages import outages
from tests.live.kills.points import POINTS
from tests.live.making import write_futures, write_run
from tests.live.processes import Starter
from tests.live.venue import Venue, serving, serving_futures
from tests.postgres import execute

SPOT, FUTURES = ("Busy", "Busy", "Bracketed", "Moved"), ("Turn", "Turn", "Bracketed", "Moved")
_KILLS = 10  # an episode
_ENDED, _RANDOM = 0.05, 0.25  # of all: ended by SIGTERM; killed at a random instant
OPERATIONS = {"log_max_mb": 0.004}  # so that it is turned over while a test lasts


def main() -> int:
    """Run a campaign; return its exit code."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the database is stopped then too
    before, folder = Path.cwd(), Path(tempfile.mkdtemp(prefix="atms-kills-")).resolve()
    folder.chmod(0o755)  # the server's user must get through
    try:
        if asked.outages:
            return outages(folder, asked.outages, asked.seconds)
        return _kills(folder, asked)
    finally:
        os.chdir(before)
        localdb.stop(folder / "postgres")
        if asked.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.live.kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cold", type=float, default=1.0,
                        help="so many of all starts import everything anew: 0 to 1")  # fmt: skip
    parser.add_argument("--warm", action="store_const", const=0.0, dest="cold", help="none does")
    parser.add_argument("--outages", type=int, default=0, help="stop the database so often instead")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long an outage lasts")
    parser.add_argument("--keep", action="store_true", help="leave the folder where it is")
    return parser.parse_args()


def _kills(folder: Path, asked: argparse.Namespace) -> int:
    rng, tally = random.Random(asked.seed), Tally()
    server = localdb.start(folder / "postgres")
    starter = Starter(folder)
    began, number = time.monotonic(), 0
    try:
        while sum(tally.kills.values()) < asked.rounds:
            number += 1
            kills = min(_KILLS, asked.rounds - sum(tally.kills.values()))
            execute(server.url, f"CREATE DATABASE kills_{number} TEMPLATE template0")
            url = f"{server.url.rpartition('/')[0]}/kills_{number}"
            stand_in(folder / f"episode-{number}")
            _episode(starter, url, number, kills, rng, tally, cold=asked.cold)
    finally:
        starter.close()
    return _told(tally, time.monotonic() - began, asked)


def _episode(
    starter: Starter, url: str, number: int, kills: int, rng: random.Random, tally: Tally,
    *, cold: float,
) -> None:  # fmt: skip
    futures = number % 2 == 0
    strategy = rng.choice(FUTURES if futures else SPOT)
    print(f"-- episode {number}: {'USD-M' if futures else 'spot'}, {strategy}", flush=True)
    had = len(tally.violations)
    with _venue(futures, strategy, url) as venue:
        episode = Episode(
            starter, venue, url, rng, tally, settle="USDT" if futures else "", cold=cold
        )
        for place in range(kills):
            seconds = 2 * float(np.median(tally.ready[False] + tally.ready[True] or [3.0]))
            drawn = rng.random() if place else 1.0
            if drawn < _ENDED:
                episode.end_at_random(seconds)
            elif drawn < _RANDOM:
                episode.kill_at_random(seconds)
            else:
                stages = ("fresh",) if not place else ("start", "trading", "end")
                episode.kill_at(tally.next_point(rng, stages, strategy))
        episode.settle()
        starter.end_all()
    for line in tally.violations[had:]:
        print(f"VIOLATION: {line}", flush=True)


@contextmanager
def _venue(futures: bool, strategy: str, url: str) -> Iterator[Venue]:
    sections: dict[str, Any] = {"ledger": {"url": url}, "operations": OPERATIONS}
    sections["execution"] = {"emulated_protection": True, "on_stop": "cancel"}
    with (serving_futures if futures else serving)() as venue:
        os.environ.update(venue.env)
        (write_futures if futures else write_run)(strategy, **sections)
        yield venue


def _told(tally: Tally, seconds: float, asked: argparse.Namespace) -> int:
    """Print what came of it."""
    places = [point.name for point in POINTS]
    ended = tally.kills[BY_SIGTERM]
    kills = sum(tally.kills.values()) - ended
    for name, count in sorted(tally.kills.items(), key=lambda one: -one[1]):
        print(f"{count:5} {name}")
    never = [name for name in places if not tally.kills[name]]
    print(f"{len(places) - len(never)} of {len(places)} places; never: {never or 'none'}")
    for cold, ready in tally.ready.items():
        if ready:
            p50, p99 = np.percentile(ready, (50, 99))
            print(f"{'cold' if cold else 'warm'} restart to READY, {len(ready)} times: "
                  f"p50 {p50:.2f} s, p99 {p99:.2f} s, the longest {max(ready):.2f} s")  # fmt: skip
    print(f"{kills} kills and {ended} times SIGTERM, seed {asked.seed}, {asked.cold:.0%} cold, "
          f"{seconds:.0f} s: {len(tally.violations)} violations")  # fmt: skip
    return 1 if tally.violations else 0


if __name__ == "__main__":
    sys.exit(main())

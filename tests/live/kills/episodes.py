"""One account that is killed and started again, and its venue, journal and ledger compared."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil

from tests.live.checking import differences, impossible
from tests.live.kills.dying import VARIABLE
from tests.live.kills.points import POINTS, Point
from tests.live.ledger_told import running
from tests.live.processes import Process, Starter
from tests.live.venue import Venue, read_log

STATE = Path("state")
START = {"USDT": Decimal(100_000)}
AT_RANDOM, BY_SIGTERM = "at a random instant", "by SIGTERM at a random instant"
BOUND = 2.0  # seconds, see dying
_READY, _COMES_BY = 60.0, 12.0  # seconds until READY, and from there until the place is come by
_ENDS = 45.0  # seconds that the end by policy may take
_TRADES_A_LOT = ("Busy", "Turn")
_LOOKS = 20  # looks in a row: a bar from before may be on its way to the strategy
_LOOK_EVERY = 0.05


@dataclass
class Tally:
    """What a campaign has done and seen.

    Attributes:
        kills: place -> how many processes died there.
        missed: place -> how many processes never came by.
        ready: whether everything was imported anew -> seconds from a restart to READY.
        violations: what may not be.
    """

    kills: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    ready: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})
    violations: list[str] = field(default_factory=list)

    def next_point(self, rng: random.Random, stages: Sequence[str], strategy: str) -> Point:
        """Return a place that was died at least of those that the strategy comes by soon."""
        fit = [one for one in POINTS if one.stage in stages and _comes_by(one, strategy)]
        least = min(self.kills[one.name] + self.missed[one.name] for one in fit)
        some = [one for one in fit if self.kills[one.name] + self.missed[one.name] == least]
        return rng.choice(some)


def _comes_by(point: Point, strategy: str) -> bool:
    if point.strategy:
        return point.strategy == strategy
    return point.stage != "trading" or strategy in _TRADES_A_LOT


class Episode:
    """Kills one account's process again and again, in the folder that stands there.

    Args:
        starter: starts processes.
        venue: where it trades.
        ledger: a SQLite file, or the URL of a PostgreSQL database.
        rng: draws instants.
        tally: is added to.
        settle: of futures, the asset that profits are paid in.
        cold: how many of all processes import everything anew, 0 to 1.
    """

    def __init__(
        self, starter: Starter, venue: Venue, ledger: Path | str, rng: random.Random,
        tally: Tally, *, settle: str = "", cold: float = 0.0,
    ) -> None:  # fmt: skip
        self._starter, self._venue, self._ledger = starter, venue, ledger
        self._rng, self.tally = rng, tally
        self._settle, self._share, self._cold = settle, cold, False
        self._number = 0

    # ---- kills ------------------------------------------------------------------------------
    def kill_at(self, point: Point, hit: int | None = None) -> None:
        """Start the run and let it die there; where it does not come by, kill it all the same."""
        hit = hit or self._rng.randint(1, point.most)
        process, mark = self._start(point=point.name, hit=hit)
        ready = self._is_ready(process)
        if ready and point.stage == "end":
            self._over(process, self._rng.uniform(0.5, 2.0))
            process.send(signal.SIGTERM)
        if ready:
            self._over(process, _COMES_BY)
        elif process.code is None:
            self._wrong(f"not READY within {_READY:g} s", process)
        if mark.exists():
            self._note(process, point.name, hit)
            return
        self.tally.missed[point.name] += 1
        if process.code is None:
            self._note(process, AT_RANDOM)
        elif process.code or point.stage != "end":
            self._wrong(f"{point.name}: ended with {process.code}", process)

    def kill_at_random(self, within: float) -> None:
        """Start the run and kill it at any instant of its first seconds."""
        process, _ = self._start()
        if self._over(process, self._rng.uniform(0.0, within)):
            self._wrong(f"ended with {process.code}", process)
        self._note(process, AT_RANDOM)

    def _note(self, process: Process, name: str, hit: int = 0) -> None:
        """Count a kill, and look for what may not be even now."""
        process.kill()
        self.tally.kills[name] += 1
        told = f"kill {sum(self.tally.kills.values())}: {name}" + (f", call {hit}" if hit else "")
        print(told, flush=True)
        found = impossible(read_log(), STATE, self._ledger)
        self.tally.violations += [f"{told}: {line}" for line in found]

    def _wrong(self, what: str, process: Process) -> None:
        self.tally.violations.append(f"{what}: {process.err[-500:]}")

    # ---- a process --------------------------------------------------------------------------
    def _start(self, **told: Any) -> tuple[Process, Path]:
        self._number += 1
        mark = Path(f"died-{self._number}").absolute()
        env = {VARIABLE: json.dumps({**told, "bound": BOUND, "mark": str(mark)})}
        self._begun = time.time()
        self._cold = self._rng.random() < self._share
        process = self._starter.start("live", "-c", "live.yaml", "--yes", env=env, cold=self._cold)
        return process, mark

    def _over(self, process: Process, seconds: float) -> bool:
        """Wait for a process's end for so long; return whether it came."""
        deadline = time.monotonic() + seconds
        while process.code is None and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY / 5)
        return process.code is not None

    def _is_ready(self, process: Process) -> bool:
        """Wait until a process is READY, or over; return whether it was READY, and note when."""
        deadline = time.monotonic() + _READY
        while time.monotonic() < deadline:
            at = _ready_at(self._begun)
            if at is not None:
                self.tally.ready[self._cold].append(at - self._begun)
                return True
            if process.code is not None:
                return False
            time.sleep(_LOOK_EVERY)
        return False

    # ---- the end ----------------------------------------------------------------------------
    def end_at_random(self, within: float) -> None:
        """Start the run and end it by SIGTERM at any instant of its first seconds."""
        process, _ = self._start()
        self._over(process, self._rng.uniform(0.0, within))
        process.send(signal.SIGTERM)
        if not self._over(process, _ENDS):
            self._wrong(f"SIGTERM does not end it within {_ENDS:g} s", process)
            process.kill()
        if process.code not in (0, -signal.SIGTERM):  # it may have come before there was a handler
            self._wrong(f"SIGTERM: ended with {process.code}", process)
        self.tally.kills[BY_SIGTERM] += 1
        print(f"SIGTERM: ended with {process.code}", flush=True)
        found = impossible(read_log(), STATE, self._ledger)
        self.tally.violations += [f"SIGTERM: {line}" for line in found]

    def settle(self) -> None:
        """Let a run trade once more; with the market still, compare everything, and end it."""
        process, _ = self._start()
        if not self._is_ready(process):
            self._wrong(f"not READY at the end, {process.code}", process)
            process.kill()
            return
        before = self._venue.count("fill")
        self._wait(lambda: self._venue.count("fill") > before + 1, 15.0)
        self.finish(process)

    def finish(self, process: Process) -> None:
        """With the market still, compare everything, and end a run."""
        self._venue.freeze()
        equal = 0

        def still() -> bool:
            nonlocal equal
            equal = 0 if self.differing(None) else equal + 1
            return equal > _LOOKS

        # What no event told is found by a snapshot each half minute; the second may be needed.
        self._wait(still, 90.0)
        process.send(signal.SIGTERM)
        code = process.wait()
        if code:
            self._wrong(f"ended with {code}", process)
        self.tally.violations += self.differing(self._ledger)
        self.tally.violations += [f"run {run} goes on for ever" for run in running(self._ledger)]

    def differing(self, ledger: Path | str | None) -> list[str]:
        """Return what journal and ledger tell otherwise than the venue."""
        return differences(read_log(), START, STATE, ledger, settle=self._settle)

    def _wait(self, what: Callable[[], object], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not what() and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY)


def _ready_at(begun: float) -> float | None:
    """Return when the run that was begun then told that its account is ready; None: not yet."""
    for path in STATE.glob("runs/*/log.jsonl*"):
        with suppress(FileNotFoundError):  # it was just turned over
            if path.stat().st_mtime < begun:
                continue
            for line in path.read_text().split("\n")[:-1]:
                told = json.loads(line)
                at = datetime.fromisoformat(told["at"]).timestamp()
                if at >= begun and (told.get("about") or {}).get("what") == "ready":
                    return at
    return None


def stopped(starter: Starter, point: str, hit: int) -> Process:
    """Start the run; return it when it is stopped in its tracks at a place."""
    mark = Path("stopped").absolute()
    told = {"point": point, "hit": hit, "mark": str(mark), "signal": "STOP"}
    env = {VARIABLE: json.dumps(told)}
    process = starter.start("live", "-c", "live.yaml", "--yes", env=env)
    process.until(mark.exists, f"it does not come by: {point}")
    return process


def looked_at(process: Process, ledger: Path | str | None = None) -> list[str]:
    """Return what may not be, of a process that runs: it stands still while it is looked at."""
    process.send(signal.SIGSTOP)
    try:
        while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
            time.sleep(_LOOK_EVERY / 5)
        return impossible(read_log(), STATE, ledger)
    finally:
        process.send(signal.SIGCONT)


def stand_in(folder: Path) -> None:
    """Make a folder and stand in it."""
    folder.mkdir(parents=True)
    os.chdir(folder)

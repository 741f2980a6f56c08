"""Kill after kill, spread over a whole operation, and where each one landed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.kills.victims import Ended, Frames, Victim

SEED = 20_260_101
_MORE = 60  # kills that may be needed to hit the phases that chance did not

# Each phase with functions in which it is; the first that is found counts.
Phases = tuple[tuple[str, tuple[str, ...]], ...]
AFTER = "after the end"
IMPORTING: Phases = (
    ("commit", ("default.do_commit",)),
    ("rows", ("bulk._send", "bulk._execute_many")),
    ("rest of the transaction", ("bars.write_bars",)),
    ("between commits", ()),
)
FILING: Phases = (
    ("commit", ("default.do_commit",)),
    ("filing", ("runs.file_run",)),
    ("files", ("artefacts.write",)),
    ("run", ()),
)
CREATING: Phases = (
    ("commit", ("default.do_commit",)),
    ("tables", ("version._alembic",)),
    ("before", ()),
)
MIGRATING: Phases = (
    ("commit", ("default.do_commit",)),
    ("rows away", ("parking.park",)),
    ("rows back", ("parking.unpark",)),
    *CREATING[1:],
)
_CONNECTING = "default.connect"


@dataclass
class Kills:
    """So many kills of one kind of operation.

    Attributes:
        phases: where they may land; each must be hit.
        count: how many land at random; more follow until each phase was hit.
        seconds: how long the operation takes.
        least: how often each phase must be hit.
        landed: phase -> how often it was hit.
    """

    phases: Phases
    count: int
    seconds: float
    least: int = 1
    landed: Counter[str] = field(default_factory=Counter)
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))

    def rounds(
        self, start: Callable[[int], Victim], kill: Callable[[Victim], None]
    ) -> Iterator[tuple[int, Ended]]:
        """Start and kill; yield the number and how the process ended, for what comes after."""
        instants = self._instants()
        wanted = dict.fromkeys(phase for phase, _ in self.phases)
        for number in range(self.count + _MORE):
            missing = [phase for phase in wanted if self.landed[phase] < self.least]
            if number >= self.count and not missing:
                break
            victim = start(number)
            if number < self.count:
                victim.wait_until(instants[number])
                seen = victim.where()
                aim = f"at {instants[number]:.3f} s"
            else:
                seen = self._hunt(victim, missing)
                aim = f"hunting {missing}"
            kill(victim)
            ended = victim.wait()
            phase = self._landing(ended, seen)
            self.landed[phase] += 1
            print(f"kill {number} {aim}, of {self.seconds:.3f} s, seed {SEED}: {phase}")
            yield number, ended
        print(dict(self.landed))
        assert all(self.landed[phase] >= self.least for phase in wanted)

    def _landing(self, ended: Ended, seen: Frames) -> str:
        if ended.code == 0:
            return AFTER
        # What the server's death broke is nearer to it than what was seen before; but where no
        # connection was open, it broke nothing.
        broke = ended.failed_in and _CONNECTING not in ended.failed_in
        return self._phase(ended.failed_in if broke else seen)

    def _hunt(self, victim: Victim, phases: list[str]) -> Frames:
        """Wait until the process was seen in *phases* some times; return where it was seen last."""
        sights = self.chance.choice((1, 1, 4, 24))
        seen: Frames = ()
        while sights and not victim.has_ended():
            seen = victim.where()
            sights -= bool(seen) and self._phase(seen) in phases
        return seen

    def _phase(self, frames: Frames) -> str:
        for phase, functions in self.phases:
            if not functions or set(functions) & set(frames):
                return phase
        raise AssertionError(f"{frames}: in no phase")

    def _instants(self) -> list[float]:
        """Return instants that are random, and lie in every part of the operation."""
        part = self.seconds / self.count
        found = [(number + self.chance.random()) * part for number in range(self.count)]
        self.chance.shuffle(found)
        return found

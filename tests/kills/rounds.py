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
_CONNECTING = "default.connect"


@dataclass
class Kills:
    """So many kills of one kind of operation.

    Attributes:
        phases: where they may land; each must be hit.
        count: how many land at random; more follow until each phase was hit.
        seconds: how long the operation takes.
        landed: phase -> how often it was hit.
    """

    phases: Phases
    count: int
    seconds: float
    landed: Counter[str] = field(default_factory=Counter)

    def rounds(
        self, start: Callable[[int], Victim], kill: Callable[[Victim], None]
    ) -> Iterator[tuple[int, Ended]]:
        """Start and kill; yield the number and how the process ended, for what comes after."""
        instants = _instants(self.count, self.seconds)
        wanted = dict.fromkeys(phase for phase, _ in self.phases)
        for number in range(self.count + _MORE):
            missing = [phase for phase in wanted if not self.landed[phase]]
            if number >= self.count and not missing:
                break
            victim = start(number)
            if number < self.count:
                victim.wait_until(instants[number])
                seen = victim.where()
                aim = f"at {instants[number]:.3f} s"
            else:
                seen = self._hunt(victim, missing[number % len(missing)])
                aim = f"hunting {missing[number % len(missing)]!r}"
            kill(victim)
            ended = victim.wait()
            phase = self._landing(ended, seen)
            self.landed[phase] += 1
            print(f"kill {number} {aim}, of {self.seconds:.3f} s, seed {SEED}: {phase}")
            yield number, ended
        print(dict(self.landed))
        assert set(self.landed) >= set(wanted)

    def _landing(self, ended: Ended, seen: Frames) -> str:
        if ended.code == 0:
            return AFTER
        # What the server's death broke is nearer to it than what was seen before; but where no
        # connection was open, it broke nothing.
        broke = ended.failed_in and _CONNECTING not in ended.failed_in
        return self._phase(ended.failed_in if broke else seen)

    def _hunt(self, victim: Victim, phase: str) -> Frames:
        """Wait until the process is in *phase*, or over; return where it was seen last."""
        seen: Frames = ()
        while not victim.has_ended():
            seen = victim.where()
            if seen and self._phase(seen) == phase:
                break
        return seen

    def _phase(self, frames: Frames) -> str:
        for phase, functions in self.phases:
            if not functions or set(functions) & set(frames):
                return phase
        raise AssertionError(f"{frames}: in no phase")


def _instants(count: int, seconds: float) -> list[float]:
    """Return instants that are random, and lie in every part of the operation."""
    chance = random.Random(SEED)
    found = [(part + chance.random()) / count * seconds for part in range(count)]
    chance.shuffle(found)
    return found

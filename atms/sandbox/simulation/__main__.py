"""``python -m atms.sandbox.simulation [SEED] [--driver NAME] [--profile NAME] [--seeds N]``.

The driver core gives orders to an account's core directly, and is fast; cerebro runs strategies in
Backtrader through everything that a live run has.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import fields

from atms.sandbox.simulation import adversary, catalogue, plans
from atms.sandbox.simulation.adversary import Trial
from atms.sandbox.simulation.campaign import Job, play
from atms.sandbox.simulation.cases import Case, try_case
from atms.sandbox.simulation.coverage import COUNTED, Coverage
from atms.sandbox.simulation.shrinking import Shrinker, told
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.profiles import PROFILES

_MINUTES = {"core": 5.0, "cerebro": 10.0}
ALL = "all"
DRAWN = {"core": adversary.DRAWN, "cerebro": plans.DRAWN}


def main() -> int:
    """Run one seed, or many, and print what was wrong."""
    asked = _asked()
    if asked.catalogue:
        print(*catalogue.told(), sep="\n")
        return 0
    minutes = asked.minutes or _MINUTES[asked.driver]
    began, sums = time.monotonic(), Coverage()
    for trial in _trials(asked, minutes):
        sums.add(trial)
        if trial.found or asked.seeds == 1:
            _tell(trial, asked.driver)
        if trial.found and asked.shrink:
            _shrink(_case(asked, minutes, trial.seed))
            return 1
    total = ", ".join(f"{sums.total[name]} {name}" for name in COUNTED)
    seconds = time.monotonic() - began
    print(f"{asked.seeds} seeds of {asked.profile}: {sums.trials} trials, ", end="")
    print(f"{sums.wrong} with a violation, {total}", end="")
    print(f", {seconds:.1f} s")
    if asked.coverage:
        print(*sums.told(_met(asked)), sep="\n")
    return 1 if sums.wrong else 0


def _trials(asked: argparse.Namespace, minutes: float) -> Iterator[Trial]:
    seeds = range(asked.seed, asked.seed + asked.seeds)
    if asked.case:
        yield from (try_case(_case(asked, minutes, seed)).trial for seed in seeds)
        return
    names = list(PROFILES) if asked.profile == ALL else [asked.profile]
    jobs = [Job(asked.driver, name, seed, minutes) for seed in seeds for name in names]
    yield from play(jobs, asked.jobs)


def _met(asked: argparse.Namespace) -> list[str]:
    """Return the names of the faults that may have happened."""
    chosen = PROFILES.values() if asked.profile == ALL else [PROFILES[asked.profile]]
    known = DRAWN[asked.driver]
    names = (each.name for each in fields(Faults) if each.name in known)
    return [name for name in names if any(profile.meets(name) for profile in chosen)]


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m atms.sandbox.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=0, help="the first seed")
    parser.add_argument("--driver", choices=sorted(_MINUTES), default="core")
    parser.add_argument("--profile", choices=(*sorted(PROFILES), ALL), default="binance")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="how many")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="in so many processes")
    parser.add_argument("--minutes", type=float, help="virtual time with faults")
    parser.add_argument("--coverage", action="store_true", help="print how often what happened")
    parser.add_argument("--catalogue", action="store_true", help="print what can go wrong, and how")
    parser.add_argument("--shrink", action="store_true", help="make the first that fails short")
    parser.add_argument("--case", metavar="JSON", help="what is not drawn; --shrink prints it")
    asked = parser.parse_args()
    if asked.profile == ALL and (asked.case or asked.shrink):
        parser.error("--case and --shrink need one profile; give it by --profile")
    try:
        _case(asked, 1.0, asked.seed)
    except (ValueError, TypeError, KeyError) as error:
        parser.error(f"--case: {error}: give it as --shrink has printed it")
    return asked


def _case(asked: argparse.Namespace, minutes: float, seed: int) -> Case:
    case = Case(seed=seed, profile=asked.profile, driver=asked.driver, minutes=minutes)
    return case.given(asked.case) if asked.case else case


def _shrink(case: Case) -> None:
    shrinker = Shrinker(case, tell=lambda line: print(f"  {line}", file=sys.stderr))
    shrinker.shrink()
    print(*told(shrinker), sep="\n")


def _tell(trial: Trial, driver: str) -> None:
    print(
        f"seed {trial.seed}: {trial.bars} bars, {trial.orders} orders, {trial.fills} fills, "
        f"{trial.kills} kills, trace {trial.trace[:16]}"
    )
    print(f"  faults: {', '.join(trial.faults) or 'none'}")
    print(*(f"  {line}" for line in trial.found or ["nothing wrong"]), sep="\n")
    if trial.found:
        print(f"  again: {again(trial, driver)}")


def again(trial: Trial, driver: str) -> str:
    """Return the command that repeats a trial."""
    return (
        f"python -m atms.sandbox.simulation {trial.seed} --driver {driver} "
        f"--profile {trial.profile} --minutes {trial.minutes:g}"
    )


if __name__ == "__main__":
    raise SystemExit(main())

"""``python -m atms.sandbox.simulation [SEED] [--driver NAME] [--profile NAME] [--seeds N]``.

The driver core gives orders to an account's core directly, and is fast; cerebro runs strategies in
Backtrader through everything that a live run has.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from functools import partial

from atms.sandbox.simulation import adversary, runs
from atms.sandbox.simulation.adversary import Trial
from atms.sandbox.simulation.cases import Case, try_case
from atms.sandbox.simulation.shrinking import Shrinker, told
from atms.sandbox.simulation.venue.profiles import PROFILES

_MINUTES = {"core": 5.0, "cerebro": 10.0}


def main() -> int:
    """Run one seed, or many, and print what was wrong."""
    asked = _asked()
    minutes = asked.minutes or _MINUTES[asked.driver]
    run = partial(runs.run if asked.driver == "cerebro" else adversary.run, minutes=minutes)
    began, total, hits, seen, wrong = (
        time.monotonic(),
        Counter[str](),
        Counter[str](),
        Counter[str](),
        0,
    )
    for seed in range(asked.seed, asked.seed + asked.seeds):
        if asked.case:
            trial = try_case(_case(asked, minutes, seed)).trial
        else:
            trial = run(seed, asked.profile)
        wrong += bool(trial.found)
        for name in ("bars", "orders", "fills", "kills"):
            total[name] += getattr(trial, name)
        hits += trial.hits
        seen += trial.seen
        if trial.found or asked.seeds == 1:
            _tell(trial, asked.driver)
        if trial.found and asked.shrink:
            _shrink(_case(asked, minutes, seed))
            return 1
    sums = ", ".join(f"{total[name]} {name}" for name in total)
    print(f"{asked.seeds} seeds of {asked.profile}, {wrong} with a violation, {sums}", end="")
    print(f", {time.monotonic() - began:.1f} s")
    if asked.coverage:
        _tell_counts("faults", hits)
        _tell_counts("seen", seen)
    return 1 if wrong else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m atms.sandbox.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=0, help="the first seed")
    parser.add_argument("--driver", choices=sorted(_MINUTES), default="core")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="exchange")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="how many")
    parser.add_argument("--minutes", type=float, help="virtual time with faults")
    parser.add_argument("--coverage", action="store_true", help="print how often what happened")
    parser.add_argument("--shrink", action="store_true", help="make the first that fails short")
    parser.add_argument("--case", metavar="JSON", help="what is not drawn; --shrink prints it")
    asked = parser.parse_args()
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


def _tell_counts(what: str, counts: Counter[str]) -> None:
    print(f"{what}:")
    for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        print(f"  {count:8} {name}")


if __name__ == "__main__":
    raise SystemExit(main())

"""``python -m atms.sandbox.simulation [SEED] [--profile NAME] [--seeds N]``: run the adversary."""

from __future__ import annotations

import argparse

from atms.sandbox.simulation.adversary import run
from atms.sandbox.simulation.venue.profiles import PROFILES


def main() -> int:
    """Run one seed, or many, and print what was wrong."""
    parser = argparse.ArgumentParser(prog="python -m atms.sandbox.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=0, help="the first seed")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="exchange")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="how many")
    parser.add_argument("--minutes", type=float, default=5.0, help="virtual time with faults")
    asked = parser.parse_args()
    wrong = kills = fills = 0
    for seed in range(asked.seed, asked.seed + asked.seeds):
        trial = run(seed, asked.profile, minutes=asked.minutes)
        wrong, kills, fills = wrong + bool(trial.found), kills + trial.kills, fills + trial.fills
        if trial.found or asked.seeds == 1:
            print(f"seed {seed}: {trial.orders} orders, {trial.fills} fills, {trial.kills} kills")
            print(f"  faults: {', '.join(trial.faults) or 'none'}")
            print(*(f"  {line}" for line in trial.found or ["nothing wrong"]), sep="\n")
    print(f"{asked.seeds} seeds, {wrong} with a violation, {kills} kills, {fills} fills")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())

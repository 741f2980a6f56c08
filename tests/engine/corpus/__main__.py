"""At a desk: ``python -m tests.engine.corpus --seeds 2500-4000 --shrink``."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from atms.engine import Cerebro
from tests.engine.corpus import answers
from tests.engine.corpus.answers import check
from tests.engine.corpus.cases import draw
from tests.engine.corpus.describing import described
from tests.engine.corpus.features import features_of
from tests.engine.corpus.shapes import Case
from tests.engine.corpus.shrinking import shrink

SECONDS = 30  # a case takes a tenth of one


def main() -> int:
    """Run what the command line asks for; return 1 where something differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.engine.corpus", description=__doc__)
    parser.add_argument("--seeds", default="0-100", help="first-last, the last one not included")
    parser.add_argument("--shrink", action="store_true", help="drop features while a case fails")
    parser.add_argument("--write", action="store_true", help="write stock's answers anew")
    parser.add_argument("--show", action="store_true", help="print the cases, run nothing")
    parser.add_argument("--times", action="store_true", help="print seconds by feature")
    parser.add_argument("--most", type=int, default=20, help="stop after so many differences")
    asked = parser.parse_args()
    if asked.write:
        answers.write()
        return 0
    first, _, last = asked.seeds.partition("-")
    seeds = range(int(first), int(last or int(first) + 1))
    if asked.show:
        for seed in seeds:
            print(described(draw(seed)))
        return 0
    return _run(seeds, asked.shrink, asked.times, asked.most)


def _run(seeds: range, shrinks: bool, times: bool, most: int) -> int:
    spent: Counter[str] = Counter()
    having: Counter[str] = Counter()
    differing = 0
    for seed in seeds:
        begun = time.process_time()
        case = draw(seed)
        try:
            with _at_most(SECONDS):
                found = check(case, Cerebro, answers.stored()[1].get(seed)).difference
        except TooLongError:
            print(f"seed {seed}: not done after {SECONDS} s; stock, too, never ends some runs")
            continue
        features = features_of(case)
        having.update(features)
        spent.update(dict.fromkeys(features, time.process_time() - begun))
        if found is None:
            continue
        differing += 1
        print(found, flush=True)
        if shrinks:
            print_smaller(case)
        if differing >= most:
            break
    print(f"{differing} of {len(seeds)} cases differ")
    if times:
        print_times(spent, having)
    return int(differing > 0)


class TooLongError(BaseException):
    """A case takes longer than any should; no Exception, for a run's are part of its log."""


@contextlib.contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Raise TooLongError after so much CPU time, where the system can."""

    def stop(*_: Any) -> None:
        raise TooLongError

    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def print_smaller(case: Case) -> None:
    """Print the smallest case found that still differs, and how."""
    small = shrink(case, lambda one: check(one, Cerebro).difference is not None)
    print(f"    {check(small, Cerebro).difference}\n    {described(small)}", flush=True)


def print_times(spent: Counter[str], having: Counter[str]) -> None:
    """Print what a case with each feature takes, the dearest first."""
    dear = sorted(spent, key=lambda name: -spent[name] / having[name])
    for name in dear[:40]:
        print(f"{1000 * spent[name] / having[name]:8.1f} ms x {having[name]:5}  {name}")


if __name__ == "__main__":
    sys.exit(main())

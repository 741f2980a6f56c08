"""Stock's answers by hash, so that a check of an engine need not run Backtrader too."""

from __future__ import annotations

import contextlib
import functools
import platform
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import backtrader as bt

from tests.engine.corpus import shapes
from tests.engine.corpus.cases import draw
from tests.engine.corpus.comparing import Difference, compare
from tests.engine.corpus.features import features_of
from tests.engine.corpus.running import Ran, run
from tests.engine.corpus.shapes import Case

LAST = 3140
# Stock's loop never ends on these: its RollOver, and a second run over a file.
NEVER_ENDING = frozenset({2523, 2742})
SEEDS = tuple(seed for seed in range(LAST) if seed not in NEVER_ENDING)
FILE = Path(__file__).with_name("answers.txt")
KEPT = Path(__file__).with_name("kept.txt")
# polyfit ends in the processor's own linear algebra, TA-Lib is compiled anywhere: their last bits
# are not everybody's.
UNSTORABLE = {
    "indicator: Hurst", "indicator: HurstExponent", "indicator: talib SMA", "indicator: talib RSI",
    "indicator: talib MACD",
}  # fmt: skip
A_LINE = 8


@dataclass(frozen=True)
class Checked:
    """What a check of a case gave.

    Args:
        difference: from stock's answer; None: there is none.
        ran: the engine's run.
        stale: whether the stored answer is not stock's here.
    """

    difference: Difference | None
    ran: Ran
    stale: bool = False


def check(
    case: Case,
    engine: Callable[..., Any],
    answer: str | None = None,
    within: Callable[[], AbstractContextManager[Any]] = contextlib.nullcontext,
) -> Checked:
    """Run *case* under *engine* and compare it with stock's answer.

    Args:
        answer: the hash of stock's log; None, or another hash: stock runs here, too.
        within: what surrounds the engine's run alone.
    """
    with within():
        ran = run(case, engine)
    if answer is not None and ran.log.digest() == answer:
        return Checked(None, ran)
    stock = run(case, bt.Cerebro).log
    stale = answer is not None and stock.digest() != answer
    return Checked(compare(case.seed, stock, ran.log), ran, stale)


def storable(case: Case) -> bool:
    """Return whether stock's answer is the same on every machine."""
    return not features_of(case) & UNSTORABLE


def stock_answer(seed: int) -> str:
    """Return the hash of stock's log, or a dash where there is none to be stored."""
    case = draw(seed)
    if seed in NEVER_ENDING:
        return "-"
    return run(case, bt.Cerebro).log.digest() if storable(case) else "-"


def this_place() -> str:
    """Return what answers may hang on: the interpreter and the machine."""
    version = ".".join(map(str, sys.version_info[:2]))
    return f"Python {version}, {platform.system()} {platform.machine()}"


def write(seeds: Iterable[int] = range(LAST)) -> None:
    """Work out stock's answers anew and write them to the file."""
    answers = [stock_answer(seed) for seed in seeds]
    lines = [" ".join(answers[at : at + A_LINE]) for at in range(0, len(answers), A_LINE)]
    FILE.write_text("\n".join([f"# {this_place()}", *lines]) + "\n")


@functools.cache
def stored() -> tuple[str, dict[int, str]]:
    """Return where the answers were written, and those of the seeds that have one."""
    first, *lines = FILE.read_text().splitlines()
    answers = " ".join(lines).split()
    return first.removeprefix("# "), {
        seed: answer for seed, answer in enumerate(answers) if answer != "-"
    }


def kept_cases() -> list[tuple[Case, str]]:
    """Return the cases that once failed, and what each caught.

    A line of the file is a case as Python spells it, ``#``, and what it caught.
    """
    out = []
    for line in KEPT.read_text().splitlines():
        if line.startswith("Case("):
            text, _, caught = line.partition("  # ")
            out.append((eval(text, dict(vars(shapes))), caught))  # our own file
    return out

"""The rounds of Backtrader's event loop over several feeds, and what is loaded in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Seen:
    """How many bars of a feed can be seen in each round; each shape (rounds + 1,).

    The last entry is the round in which all feeds are found to have ended.

    Args:
        first: while the feeds are asked for their next bars.
        second: when those that had none are asked once more.
        load: the round in which each bar is loaded, shape (bars,); that is the one after the
            bar before it was delivered, even if other feeds come first.
        given: the round in which each bar is delivered, shape (bars,).
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    load: NDArray[np.int64]
    given: NDArray[np.int64]


def merged(stamps: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the rounds' stamps, rising: all at which a feed has a bar.

    Args:
        stamps: each feed's, rising.
    """
    first = stamps[0]
    if all(len(one) == len(first) and np.array_equal(one, first) for one in stamps[1:]):
        return first
    return np.unique(np.concatenate(stamps))


def seen_of(
    stamps: NDArray[np.float64], rounds: NDArray[np.float64], asked_before: bool = False
) -> Seen:
    """Return what a copy of a feed can see of it.

    Args:
        stamps: of the feed's bars.
        rounds: of all feeds.
        asked_before: whether the copy is asked before the feed itself.
    """
    given = np.searchsorted(rounds, stamps).astype(np.int64)
    before = np.searchsorted(stamps, rounds).astype(np.int64)
    before = np.append(before, len(stamps))
    peeked = np.minimum(before + 1, len(stamps))
    load = np.concatenate([np.zeros(1, dtype=np.int64), given[:-1] + 1])[: len(stamps)]
    return Seen(before if asked_before else peeked, peeked, load, given)

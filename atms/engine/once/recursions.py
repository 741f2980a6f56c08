"""Loops whose every value needs the one before: plain functions over lists, or over buffers.

Nothing here knows Backtrader, so that a compiler can take the module as it is. Callers pass lists
while it is ordinary Python, and float buffers when it is compiled: see ``COMPILED``.
"""

from __future__ import annotations

import math
import sys
from collections.abc import MutableSequence, Sequence

COMPILED = not __file__.endswith(".py")
_LARGEST_ERROR = float(sys.maxsize)


def smooth(
    previous: float, scaled: Sequence[float], keep: float, into: MutableSequence[float]
) -> None:
    """Write ``previous * keep + scaled``, each the next one's previous.

    Args:
        scaled: shape (n,), new values times their weight.
        into: shape (n,).
    """
    for i in range(len(scaled)):
        previous = previous * keep + scaled[i]
        into[i] = previous


def smooth_by(
    previous: float,
    scaled: Sequence[float],
    keeps: Sequence[float],
    into: MutableSequence[float],
) -> None:
    """Write ``previous * keeps + scaled``, where each bar has its own weight."""
    for i in range(len(scaled)):
        previous = previous * keeps[i] + scaled[i]
        into[i] = previous


def parabolic(
    highs: Sequence[float],
    lows: Sequence[float],
    rising: bool,
    step: float,
    most: float,
    into: MutableSequence[float],
) -> list[tuple[bool, float, float, float]]:
    """Write the parabolic stop and reverse from the second bar on (Wilder 1978).

    Args:
        highs: shape (n,), n at least 2; *lows* and *into* likewise.
        rising: whether the second close is not below the first.
        step: what the acceleration begins with and grows by, up to *most*.

    Returns:
        (whether the trend is up, stop, acceleration, extreme) for the last bar and the one after.
    """
    up = not rising  # the trend is taken as the other one, and the second bar turns it
    extreme = lows[0] if rising else highs[0]
    stop = (highs[1] + lows[1]) / 2.0
    pace = step
    before = (up, stop, pace, extreme)
    for i in range(1, len(highs)):
        high = highs[i]
        low = lows[i]
        if i == len(highs) - 1:
            before = (up, stop, pace, extreme)
        if (up and stop >= low) or (not up and stop <= high):
            up = not up
            stop = extreme
            extreme = high if up else low
            pace = step
        into[i] = stop
        if up:
            if high > extreme:
                extreme = high
                pace = most if most < pace + step else pace + step
        elif low < extreme:
            extreme = low
            pace = most if most < pace + step else pace + step
        stop = stop + pace * (extreme - stop)
        if up:
            past = lows[i - 1]
            if stop > low or stop > past:
                stop = past if past < low else low
        else:
            past = highs[i - 1]
            if stop < high or stop < past:
                stop = past if past > high else high
    return [before, (up, stop, pace, extreme)]


def laguerre(
    values: Sequence[float],
    gamma: float,
    state: tuple[float, float, float, float],
    as_index: bool,
    into: MutableSequence[float],
) -> tuple[float, float, float, float]:
    """Write Ehlers' Laguerre filter, or the strength index that is made of its four stages.

    Args:
        values: shape (n,).
        state: the four stages before the first value.
        as_index: whether the index is wanted (0 to 1), not the filter.

    Returns:
        The stages after the last value.
    """
    l0, l1, l2, l3 = state
    for i in range(len(values)):
        l0_before = l0
        l1_before = l1
        l2_before = l2
        l0 = (1.0 - gamma) * values[i] + gamma * l0_before
        l1 = -gamma * l0 + l0_before + gamma * l1_before
        l2 = -gamma * l1 + l1_before + gamma * l2_before
        l3 = -gamma * l2 + l2_before + gamma * l3
        if not as_index:
            into[i] = (l0 + (2 * l1) + (2 * l2) + l3) / 6
            continue
        up = 0.0
        down = 0.0
        if l0 >= l1:
            up = l0 - l1
        else:
            down = l1 - l0
        if l1 >= l2:
            up += l1 - l2
        else:
            down += l2 - l1
        if l2 >= l3:
            up += l2 - l3
        else:
            down += l3 - l2
        both = up + down
        into[i] = up / both if both else 1.0
    return l0, l1, l2, l3


def error_correcting(
    prices: Sequence[float],
    averages: Sequence[float],
    alpha: float,
    keep: float,
    gains: Sequence[float],
    into: MutableSequence[float],
) -> None:
    """Write an exponential average with the gain, of several, that comes nearest to the price.

    Ehlers and Way, "Zero Lag". The first value is the average itself.
    """
    last = math.nan
    for i in range(len(prices)):
        price = prices[i]
        average = averages[i]
        best = average
        least = _LARGEST_ERROR
        for gain in gains:
            corrected = alpha * (average + gain * (price - last)) + keep * last
            error = abs(price - corrected)
            if error < least:
                least = error
                best = corrected
        into[i] = best
        last = best

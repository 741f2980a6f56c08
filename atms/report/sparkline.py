"""Small charts of a curve: as lines of characters, and as a little SVG."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_Floats = NDArray[np.float64]
_Dots = NDArray[np.bool_]
# A Braille character is two columns of four dots; Unicode numbers them in this order.
_BRAILLE = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_ASCII = {(False, False): " ", (True, False): "'", (False, True): ".", (True, True): ":"}
_EQUITY, _LOSS, _GRID = "#0b6e4f", "#c8553d", "#c9ced6"


def line(values: object, width: int, height: int, *, braille: bool = True) -> list[str]:
    """Return a curve as *height* lines of *width* characters, its lowest point on the last line.

    Args:
        values: the curve, shape (n,); what is not finite is left out.
        width, height: in characters, at least 1.
        braille: draw with Braille's dots; else with ``'``, ``.`` and ``:``.
    """
    return _draw(values, width, height, braille, hanging=False)


def hanging(values: object, width: int, height: int, *, braille: bool = True) -> list[str]:
    """Return values at or below 0 as areas that hang from the first line; arguments as in line."""
    return _draw(values, width, height, braille, hanging=True)


def _draw(values: object, width: int, height: int, braille: bool, hanging: bool) -> list[str]:
    across, down = (2, 4) if braille else (1, 2)
    curve = _finite(values)
    dots = np.zeros((height * down, width * across), dtype=bool)
    if len(curve):
        low, high = _stretches(curve, dots.shape[1])
        if hanging:
            high = np.zeros(len(high))
        _fill(
            dots, low, high, top=0.0 if hanging else float(curve.max()), bottom=float(curve.min())
        )
    return _characters(dots, braille)


def _finite(values: object) -> _Floats:
    curve = np.asarray(values, dtype=np.float64)
    return curve[np.isfinite(curve)]


def _stretches(curve: _Floats, count: int) -> tuple[_Floats, _Floats]:
    """Return the lowest and highest value of each of *count* stretches, which touch each other."""
    edges = np.arange(count + 1) * len(curve) // count
    first = np.minimum(edges[:-1], len(curve) - 1)
    low, high = (np.minimum.reduceat(curve, first), np.maximum.reduceat(curve, first))
    before = np.concatenate([curve[:1], curve[np.maximum(first[1:] - 1, 0)]])
    return np.minimum(low, before), np.maximum(high, before)


def _fill(dots: _Dots, low: _Floats, high: _Floats, *, top: float, bottom: float) -> None:
    rows = len(dots)
    scale = (rows - 1) / (top - bottom) if top > bottom else 0.0
    first = np.rint((top - high) * scale).astype(int)
    last = np.rint((top - low) * scale).astype(int)
    number = np.arange(rows)[:, None]
    dots |= (number >= first) & (number <= last)


def _characters(dots: _Dots, braille: bool) -> list[str]:
    if not braille:
        pairs = zip(dots[::2].tolist(), dots[1::2].tolist(), strict=True)
        return ["".join(_ASCII[pair] for pair in zip(*rows, strict=True)) for rows in pairs]
    cells = dots.reshape(len(dots) // 4, 4, -1, 2).transpose(0, 2, 1, 3)
    codes = 0x2800 + (cells * _BRAILLE).sum(axis=(2, 3))
    return ["".join(map(chr, row)) for row in codes.tolist()]


def svg(equity: pd.DataFrame, width: int = 560, height: int = 130) -> str:
    """Return equity, and the drawdown beneath, as an SVG element; empty where there is no bar.

    Args:
        equity: value and drawdown at every bar.
        width, height: in pixels.
    """
    value, drawdown = (_finite(equity[name]) for name in ("value", "drawdown"))
    if not len(value):
        return ""
    above = height * 0.72
    curve = _points(value, width, 2, above, float(value.max()), float(value.min()))
    losses = _points(drawdown, width, above + 6, height, 0.0, float(drawdown.min(initial=0.0)))
    floor = f"{above + 6:.1f}"
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        'style="max-width:100%" aria-label="equity, and the drawdown beneath">'
        f'<line x1="0" x2="{width}" y1="{floor}" y2="{floor}" stroke="{_GRID}"/>'
        f'<polygon points="0,{floor} {losses} {width},{floor}" fill="{_LOSS}" fill-opacity=".55"/>'
        f'<polyline points="{curve}" fill="none" stroke="{_EQUITY}" stroke-width="1.5"/></svg>'
    )


def _points(curve: _Floats, width: int, y0: float, y1: float, top: float, bottom: float) -> str:
    """Return the corners of a curve, two a pixel at most, so that no peak is lost."""
    if len(curve) > 2 * width:
        low, high = _stretches(curve, width)
        curve = np.stack([high, low], axis=1).ravel()
    x = np.linspace(0, width, len(curve)) if len(curve) > 1 else np.array([0.0])
    share = (top - curve) / (top - bottom) if top > bottom else np.zeros(len(curve))
    y = y0 + share * (y1 - y0)
    if len(curve) == 1:  # a line needs two ends
        x, y = np.array([0.0, float(width)]), np.repeat(y, 2)
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))

"""One column, by what is known already: as a formula of others, or as numbers or texts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import numpy as np

from atms.report.page.packing import (
    account,
    coarser,
    formulas,
    numbers,
    prices,
    rules,
    texts,
)
from atms.report.page.packing.known import Known
from atms.report.page.packing.streams import Spec, cost
from atms.report.page.series_values import Columns, Floats, Values

_SURE = 0.02  # share of odd values up to which no other way is tried
_MOST = 0.5  # and from which on a formula is no good

# What others are worked out from stands before them.
_SERIES = ("bars", "lines", "fills", "trades", "equity", "signals")
_FIRST = {
    "bars": ("time", *prices.ORDER),
    "fills": (
        "feed",
        "bar",
        "time",
        "side",
        "size",
        "reference_price",
        "price",
        "multiplier",
        "fee",
        "order_id",
    ),
    "trades": ("fills", "feed", "entry_bar", "exit_bar", "pnl", "fee", "net_pnl", "mae", "mfe"),
    "equity": ("time", "cash", "value"),
    "signals": ("feed", "bar"),
}


def order(series: Mapping[str, Columns]) -> list[tuple[str, str]]:
    """Return every series and column, in the order in which they are packed and unpacked."""

    def place(name: str) -> int:
        kind = name.partition(":")[0]
        return _SERIES.index(kind) if kind in _SERIES else len(_SERIES)

    found = []
    if "time" in series.get("equity", {}):
        found.append(("equity", "time"))  # which the fills' rows in it are found by
    for name in sorted(series, key=place):
        first = _FIRST.get(name.partition(":")[0], ())
        columns = [column for column in first if column in series[name]]
        columns += [column for column in series[name] if column not in first]
        found += [(name, column) for column in columns]
    return list(dict.fromkeys(found))


def encode(series: str, column: str, values: Values, known: Known, hints: rules.Hints) -> Spec:
    """Return how a column is stored; whatever decodes it knows what *known* does."""
    if not isinstance(values, np.ndarray):
        return texts.encode(values)
    if len(values) < 2:
        return numbers.encode(values)
    derived, odd = _derived(series, column, values, known, hints)
    if derived is not None and odd <= _SURE:
        return derived
    plain = numbers.encode(values)
    return plain if derived is None else min(derived, plain, key=cost)


def decode(spec: Spec, series: str, known: Known, streams: list[bytes]) -> Values:
    """Return the column that *spec* describes."""
    kind = spec["kind"]
    if kind in ("texts", "lists"):
        return texts.decode(spec, streams)
    if kind == "price":
        return prices.decode(spec, _numbers(known, series), streams)
    if kind == "cash":
        return account.decode(spec, known, streams)
    if kind in ("digits", "steps", "thinned"):
        return coarser.decode(spec, streams)
    if kind == "formula":
        found = np.array(formulas.evaluate(spec["formula"], known), dtype=np.float64)
        return numbers.fill_odd(found, spec, streams)
    return numbers.decode(spec, streams)


def _derived(
    series: str, column: str, values: Floats, known: Known, hints: rules.Hints
) -> tuple[Spec | None, float]:
    """Return the best way by which *values* follow from other columns, and the share that does not.

    None: there is none.
    """
    best: Spec | None = None
    least = _MOST
    for found in _ways(series, column, values, known, hints):
        at = found["odd"]["at"]["n"] if "odd" in found else 0
        at = found["at"]["n"] if found["kind"] == "cash" else at
        if at / len(values) < least:
            best, least = found, at / len(values)
        if least == 0:
            break
    return best, least


def _ways(
    series: str, column: str, values: Floats, known: Known, hints: rules.Hints
) -> Iterator[Spec]:
    if series.startswith("bars:") and column in prices.ORDER[1:]:
        yield from _prices(series, column, values, known)
    if series == "equity" and column == "cash" and hints.get("start") is not None:
        with contextlib.suppress(KeyError):
            yield account.encode(values, float(hints["start"]), known)
    with contextlib.suppress(KeyError):  # a column that this series has not
        for formula in rules.candidates(series, column, values, known, hints):
            yield from _formula(formula, values, known)


def _prices(series: str, column: str, values: Floats, known: Known) -> Iterator[Spec]:
    bars = _numbers(known, series)
    before = prices.ORDER[: prices.ORDER.index(column)]
    if not all(name in bars for name in before):
        return
    scale = numbers.scale_of(bars["close"])
    if scale is not None:
        found = prices.encode({**bars, column: values}, column, scale)
        if found is not None:
            yield found


def _formula(formula: formulas.Formula, values: Floats, known: Known) -> Iterator[Spec]:
    found = np.asarray(formulas.evaluate(formula, known), dtype=np.float64)
    if found.shape != values.shape:
        return
    odd = ~numbers.same_bits(np.ascontiguousarray(found), values)
    if np.mean(odd) < _MOST:
        spec = {"kind": "formula", "n": len(values), "formula": formula}
        yield {**spec, **numbers.odd_ones(values, odd)}


def _numbers(known: Known, series: str) -> dict[str, Floats]:
    found = known.columns.get(series, {})
    return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}

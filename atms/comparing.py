"""Runs beside each other: their figures, what differs in their configs, and what forbids it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from atms.config import Config, public_values
from atms.errors import ConfigError
from atms.result import Result

# Figures of which more is better; losses are negative, so that more is nearer zero.
_MORE = (
    "total_return", "cagr", "sharpe", "sortino", "calmar", "max_drawdown", "omega", "var_95",
    "cvar_95", "win_rate", "profit_factor", "information_ratio", "alpha", "trade_win_rate",
    "trade_profit_factor",
)  # fmt: skip
_LESS = ("volatility", "longest_drawdown_days")
# In money, so that more is better only out of the same cash.
_MORE_MONEY = ("final_value", "expectancy")
_MOST_NAMED = 3


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs beside each other; every frame has a column a run, named by its id.

    Attributes:
        metrics: index figure, every figure of metrics.json; None where undefined.
        best: index figure, as metrics: whether a value is the best of its row. All False where
            no value is better than another, and for a run that did not finish.
        config: index dotted key, only keys that differ; NA where a run's config does not set it.
        notes: what the runs have in common or not, in words: ``same data``, ``other code: x.py``.
        warnings: why figures of these runs cannot be held against each other, a line each.
    """

    metrics: pd.DataFrame
    best: pd.DataFrame
    config: pd.DataFrame
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def compare(results: Sequence[Result], names: Sequence[str] | None = None) -> Comparison:
    """Return two or more runs beside each other.

    Args:
        results: the runs.
        names: how notes and warnings call them; default: their ids.

    Raises:
        ConfigError: fewer than two runs, or one that is given twice.
    """
    ids = [result.id for result in results]
    if len(ids) < 2:
        raise ConfigError("a comparison needs two runs; see: python -m atms runs list")
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice is not None:
        raise ConfigError(f"run {twice} is given twice; name two different ones")
    words = _Words(results, names or ids)
    figures = dict.fromkeys(name for result in results for name in result.metrics)
    metrics = pd.DataFrame(
        {result.id: [result.metrics.get(name) for name in figures] for result in results},
        index=pd.Index(list(figures), name="figure", dtype=object),
        dtype=object,
    )
    notes, warnings = words.of_data_and_code()
    return Comparison(
        metrics,
        _best(metrics, results),
        _config(results),
        tuple(notes),
        (*warnings, *words.of_conditions(), *words.of_repetition()),
    )


def _best(metrics: pd.DataFrame, results: Sequence[Result]) -> pd.DataFrame:
    same_cash = len({(r.feeds[0].currency, r.metrics["start_value"]) for r in results}) == 1
    more = (*_MORE, *(_MORE_MONEY if same_cash else ()))
    finished = [result.id for result in results if result.status == "finished"]
    best = pd.DataFrame(False, index=metrics.index, columns=metrics.columns)
    for figure in metrics.index:
        if figure not in (*more, *_LESS):
            continue
        values = metrics.loc[figure, finished].dropna()
        if values.nunique() > 1:
            winner = values.max() if figure in more else values.min()
            best.loc[figure, values.index[values == winner]] = True
    return best


def _config(results: Sequence[Result]) -> pd.DataFrame:
    flat = [dict(_leaves(public_values(result.config))) for result in results]
    order = list(Config.model_fields)
    keys = dict.fromkeys(key for one in flat for key in one)
    differ = [key for key in keys if len({repr(one.get(key, pd.NA)) for one in flat}) > 1]
    differ.sort(key=lambda key: order.index(key.partition(".")[0]))  # stable: as first met
    return pd.DataFrame(
        {r.id: [one.get(k, pd.NA) for k in differ] for r, one in zip(results, flat, strict=True)},
        index=pd.Index(differ, name="key", dtype=object),
        dtype=object,
    )


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) of everything that is set; what is null or empty is not."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, nested in pairs:
            yield from _leaves(nested, f"{key}.{name}" if key else str(name))
    elif value is not None:
        yield key, value


class _Words:
    """What a group of runs has in common, said in words."""

    def __init__(self, results: Sequence[Result], names: Sequence[str]) -> None:
        self.results = results
        self.names = names

    def of_data_and_code(self) -> tuple[list[str], list[str]]:
        """Return notes and warnings on what the runs were made of."""
        notes, warnings = [], []
        if self._alike(_data):
            notes.append("same data")
        elif self._alike(lambda r: repr(sorted(r.provenance.data.values()))):
            notes.append("same data under other names")
        else:
            feeds = _named([r.provenance.data for r in self.results])
            warnings.append(f"other data{feeds}{self._who(_data)}: figures of other bars")
        if self._alike(_code):
            notes.append("same code")
        else:
            files = _named([r.provenance.code for r in self.results])
            notes.append(f"other code{files}{self._who(_code)}")
        notes.append(self._versions())
        return notes, warnings

    def _versions(self) -> str:
        versions = [r.provenance.versions for r in self.results]
        packages = dict.fromkeys(package for one in versions for package in one)
        other = [
            f"{package} {' and '.join(found)}"
            for package in packages
            if len(found := dict.fromkeys(one.get(package, "unknown") for one in versions)) > 1
        ]
        return "same versions" if not other else f"other versions: {', '.join(other)}"

    def of_conditions(self) -> Iterator[str]:
        """Yield a warning for each condition under which the runs were not alike."""
        for name, result in zip(self.names, self.results, strict=True):
            if result.status != "finished":
                yield f"{name} {result.status}: its figures are of what was done up to then"
        conditions: dict[str, Callable[[Result], str]] = {
            "other periods": _period,
            "returns measured otherwise": _measure,
            "other currencies": lambda r: r.feeds[0].currency,
            "other starting cash": _start_value,
        }
        for what, key in conditions.items():
            if not self._alike(key):
                each = self._groups(key).items()
                yield f"{what}: " + "; ".join(f"{', '.join(who)}: {found}" for found, who in each)

    def of_repetition(self) -> Iterator[str]:
        """Yield a warning where two runs are made of the same and do not end alike."""
        seen: dict[str, tuple[str, Any]] = {}
        for name, result in zip(self.names, self.results, strict=True):
            if result.status != "finished":
                continue
            made_of = repr((sorted(result.provenance.hashes.items()), result.provenance.versions))
            end = result.metrics["final_value"]
            first, known = seen.setdefault(made_of, (name, end))
            if known != end:
                yield (
                    f"{first} and {name} are of the same config, data, code and versions, and end "
                    "with other values: the strategy does not repeat itself"
                )

    def _alike(self, key: Callable[[Result], str]) -> bool:
        return len(self._groups(key)) == 1

    def _groups(self, key: Callable[[Result], str]) -> dict[str, list[str]]:
        """Return what the runs have, and who has it."""
        groups: dict[str, list[str]] = {}
        for name, result in zip(self.names, self.results, strict=True):
            groups.setdefault(key(result), []).append(name)
        return groups

    def _who(self, key: Callable[[Result], str]) -> str:
        """Return `` (A = C, B)``: who is alike; nothing for two, who are not."""
        groups = self._groups(key).values()
        return f" ({', '.join(map(' = '.join, groups))})" if len(self.results) > 2 else ""


def _named(hashes: Sequence[dict[str, str]]) -> str:
    """Return ``: spy, qqq``: the entries whose hashes differ, the first few."""
    names = dict.fromkeys(name for one in hashes for name in one)
    other = [name for name in names if len({one.get(name) for one in hashes}) > 1]
    more = f" and {len(other) - _MOST_NAMED} more" if len(other) > _MOST_NAMED else ""
    return f": {', '.join(other[:_MOST_NAMED])}{more}" if other else ""


def _period(result: Result) -> str:
    edges = (str(result.metrics[edge])[:16].replace("T", " ") for edge in ("start", "end"))
    return " .. ".join(edge.removesuffix(" 00:00") for edge in edges)


def _start_value(result: Result) -> str:
    value = result.metrics["start_value"]  # None of a live run that never got ready
    return "unknown" if value is None else f"{value:,.2f}"


def _measure(result: Result) -> str:
    note, a_year = result.metrics["returns_note"], result.metrics["periods_per_year"]
    if a_year is None:
        return str(note)
    stated = f"{a_year:g} a year"
    return str(note) if stated in note else f"{note}, taken as {stated}"


def _data(result: Result) -> str:
    return result.provenance.hashes["data"]


def _code(result: Result) -> str:
    return result.provenance.hashes["code"]
